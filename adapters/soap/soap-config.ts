import { readFile } from 'node:fs/promises';
import {
  absentOr,
  boolean,
  both,
  fields,
  integer,
  list,
  oneOf,
  optional,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';
import { absolutePath, adapterName } from '../config-rules.ts';
import { timeoutMs, webUrl } from '../http/attempt.ts';
import { type TlsConfig, tlsRules } from '../http/client-tls.ts';
import { type PagesConfig, pagesRule } from '../http/poll/pages.ts';
import type { SuccessConfig } from '../http/poll/poll-config.ts';
import { keyPaths } from '../http/records.ts';
import { networksRule } from '../http/targets.ts';
import { Unreadable } from '../unreadable.ts';
import { memberPath, prefixesRule } from '../xml/xml-rules.ts';
import { ENVELOPE_PREFIX, type Message, type SoapVersion } from './envelope.ts';
import { type SoapAuthConfig, soapAuthRules } from './soap-auth.ts';
import { type SoapHookConfig, soapHookRule } from './soap-hook-config.ts';
import { readWsdl, type Wsdl } from './wsdl.ts';

interface OperationConfig {
  /** SOAPAction. */
  readonly action?: string;
  /** Element of the message that we send; the name of the operation when left out. */
  readonly element?: string;
  /** Paths, within what we send and within the body that is answered, whose text is XML itself. */
  readonly inner?: { readonly request?: readonly string[]; readonly answer?: readonly string[] };
}

/** How records are fetched by calling an operation again and again. */
export interface SoapPollConfig {
  readonly operation: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly every_ms?: number;
  /** Where the records are in the body of the answer; nothing there means that there are none. */
  readonly records: string;
  readonly key?: readonly string[];
  readonly lane?: string;
  readonly pages?: PagesConfig;
  readonly success?: SuccessConfig;
  /** Operation that tells the platform what became of a record. */
  readonly ack?: {
    readonly operation: string;
    readonly body: unknown;
    readonly accepted?: string | number;
    readonly refused?: string | number;
    readonly success?: SuccessConfig;
  };
  readonly most?: number;
  readonly at_once?: number;
}

export interface SoapConfig {
  readonly name: string;
  /** Address of the service; the one in the WSDL when left out. */
  readonly url?: string;
  readonly wsdl?: string;
  readonly networks?: readonly string[];
  readonly tls?: TlsConfig;
  readonly timeout_ms?: number;
  readonly version?: SoapVersion;
  /** Of the messages; the one in the WSDL when left out. */
  readonly namespace?: string;
  readonly qualified?: boolean;
  readonly auth: SoapAuthConfig;
  readonly operations: Readonly<Record<string, OperationConfig>>;
  readonly lists?: readonly string[];
  readonly prefixes?: Readonly<Record<string, string>>;
  readonly poll?: SoapPollConfig;
  readonly hook?: SoapHookConfig;
}

/** An operation with everything that it takes to call it. */
export interface Operation extends Message {
  readonly action: string;
  readonly inner: { readonly request: readonly string[]; readonly answer: readonly string[] };
}

const MAX_OPERATIONS = 100;

const word: Rule = text(128, { pattern: /^[\p{L}_][\p{L}\p{M}\p{N}._-]*$/u, hint: 'must be a name of XML' });
const plain: Rule = (value, pointer, problems) => {
  if (!['string', 'number', 'boolean'].includes(typeof value))
    problems.push({ pointer, code: 'TYPE', message: 'must be text, a number, true or false' });
};
const object: Rule = (value, pointer, problems) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    problems.push({ pointer, code: 'TYPE', message: 'must be an object' });
};
const paths = optional(list(memberPath, 20));
const operation = fields({
  action: absentOr(text(512, { min: 0, pattern: /^[\x20-\x7e]*$/ })),
  element: optional(word),
  inner: optional(fields({ request: paths, answer: paths })),
});
const success = optional(fields({ at: memberPath, is: list(plain, 10, 1) }));
const poll = fields({
  operation: word,
  body: absentOr(object),
  every_ms: optional(integer(10, 24 * 60 * 60 * 1000)),
  records: memberPath,
  key: optional(keyPaths),
  lane: optional(memberPath),
  pages: optional(pagesRule),
  success,
  ack: optional(
    fields({ operation: word, body: object, accepted: optional(plain), refused: optional(plain), success }),
  ),
  most: optional(integer(1, 100_000)),
  at_once: optional(integer(1, 64)),
});

export const soapRules: Rule = both(
  fields({
    name: adapterName,
    url: optional(webUrl),
    wsdl: optional(absolutePath),
    networks: optional(networksRule),
    tls: optional(tlsRules),
    timeout_ms: optional(timeoutMs),
    version: optional(oneOf('1.1', '1.2')),
    namespace: optional(text(512)),
    qualified: optional(boolean),
    auth: soapAuthRules,
    operations: record(word, operation, MAX_OPERATIONS),
    lists: optional(list(memberPath, 100)),
    prefixes: optional(prefixesRule),
    poll: optional(poll),
    hook: optional(soapHookRule),
  }),
  demandWhole,
);

/** What the configuration itself can say: without a WSDL it has to say more. */
function demandWhole(value: unknown, pointer: string, problems: Problem[]): void {
  const config = value as SoapConfig;
  const add = (at: string, code: string, message: string) =>
    problems.push({ pointer: `${pointer}${at}`, code, message });
  // One that only pushes is never called.
  const isCalled = Object.keys(config.operations).length > 0 || !config.hook;
  if (isCalled && !config.wsdl && !config.url) add('/url', 'REQUIRED', 'is required without a wsdl');
  if (!config.wsdl && !config.namespace) add('/namespace', 'REQUIRED', 'is required without a wsdl');
  if (Object.keys(config.operations).length === 0 && !config.hook) add('/operations', 'REQUIRED', 'needs at least one');
  if (Object.hasOwn(config.prefixes ?? {}, ENVELOPE_PREFIX))
    add(`/prefixes/${ENVELOPE_PREFIX}`, 'RESERVED', 'is the prefix of the envelope');
  const named = { '/poll/operation': config.poll?.operation, '/poll/ack/operation': config.poll?.ack?.operation };
  for (const [at, name] of Object.entries(named))
    if (name !== undefined && !Object.hasOwn(config.operations, name))
      add(at, 'NOT_IN_LIST', 'must be one of the operations');
}

/** Address and operations as configuration and WSDL say them together. */
export interface Service {
  /** Undefined where nothing is ever called. */
  readonly url: string | undefined;
  readonly operations: ReadonlyMap<string, Operation>;
  /** Of messages of no operation; empty when nothing says it. */
  readonly namespace: string;
}

/** Holds the configuration against its WSDL. @returns the service, and every problem */
export async function serviceOf(config: SoapConfig): Promise<{ service: Service; problems: Problem[] }> {
  const problems: Problem[] = [];
  const wsdl = config.wsdl === undefined ? undefined : await wsdlAt(config.wsdl, config.version ?? '1.1', problems);
  const operations = Object.keys(config.operations).map((name): [string, Operation] => [
    name,
    operationOf(name, config, wsdl, problems),
  ]);
  const url = config.url ?? (operations.length > 0 ? wsdl?.endpoint : undefined);
  if (url === undefined && operations.length > 0) {
    if (wsdl) problems.push({ pointer: '/url', code: 'REQUIRED', message: 'is required: the WSDL has no address' });
  } else if (url !== undefined) webUrl(url, config.url === undefined ? '/wsdl' : '/url', problems);
  return {
    service: {
      url,
      operations: new Map(operations),
      namespace: config.namespace ?? operations[0]?.[1].namespace ?? '',
    },
    problems,
  };
}

function operationOf(name: string, config: SoapConfig, wsdl: Wsdl | undefined, problems: Problem[]): Operation {
  const { action, element, inner = {} } = config.operations[name]!;
  const told = wsdl?.operations.get(name);
  const pointer = `/operations/${name}`;
  if (wsdl && !told) problems.push({ pointer, code: 'NOT_IN_LIST', message: 'is no operation of the WSDL' });
  if (told && !told.documentLiteral)
    problems.push({ pointer, code: 'STYLE', message: 'is not document/literal in the WSDL, which is all we speak' });
  const differs = (at: string, said: unknown, found: unknown) => {
    if (said !== undefined && found !== undefined && said !== found)
      problems.push({ pointer: at, code: 'CONFLICT', message: 'is not what the WSDL says' });
  };
  differs(`${pointer}/action`, action, told?.action);
  differs(`${pointer}/element`, element, told?.element);
  differs('/namespace', config.namespace, told?.namespace);
  const namespace = config.namespace ?? told?.namespace;
  if (told && namespace === undefined)
    problems.push({
      pointer: '/namespace',
      code: 'REQUIRED',
      message: 'is required: it stands in no schema of the WSDL',
    });
  return {
    action: action ?? told?.action ?? '',
    element: element ?? told?.element ?? name,
    namespace: namespace ?? '',
    qualified: config.qualified ?? told?.qualified ?? false,
    inner: { request: inner.request ?? [], answer: inner.answer ?? [] },
  };
}

async function wsdlAt(path: string, version: SoapVersion, problems: Problem[]): Promise<Wsdl | undefined> {
  const add = (code: string, message: string) => problems.push({ pointer: '/wsdl', code, message });
  try {
    const wsdl = readWsdl(await readFile(path), version);
    if (!wsdl) add('FORMAT', `is no WSDL 1.1 with a binding for SOAP ${version}`);
    return wsdl;
  } catch (error) {
    if (error instanceof Unreadable) for (const { code, message } of error.problems) add(code, message);
    else add('FILE', `cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return undefined;
  }
}

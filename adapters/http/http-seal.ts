import { CodedError, fields, list, optional, type Problem, type Rule, text } from '#proto';
import { PlatformError } from '../adapter.ts';
import { SEAL_LIMITS, SealError, type SealedDocument, type SealRequest, type SealService } from '../seal.ts';
import { attempt, timeoutMs, webUrl } from './attempt.ts';
import {
  type Asker,
  type AuthenticationConfig,
  authenticate,
  authenticationRules,
  secretProblems,
} from './authentication.ts';
import { agentFor, type BodyAnswer, getForBody, postForBody } from './post.ts';
import { networksRule } from './targets.ts';

interface HttpSealConfig {
  readonly url: string;
  /** Internal networks into which the name of the URL may lead. */
  readonly networks?: readonly string[] | null;
  readonly auth: AuthenticationConfig;
  /** Most that one attempt may take. */
  readonly timeout_ms?: number | null;
  /** What the service calls the members of a request, where it is not as we do. */
  readonly fields?: Partial<Record<Member, string | null>> | null;
  /** Where the sealed document is in the answer: names with dots between. */
  readonly answer?: string | null;
}

/** Members of a request, in the names of docs/e-seal.md. */
const MEMBERS = ['request_id', 'signatory', 'seal', 'document', 'media_type', 'place', 'reason', 'authority'] as const;
type Member = (typeof MEMBERS)[number];

/** A seal is set by a device, and a picture drawn: longer than other platforms take. */
const DEFAULT_TIMEOUT_MS = 20_000;
const DEFAULT_ANSWER = 'document';
/** Bytes of an answer beside the document, which is base64. */
const MAX_REST_BYTES = 64 * 1024;
const MAX_LIST_BYTES = 256 * 1024;
const JSON_TYPE = 'application/json';
/** Answers of the 4xx range that say nothing about the document (RFC 9110, 15.5.9; RFC 6585, 4). */
const PASSING = new Set([408, 429]);

const name = text(64, { pattern: /^[A-Za-z_][\w-]*$/, hint: 'must be a name of letters, digits, - and _' });
const path = text(200, { pattern: /^[\w-]+(\.[\w-]+){0,4}$/, hint: 'must be names with dots between' });

/** What the settings of a service may say, the list of seals left out. */
const rules: Rule = fields({
  url: webUrl,
  networks: optional(networksRule),
  auth: authenticationRules,
  timeout_ms: optional(timeoutMs),
  fields: optional(fields(Object.fromEntries(MEMBERS.map((member) => [member, optional(name)])))),
  answer: optional(path),
});

/** What the list of seals must be. Other members are for later versions and are not looked at. */
const listRule = list(text(128), 1000);

/**
 * A service over HTTP that seals and signs (docs/e-seal.md): every document is one POST of JSON, and comes back in its
 * answer. It is never asked twice by itself: the caller asks again, with the same id.
 *
 * @throws CodedError CONFIG_INVALID with every wrong setting by its pointer
 */
export async function createHttpSeal(settings: unknown, asker: Asker): Promise<SealService> {
  const problems: Problem[] = [];
  rules(settings, '', problems);
  if (problems.length > 0)
    throw new CodedError('CONFIG_INVALID', 'the settings of the seal service are wrong', problems);
  const config = settings as HttpSealConfig;
  problems.push(...(await secretProblems(config.auth, '/auth')));
  if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the secret cannot be used', problems);
  const url = new URL(config.url);
  const agent = agentFor(url, config.networks);

  /** One request, with the proof of who asks. */
  async function ask(
    request: { readonly id: string; readonly body?: Buffer; readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<BodyAnswer> {
    const { id, body, maxBytes } = request;
    try {
      const proof = await authenticate(config.auth, { id, url, body: body ?? Buffer.alloc(0) }, asker);
      const headers = { accept: JSON_TYPE, ...(body && { 'content-type': JSON_TYPE }), ...proof };
      return await attempt(url.host, config.timeout_ms ?? DEFAULT_TIMEOUT_MS, signal, (limit) =>
        body
          ? postForBody(url, headers, body, agent, limit, maxBytes)
          : getForBody(url, headers, agent, limit, maxBytes),
      );
    } catch (cause) {
      if (!(cause instanceof PlatformError)) throw cause;
      throw new SealError('unavailable', `no answer of the seal service: ${cause.message}`, { cause });
    }
  }

  return {
    async seal(request, signal) {
      const maxBytes = Math.ceil((request.document.length + SEAL_LIMITS.addedBytes) / 3) * 4 + MAX_REST_BYTES;
      const body = encode(request, config.fields ?? {});
      return documentIn(
        url.host,
        config.answer ?? DEFAULT_ANSWER,
        await ask({ id: request.requestId, body, maxBytes }, signal),
      );
    },
    async seals(signal) {
      return namesIn(url.host, await ask({ id: 'seals', maxBytes: MAX_LIST_BYTES }, signal));
    },
    async close() {
      agent.destroy();
    },
  };
}

function encode(request: SealRequest, names: Partial<Record<Member, string | null>>): Buffer {
  const { requestId, signatory, seal, document, mediaType, place, reason, authority } = request;
  const members: Record<Member, unknown> = {
    request_id: requestId,
    signatory,
    seal,
    document: document.toString('base64'),
    media_type: mediaType,
    place,
    reason,
    authority,
  };
  const renamed = MEMBERS.map((member) => [names[member] ?? member, members[member]]);
  return Buffer.from(JSON.stringify(Object.fromEntries(renamed)));
}

/** @throws SealError for everything but an answer with a document */
function documentIn(host: string, where: string, answer: BodyAnswer): SealedDocument {
  demandAnswered(host, answer);
  if (!answer.body) throw malformed(host, 'is longer than a sealed document can be');
  const found = where.split('.').reduce<unknown>((value, key) => member(value, key), parse(answer.body));
  // Leniently read, some of these would become other bytes.
  if (typeof found !== 'string' || found.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(found))
    throw malformed(host, `has no document in base64 as ${where}`);
  return { document: Buffer.from(found, 'base64') };
}

function namesIn(host: string, answer: BodyAnswer): readonly string[] | undefined {
  // Services of others have no such list.
  if (answer.status === 404 || answer.status === 405) return undefined;
  demandAnswered(host, answer);
  const names = answer.body && member(parse(answer.body), 'seals');
  const problems: Problem[] = [];
  listRule(names, '', problems);
  return problems.length > 0 ? undefined : (names as string[]);
}

function demandAnswered(host: string, { status }: BodyAnswer): void {
  if (status === 200) return;
  const answered = `the seal service at ${host} answered ${status}`;
  if (status >= 500 || PASSING.has(status)) throw new SealError('unavailable', answered);
  if (status >= 400) throw new SealError('refused', answered);
  throw new SealError('malformed', `${answered}, which its protocol does not have`);
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function malformed(host: string, why: string): SealError {
  return new SealError('malformed', `the answer of the seal service at ${host} ${why}`);
}

import { absentOr, CodedError, fields, oneOf, type Problem, type Rule } from '#proto';
import { PlatformError } from '../adapter.ts';
import type { ClientRequest } from './client.ts';
import { below, type QueryValues } from './place.ts';

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const;
/** Room for the files that a document may hold itself, in base64. */
const MAX_BODY_BYTES = 24 * 1024 * 1024;
const MAX_MEMBERS = 100;
const JSON_TYPE = 'application/json';

/** Headers by which requests themselves are made, or which prove who sends them: no mapping sets these. */
const RESERVED =
  /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*|authorization|cookie|accept-encoding|webhook-.*)$/;

/** What the document of a mapping says: one request below the URL of the platform. */
interface DocumentRequest {
  readonly method?: (typeof METHODS)[number];
  readonly path?: string;
  readonly query?: QueryValues;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as a form, in the place of `body`. */
  readonly form?: QueryValues;
}

const simple: Rule = (value, pointer, problems) => {
  const isSimple = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  const isList =
    Array.isArray(value) &&
    value.length <= MAX_MEMBERS &&
    value.every((one) => typeof one === 'string' || typeof one === 'number');
  if (!isSimple && !isList)
    problems.push({ pointer, code: 'TYPE', message: 'must be text, a number, true, false or a list' });
};
const headerValue: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || !/^[\x20-\x7e]{0,1024}$/.test(value))
    problems.push({ pointer, code: 'TYPE', message: 'must be text of ASCII, at most 1,024 characters' });
};
const anything: Rule = () => {};

const documentRule = fields({
  method: absentOr(oneOf(...METHODS)),
  path: absentOr((value, pointer, problems) => {
    if (typeof value !== 'string') problems.push({ pointer, code: 'TYPE', message: 'must be text' });
  }),
  query: absentOr(members(simple)),
  headers: absentOr(members(headerValue)),
  body: anything,
  form: absentOr(members(simple)),
});

/** A header that a mapping may set. */
export const mappedHeaderRule: Rule = (value, pointer, problems) => {
  if (RESERVED.test(String(value)))
    problems.push({ pointer, code: 'RESERVED', message: 'is set by the gateway itself' });
};

/**
 * The request that a document asks for.
 *
 * @param allowed names of headers that the document may set, in lower case
 * @throws PlatformError refused, with what is wrong by pointer within the document
 */
export function requestOf(id: string, document: unknown, base: URL, allowed: readonly string[]): ClientRequest {
  const problems: Problem[] = [];
  documentRule(document, '', problems);
  if (problems.length > 0) throw refused(problems);
  const { method = 'POST', path, query, headers = {}, body, form } = document as DocumentRequest;
  const url = below(base, path, query);
  if (!url)
    problems.push({ pointer: '/path', code: 'FORMAT', message: 'must begin with / and have no ?, #, \\ or ..' });
  for (const name of Object.keys(headers))
    if (!allowed.includes(name.toLowerCase()))
      problems.push({ pointer: `/headers/${name}`, code: 'NOT_IN_LIST', message: 'is not in the setting headers' });
  if (body !== undefined && form !== undefined)
    problems.push({ pointer: '/form', code: 'DUPLICATE', message: 'there is a body already' });
  const sent = method === 'GET' ? undefined : encode(body, form);
  if (sent && sent.bytes.length > MAX_BODY_BYTES)
    problems.push({ pointer: '/body', code: 'TOO_LONG', message: `has more than ${MAX_BODY_BYTES} bytes` });
  if (!url || problems.length > 0) throw refused(problems);
  const said = { ...headers, accept: JSON_TYPE };
  if (!sent) return { id, url, method, headers: said };
  return { id, url, method, headers: { ...said, 'content-type': sent.type }, body: sent.bytes };
}

function encode(body: unknown, form: QueryValues | undefined): { type: string; bytes: Buffer } | undefined {
  if (form) {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(form))
      for (const one of [value].flat()) if (one !== null) params.append(name, String(one));
    return { type: 'application/x-www-form-urlencoded', bytes: Buffer.from(params.toString()) };
  }
  return body === undefined ? undefined : { type: JSON_TYPE, bytes: Buffer.from(JSON.stringify(body)) };
}

function members(rule: Rule): Rule {
  return (value, pointer, problems) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) problems.push({ pointer, code: 'TYPE', message: 'must be an object' });
    else if (Object.keys(value).length > MAX_MEMBERS)
      problems.push({ pointer, code: 'TOO_MANY', message: `has more than ${MAX_MEMBERS} members` });
    else for (const [name, one] of Object.entries(value)) rule(one, `${pointer}/${name}`, problems);
  };
}

function refused(problems: readonly Problem[]): PlatformError {
  const cause = new CodedError('VALIDATION_FAILED', 'the mapping does not say a request', problems);
  const listed = problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
  return new PlatformError(false, `${cause.message}: ${listed}`.slice(0, 1_000), { cause });
}

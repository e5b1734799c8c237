import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CodedError, isErrorCode } from '#proto';
import { CASE_INPUT } from '../../bench/sample-case.ts';
import type { Input } from '../mutate.ts';
import type { Target } from '../target.ts';

/** Milliseconds that an answer may take before the request is given up; a judge calls it slow long before. */
const GIVE_UP_MS = 10_000;
const handler = CASE_INPUT.handler;
const CERTIFICATE = 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA~';

/** Bodies as a platform or a window sends them. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /v1/cases': CASE_INPUT,
  'POST /v1/cases/submit': CASE_INPUT,
  'POST /v1/certificates/verify': { certificate: CERTIFICATE },
  'POST /v1/certificates/search': { holder: { documentType: 'passport', number: 'E1' }, purpose: '核对' },
  'POST /v1/certificates/check': { region: '150626', identifier: '1.2.156', purpose: '核对', fields: ['name'] },
  'POST /v1/data/check': { region: '150626', kind: 'x', parameters: {}, purpose: '核对' },
  'POST /v1/entrustments/verify': { chain: [CERTIFICATE] },
  'POST /v1/authorizations': { parties: ['320600', '150626'], grants: [{ rights: ['R2'] }], fields: ['form.*'] },
  'POST /v1/peers': { statement: CERTIFICATE, fingerprint: '00' },
  'PUT /v1/items': { items: [{ code: 'EX1', name: '事项', modes: ['agency'], materials: [] }] },
  'POST /v1/public/verify/text': { text: CERTIFICATE },
  'POST /v1/cases/0190f000-0000-7000-8000-000000000000/acts': { event: 'receive', handler },
  'POST /v1/cases/0190f000-0000-7000-8000-000000000000/notes': { kind: 'rating', handler, score: 5 },
};

/** Where a running gateway is spoken to. */
export interface RunningApi {
  readonly url: string;
  readonly token: string;
}

/** The bodies and the paths of the REST door, for an operator and for a security administrator. */
export function restTargets(api: RunningApi, security: RunningApi): Target[] {
  return Object.entries(BODIES).map(([route, body]) => {
    const [method, path] = route.split(' ') as [string, string];
    return {
      name: `REST ${route}`,
      seeds: [{ path, body: JSON.stringify(body), type: 'application/json' }],
      take: (input) =>
        send(
          route === 'POST /v1/peers' ? security : api,
          method,
          input as unknown as { path: string; body: string; type: string },
        ),
    };
  });
}

/** @throws CodedError as the gateway answers; Error for an answer that it must not give */
async function send(
  { url, token }: RunningApi,
  method: string,
  { path, body, type }: { readonly path: string; readonly body: string; readonly type: string },
): Promise<readonly string[]> {
  const answer = await ask(url, token, method, { path: asPath(path), body, type: asHeader(type) });
  const { statusCode = 0 } = answer;
  const said = await text(answer);
  if (statusCode < 400) return [];
  const { code } = JSON.parse(said) as { readonly code?: unknown };
  if (statusCode >= 500 || typeof code !== 'string' || !isErrorCode(code))
    throw new Error(`${method} was answered ${statusCode}: ${said.slice(0, 500)}`);
  throw new CodedError(code);
}

function ask(
  url: string,
  token: string,
  method: string,
  { path, body, type }: Record<'path' | 'body' | 'type', string>,
) {
  return new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const call = request(url, {
      path,
      method,
      timeout: GIVE_UP_MS,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
    });
    call.once('response', resolve).once('error', reject);
    call.once('timeout', () => call.destroy(new Error(`no answer within ${GIVE_UP_MS} ms`)));
    call.end(body);
  });
}

/** What a client can send at all: Node refuses to write other characters. */
function asPath(path: Input): string {
  const written = String(path).replace(/[^!-~]/g, (character) => encodeURIComponent(character.toWellFormed()));
  return written.startsWith('/') ? written : `/${written}`;
}

function asHeader(value: string): string {
  return value.replace(/[^ -~]/g, '?');
}

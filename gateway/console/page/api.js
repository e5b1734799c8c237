// Asks the API of the gateway that served this page. The token goes into a header of ours and nowhere else.

const SERVICE = new URL('../v1/', import.meta.url);
/** Milliseconds for one answer: whoever waits longer is told so. */
const TIMEOUT_MS = 60_000;

/** What the API refused, or that it could not be reached. */
export class Refusal extends Error {
  /** @param {{status: number, code: string, detail: string, errors?: object[], waitSeconds?: number}} said */
  constructor({ status, code, detail, errors = [], waitSeconds = 0 }) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.waitSeconds = waitSeconds;
  }
}

/**
 * @param token of the one who asks
 * @param path below /v1/, with its query
 * @returns the JSON of a good answer; undefined when there is none
 * @throws Refusal
 */
export async function request(token, method, path, body) {
  // What cannot stand in a header is no token; browsers would say that the gateway is away.
  if (!/^[ -~]*$/.test(token)) throw new Refusal({ status: 401, code: 'UNAUTHORIZED', detail: '' });
  const answer = await fetch(new URL(path, SERVICE), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    cache: 'no-store',
    // A client certificate counts as one; cookies are never set.
    credentials: 'same-origin',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
  if (!answer) throw new Refusal({ status: 0, code: 'OFFLINE', detail: '' });
  const said = await answer.json().catch(() => undefined);
  // Something between us and the gateway, such as the page of another sign-on, has answered.
  if (answer.ok && answer.status !== 204 && said === undefined)
    throw new Refusal({ status: 0, code: 'OFFLINE', detail: '' });
  if (answer.ok) return said;
  throw new Refusal({
    status: answer.status,
    code: said?.code ?? 'INTERNAL',
    detail: said?.detail ?? '',
    errors: said?.errors,
    waitSeconds: Number(answer.headers.get('retry-after') ?? 0),
  });
}

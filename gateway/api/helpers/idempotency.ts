import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '#proto';

/** An answer that is kept, to be given again. */
export interface Answer {
  /** 200 to 299: only what was done is kept, a refusal changes nothing and may be tried again. */
  readonly status: number;
  /** JSON value. */
  readonly body: unknown;
}

export interface StoredAnswer extends Answer {
  /** SHA-256 in hex of the request that the answer belongs to. */
  readonly requestHash: string;
}

/** Port: where answers are kept, at least 24 hours. A scope is one caller; keys of different scopes never meet. */
export interface IdempotencyStore {
  find(scope: string, key: string): Promise<StoredAnswer | undefined> | StoredAnswer | undefined;
  save(scope: string, key: string, answer: StoredAnswer): Promise<void> | void;
}

/**
 * Keeps the answer together with what was done. Call it in the transaction that does the work, with the store as
 * that transaction has it: then a crash cannot fall between the two, and work is never done twice.
 */
export type Remember = (answer: Answer, within: Pick<IdempotencyStore, 'save'>) => Promise<void> | void;

export type AnswerOnce = (request: FastifyRequest, work: (remember: Remember) => Promise<Answer>) => Promise<Answer>;

/**
 * Makes POST requests repeatable by their Idempotency-Key: the same key and request get the stored answer. Work that
 * did not call `remember` is remembered afterwards. Without the header the work is just done.
 *
 * The promise throws CodedError IDEMPOTENCY_KEY_REUSED if the key came with another request before, CONFLICT while
 * the first request is under way, VALIDATION_FAILED if the key is malformed.
 */
export function answerOnce(store: IdempotencyStore): AnswerOnce {
  const underWay = new Set<string>();
  return async (request, work) => {
    const key = idempotencyKey(request);
    if (key === undefined) return await work(() => undefined);
    const scope = request.user ? `${request.user.role} ${request.user.sub}` : '';
    const place = JSON.stringify([scope, key]);
    if (underWay.has(place)) throw new CodedError('CONFLICT', 'a request with this Idempotency-Key is under way');
    underWay.add(place);
    try {
      return await once(store, scope, key, hashOf(request), work);
    } finally {
      underWay.delete(place);
    }
  };
}

async function once(
  store: IdempotencyStore,
  scope: string,
  key: string,
  requestHash: string,
  work: (remember: Remember) => Promise<Answer>,
): Promise<Answer> {
  const stored = await store.find(scope, key);
  if (stored) {
    if (stored.requestHash !== requestHash) throw new CodedError('IDEMPOTENCY_KEY_REUSED');
    return { status: stored.status, body: stored.body };
  }
  let isRemembered = false;
  const remember: Remember = (answer, within) => {
    isRemembered = true;
    return within.save(scope, key, { ...answer, requestHash });
  };
  const answer = await work(remember);
  if (!isRemembered) await remember(answer, store);
  return answer;
}

function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw new CodedError('VALIDATION_FAILED', undefined, [
    { pointer: '/headers/idempotency-key', code: 'FORMAT', message: 'must be 1 to 128 printable ASCII characters' },
  ]);
}

function hashOf({ method, url, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, url, body ?? null]))
    .digest('hex');
}

import { PlatformError } from '../adapter.ts';
import { Unreadable } from '../unreadable.ts';
import type { ClientAnswer } from './client.ts';
import { demandJson } from './json.ts';

/**
 * What a platform answered, as JSON; null when that is empty. One that cannot be read leaves open whether it has what was sent.
 *
 * @throws PlatformError retryable
 */
export function answered({ body, headers }: Pick<ClientAnswer, 'body' | 'headers'>, host: string): unknown {
  if (!body) throw new PlatformError(true, `the answer of the platform at ${host} is too long to be judged`);
  if (body.length === 0) return null;
  try {
    return demandJson(body, headers);
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    const why = `the answer of the platform at ${host} cannot be read, so nobody knows what it means`;
    throw new PlatformError(true, why, { cause });
  }
}

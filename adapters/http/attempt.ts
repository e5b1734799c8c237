import { both, integer, type Rule, text } from '#proto';
import { PlatformError } from '../adapter.ts';
import { StalledRequest } from './post.ts';

/** Milliseconds that one request may take, where the configuration does not say. */
export const DEFAULT_TIMEOUT_MS = 10_000;
export const timeoutMs: Rule = integer(50, 120_000);

/** Address of a platform. */
export const webUrl: Rule = both(text(2048), (value, pointer, problems) => {
  const url = URL.parse(value as string);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    problems.push({ pointer, code: 'FORMAT', message: 'must be an http or https URL' });
  else if (url.username !== '' || url.password !== '')
    problems.push({ pointer, code: 'SECRET', message: 'must not hold a name or password; use auth' });
});

/**
 * Runs one request within its time, and says in words what went wrong.
 *
 * @throws PlatformError retryable
 */
export async function attempt<T>(
  host: string,
  timeoutMs: number,
  signal: AbortSignal,
  send: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await send(AbortSignal.any([signal, timeout]));
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause;
    if (signal.aborted) throw new PlatformError(true, `the request to ${host} was broken off`, { cause });
    if (timeout.aborted)
      throw new PlatformError(true, `the platform at ${host} did not answer within ${timeoutMs} ms`, { cause });
    if (cause instanceof StalledRequest)
      throw new PlatformError(true, `the platform at ${host} took nothing more of the request, nor answered it`, {
        cause,
      });
    const { code } = cause as NodeJS.ErrnoException;
    throw new PlatformError(true, `the platform at ${host} cannot be reached (${code ?? 'no answer'})`, { cause });
  }
}

import { PlatformError } from './adapter.ts';

/** Why a delivery ended whose gateway stops, or has something else to do. */
export function brokenOff(): PlatformError {
  return new PlatformError(true, 'the delivery was broken off');
}

/**
 * Work that is waited for no longer than the signal lets. What was begun goes on; nobody knows then whether it succeeds.
 *
 * @throws PlatformError retryable, when it was broken off
 */
export function orBrokenOff<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(brokenOff());
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** Bytes that go in any case within the time that a small request has. */
const SMALL_BYTES = 1024 * 1024;
/** The slowest line that is waited for: 64 KiB a second. */
const BYTES_PER_MS = 64;

/** Milliseconds that a request may take longer because of its size, such as one that holds files. */
export function timeForLarge(bytes: number): number {
  return bytes <= SMALL_BYTES ? 0 : Math.ceil(bytes / BYTES_PER_MS);
}

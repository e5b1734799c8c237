/** What waiting for a call needs of it. */
export interface DrainedCall {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  once(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/**
 * Resolves when a call takes more again, or is over. A call that was cancelled while its answer was worked out says so
 * never again: whoever waited for the event would wait for ever, and hold one of the peer's streams.
 */
export function drained(call: DrainedCall): Promise<void> {
  return new Promise((resolve) => {
    if (call.cancelled || call.destroyed) return resolve();
    const events = ['drain', 'cancelled', 'close'];
    const done = () => {
      for (const event of events) call.off(event, done);
      resolve();
    };
    for (const event of events) call.once(event, done);
  });
}

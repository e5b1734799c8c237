import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { drained } from './drained.ts';

/** A call as grpc-js shows it: an emitter with two flags. */
function call(state: { cancelled?: boolean; destroyed?: boolean } = {}) {
  return Object.assign(new EventEmitter(), { cancelled: false, destroyed: false, ...state });
}

describe('waiting for a call to take more', () => {
  it.each(['drain', 'cancelled', 'close'])('ends with the event %s, and leaves no listener', async (event) => {
    const live = call();
    let over = false;
    const waiting = drained(live).then(() => (over = true));
    await new Promise(setImmediate);
    expect(over).toBe(false);
    live.emit(event);
    await waiting;
    expect(live.eventNames()).toEqual([]);
  });

  it.each([{ cancelled: true }, { destroyed: true }])(
    'does not begin when the call is over already: %j',
    async (state) => {
      const over = call(state);
      await drained(over);
      expect(over.eventNames()).toEqual([]);
    },
  );
});

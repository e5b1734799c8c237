import { beforeEach, describe, expect, it } from 'vitest';
import { HELD_CONVERSATIONS, HeldConversations } from './held-conversations.ts';

let now: number;
let held: HeldConversations;

beforeEach(() => {
  now = 1_000_000;
  held = new HeldConversations({ now: () => now }, () => 1);
});

describe('a held conversation', () => {
  it('is due after its back-off, which grows with every failure', () => {
    for (const wait of [100, 200, 400]) {
      held.defer('a');
      expect(held.nextDueIn()).toBe(wait);
      now += wait - 1;
      expect(held.due()).toEqual([]);
      now += 1;
      expect(held.due()).toEqual(['a']);
      expect(held.nextDueIn()).toBe(0);
    }
    expect(held.has('a')).toBe(true);
  });

  it('is due as soon when the clock was an hour ahead and is set right', () => {
    now += 3_600_000;
    held.defer('a');
    held.block('b');
    now -= 3_600_000;
    expect(held.nextDueIn()).toBe(100);
    now += 100;
    expect(held.due()).toEqual(['a']);
  });

  it('begins anew once it went on', () => {
    held.defer('a');
    held.defer('a');
    held.clear('a');
    held.succeeded('a');
    expect([held.has('a'), held.failures('a')]).toEqual([false, 0]);
    held.defer('a');
    expect(held.nextDueIn()).toBe(100);
  });

  it('waits longer when what was tried again fails again, and of a bounded number of these', () => {
    for (const wait of [100, 200, 400]) {
      held.defer('a');
      expect(held.nextDueIn()).toBe(wait);
      held.clear('a');
      expect(held.nextDueIn()).toBeUndefined();
    }
    expect(held.failures('a')).toBe(3);
    for (let n = 0; n < HELD_CONVERSATIONS; n += 1) {
      held.defer(`${n}`);
      held.clear(`${n}`);
    }
    expect([held.failures('a'), held.failures('0')]).toEqual([0, 1]);
  });

  it('that stood still is tried at once, known before or not', () => {
    held.defer('a');
    for (const conversation of ['a', 'b']) held.recall(conversation);
    expect(held.due()).toEqual(['a', 'b']);
  });

  it('that waits for something else is never due by time, and due at once when that happened', () => {
    held.block('a');
    now += 10 ** 9;
    expect(held.due()).toEqual([]);
    expect(held.nextDueIn()).toBeUndefined();
    held.release('a');
    expect(held.due()).toEqual(['a']);
  });

  it('keeps its count of failures over a block', () => {
    held.defer('a');
    held.block('a');
    held.release('a');
    held.defer('a');
    expect(held.nextDueIn()).toBe(200);
  });

  it('holds nobody else up', () => {
    held.block('a');
    held.defer('b');
    held.defer('c');
    held.defer('c');
    expect(held.has('d')).toBe(false);
    expect(held.nextDueIn()).toBe(100);
    now += 100;
    expect(held.due()).toEqual(['b']);
    held.clearAll();
    expect([held.has('a'), held.has('b'), held.nextDueIn()]).toEqual([false, false, undefined]);
  });

  it('does not come back by a release after it was forgotten', () => {
    held.block('a');
    held.clear('a');
    held.release('a');
    expect(held.has('a')).toBe(false);
  });

  it('is one of a bounded number', () => {
    for (let n = 0; n < 9_999; n += 1) held.defer(`${n}`);
    expect(held.full).toBe(false);
    held.defer('last');
    expect(held.full).toBe(true);
  });
});

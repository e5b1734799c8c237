import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATUS_WORDS, type StatusWord } from '#trust';
import { STATUS_CHANGES } from '../standing.ts';
import { counting, isEnding, isNews } from './precedence.ts';
import type { Decision } from './words.ts';

const decision = (status: StatusWord, decidedAt: number): Decision => ({
  status,
  decidedAt,
  ground: 'other',
  reason: '',
});

describe('of two words', () => {
  it('the only one counts', () => {
    const said = { word: 'suspended', asOf: 1 } as const;
    expect(counting(said, undefined)).toBe(said);
    expect(counting(undefined, said)).toBe(said);
    expect(counting(undefined, undefined)).toBeUndefined();
  });

  it('an ending counts, however old, else the later one', () => {
    for (const one of STATUS_WORDS) {
      for (const other of STATUS_WORDS) {
        const early = { word: one, asOf: 1 };
        const late = { word: other, asOf: 2 };
        const expected = isEnding(one) && !isEnding(other) ? early : late;
        expect(counting(early, late), `${one}, then ${other}`).toBe(expected);
        expect(counting(late, early), `${one}, then ${other}`).toBe(expected);
      }
    }
  });
});

describe('a notice', () => {
  it('is news when it is the first, or later than the one before', () => {
    expect(isNews(undefined, decision('suspended', 1))).toBe(true);
    expect(isNews(decision('suspended', 1), decision('valid', 2))).toBe(true);
    expect(isNews(decision('suspended', 1), decision('suspended', 1))).toBe(false);
    expect(isNews(decision('valid', 2), decision('suspended', 1))).toBe(false);
  });

  it('cannot bring back what has ended, nor end it in another way', () => {
    for (const ending of STATUS_WORDS.filter(isEnding)) {
      for (const next of STATUS_WORDS) {
        const judge = () => isNews(decision(ending, 1), decision(next, 2));
        if (next === ending) expect(judge()).toBe(false);
        else expect(judge).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
      }
    }
  });

  it('whatever the order in which those of one history arrive, the last one holds in the end', () => {
    const history = fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }).map((choices) => {
      const decisions: Decision[] = [];
      let status: StatusWord = 'valid';
      for (const choice of choices) {
        const next: readonly StatusWord[] = STATUS_CHANGES[status];
        if (next.length === 0) break;
        status = next[choice % next.length]!;
        decisions.push(decision(status, decisions.length + 1));
      }
      return decisions;
    });
    const arrivals = history.chain((decisions) =>
      fc.tuple(
        fc.constant(decisions),
        fc.shuffledSubarray([...decisions, ...decisions], { minLength: decisions.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(arrivals, ([decisions, arriving]) => {
        let held: Decision | undefined;
        for (const notice of arriving) if (isNews(held, notice)) held = notice;
        expect(held).toEqual(decisions.at(-1));
      }),
    );
  });
});

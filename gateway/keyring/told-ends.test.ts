import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { IndexedKey, RegionStatement } from '#trust';
import { withToldEnds } from './told-ends.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 22);
const LIFE = 731 * DAY;

/** What happens to a region whose identity key is in a safe: keys are made at any time, statements signed at any other. */
const history = fc.array(
  fc.record({
    afterDays: fc.integer({ min: 0, max: 30 }),
    what: fc.oneof(
      fc.constant({ kind: 'issue' as const }),
      fc.record({ kind: fc.constant('rotate' as const), overlapDays: fc.integer({ min: 0, max: 20 }) }),
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

it('lets no key end before the statement that tells of it, and never lengthens what peers were told', () => {
  fc.assert(
    fc.property(history, (events) => {
      let at = NOW;
      let keys = [made(0, at)];
      let current = stating(keys, at);
      for (const { afterDays, what } of events) {
        at += afterDays * DAY;
        if (what.kind === 'rotate') {
          const end = at + what.overlapDays * DAY;
          keys = [...keys.map((key) => ({ ...key, notAfter: Math.min(key.notAfter, end) })), made(keys.length, at)];
          continue;
        }
        const told = withToldEnds(keys, current, at);
        for (const before of current.keys) {
          const { notAfter } = told.find(({ kid }) => kid === before.kid)!;
          expect(notAfter).toBeLessThanOrEqual(before.notAfter);
          if (before.notAfter > at) expect(notAfter).toBeGreaterThanOrEqual(at);
        }
        expect(told.at(-1)).toEqual(keys.at(-1));
        current = stating(told, at);
      }
    }),
  );
});

it('begins the overlap when the statement is issued', () => {
  const first = made(0, NOW);
  const current = stating([first], NOW);
  const keys = [{ ...first, notAfter: NOW + 7 * DAY }, made(1, NOW)];
  expect(withToldEnds(keys, current, NOW)[0]!.notAfter).toBe(NOW + 7 * DAY);
  expect(withToldEnds(keys, current, NOW + 20 * DAY)[0]!.notAfter).toBe(NOW + 27 * DAY);
});

it('keeps the end that peers were told in every later statement', () => {
  const first = made(0, NOW);
  const keys = [{ ...first, notAfter: NOW + 7 * DAY }, made(1, NOW)];
  const late = stating(withToldEnds(keys, stating([first], NOW), NOW + 20 * DAY), NOW + 20 * DAY);
  const again = [...keys, made(2, NOW + 22 * DAY)];
  expect(withToldEnds(again, late, NOW + 22 * DAY)[0]!.notAfter).toBe(NOW + 27 * DAY);
});

function made(index: number, at: number): IndexedKey {
  const kid = `key-${index}`;
  return { kid, purpose: 'signing', suite: 'ES256', created: at, notBefore: at, notAfter: at + LIFE, publicJwk: {} };
}

/** As much of a statement as is looked at. */
function stating(keys: readonly IndexedKey[], issuedAt: number): RegionStatement {
  return { issuedAt, keys, tls: [] } as unknown as RegionStatement;
}

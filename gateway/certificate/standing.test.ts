import { describe, expect, it } from 'vitest';
import type { CodedError } from '#proto';
import { STATUS_WORDS, type StatusWord } from '#trust';
import { CERTIFICATE_STATUSES, demandChange, statusAt } from './standing.ts';

/** What the law allows, word by word: from, then every word that may follow. */
const ALLOWED: Readonly<Record<StatusWord, string>> = {
  valid: 'suspended cancelled revoked withdrawn',
  suspended: 'valid cancelled revoked withdrawn',
  cancelled: '',
  revoked: '',
  withdrawn: '',
};

describe('a change of status', () => {
  it('knows every word', () => {
    expect([...STATUS_WORDS].sort()).toEqual(Object.keys(ALLOWED).sort());
    expect(CERTIFICATE_STATUSES).toEqual([...STATUS_WORDS, 'expired', 'not-yet-valid']);
  });

  it.each(STATUS_WORDS.flatMap((from) => STATUS_WORDS.map((to) => [from, to] as const)))(
    'from %s to %s',
    (from, to) => {
      const allowed = ALLOWED[from].split(' ').includes(to);
      const change = () => demandChange(from, to);
      if (allowed) expect(change).not.toThrow();
      else expect(change).toThrow(expect.objectContaining({ code: 'CONFLICT' }) as CodedError);
    },
  );
});

describe('how a certificate stands', () => {
  const dates = { validFrom: 100, validUntil: 200 };
  it.each<[StatusWord, before: string, within: string, after: string]>([
    ['valid', 'not-yet-valid', 'valid', 'expired'],
    ['suspended', 'suspended', 'suspended', 'expired'],
    ['cancelled', 'cancelled', 'cancelled', 'cancelled'],
    ['revoked', 'revoked', 'revoked', 'revoked'],
    ['withdrawn', 'withdrawn', 'withdrawn', 'withdrawn'],
  ])('that is %s: before, within and after its dates', (word, before, within, after) => {
    expect([99, 100, 199, 200].map((now) => statusAt(word, dates, now))).toEqual([before, within, within, after]);
  });

  it('without an end never expires', () => {
    expect(statusAt('valid', { validFrom: 100 }, Number.MAX_SAFE_INTEGER)).toBe('valid');
  });
});

import { describe, expect, it } from 'vitest';
import type { CaseDocument, CaseMaterial, KeptCommitment } from '../case-file.ts';
import { commitmentMessage, countHandedIn, keptCommitment, outstanding, withCommitment } from './commitment.ts';

const AT = Date.parse('2026-11-23T10:00:00+08:00');
const DAY_MS = 24 * 60 * 60 * 1000;
const COMMITMENT: KeptCommitment = {
  materials: [
    { material: '平面布局图', dueAt: AT + 9 * DAY_MS },
    { material: '场所使用证明', dueAt: AT + 5 * DAY_MS },
  ],
  text: '按期补齐',
  signedAt: AT,
  document: 'ab'.repeat(32),
  creditWaived: '',
};

const documentWith = (names: readonly string[], changes: Partial<CaseDocument> = {}) =>
  ({ materials: names.map((name) => ({ name })) as CaseMaterial[], limits: [], ...changes }) as unknown as CaseDocument;

const accepted = () => {
  const document = documentWith(['申请表']);
  return { ...document, ...withCommitment(document, 'accept', { record: { commitment: COMMITMENT }, at: AT }) };
};

/** What a later step makes of a document. */
const handIn = (document: CaseDocument, name: string, at: number) => {
  const materials = [...document.materials, { name } as CaseMaterial];
  return { ...document, materials, ...countHandedIn({ ...document, materials }, at) };
};

describe('P8: the time for what was promised', () => {
  it('runs out with the first of it, moves on when that is in, and ends with the last', () => {
    const first = accepted();
    expect(first.limits).toMatchObject([{ name: 'commitment', state: 'running', dueAt: AT + 5 * DAY_MS }]);
    const second = handIn(first, '场所使用证明', AT + DAY_MS);
    expect(second.limits).toMatchObject([{ state: 'running', since: AT + DAY_MS, dueAt: AT + 9 * DAY_MS }]);
    expect(outstanding(second).map(({ material }) => material)).toEqual(['平面布局图']);
    const last = handIn(second, '平面布局图', AT + 10 * DAY_MS);
    expect(last.limits).toMatchObject([{ state: 'ended', isLate: true }]);
    expect(last.commitment!.materials).toMatchObject([{ handedInAt: AT + 10 * DAY_MS }, { handedInAt: AT + DAY_MS }]);
  });

  it('does not begin anew for something else that is handed in, nor after it ended with the case', () => {
    const first = accepted();
    expect(handIn(first, '户口簿', AT + DAY_MS).limits).toEqual(first.limits);
    const ended = { ...first, limits: first.limits!.map((limit) => ({ ...limit, state: 'ended' as const })) };
    expect(handIn(ended, '场所使用证明', AT + DAY_MS).limits).toEqual(ended.limits);
  });

  it('does not begin where nothing was promised', () => {
    const document = documentWith(['申请表']);
    expect(withCommitment(document, 'accept', { record: {}, at: AT })).toEqual({});
    expect(withCommitment(document, 'submit-supplement', { record: {}, at: AT })).toEqual({});
  });
});

it('a commitment comes back from the wire as it was', () => {
  expect(keptCommitment(commitmentMessage(COMMITMENT))).toEqual(COMMITMENT);
});

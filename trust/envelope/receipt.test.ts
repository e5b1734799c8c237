import { beforeAll, describe, expect, it } from 'vitest';
import { encode, TYP } from '#proto';
import { SUITE_NAMES } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { verifySeal } from './open.ts';
import { readReceipt, receiptBody, type Verdict, verifyReceiptGroup } from './receipt.ts';
import { sealEnvelopes, sealOf, sealReceipts } from './seal.ts';

const NOW = Date.UTC(2026, 10, 1, 8);
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

const VERDICT: Verdict = {
  issuer: '150626',
  audience: '320600',
  envelopeId: '0193a5c0-0000-7000-8000-000000000001',
  leaf: Buffer.alloc(32, 7),
  conversation: '7d9f6a52-55c8-4b8e-9c62-6a3a0a2f9a10',
  sequence: 3,
  code: '',
  receivedAt: NOW - 20,
  decidedAt: NOW,
};

let uxin: ThrowawayRegion;
let nantong: ThrowawayRegion;
beforeAll(async () => {
  uxin = await throwawayRegion('150626', { now: NOW });
  nantong = await throwawayRegion('320600', { now: NOW });
});

const withCode = (code: string) => expect.objectContaining({ code });
const signed = async (bodies: readonly Buffer[], by = uxin) =>
  Buffer.from((await sealReceipts(by.signing, '150626', bodies, NOW)).signedRoot);

describe('the body of a receipt', () => {
  it.each(['', 'ILLEGAL_TRANSITION'])('says after reading what was decided (%j)', (code) => {
    const { leaf, ...rest } = VERDICT;
    expect(readReceipt(receiptBody({ ...VERDICT, code }), '150626', '320600')).toEqual({
      ...rest,
      leafHash: leaf,
      version: 1,
      outcome: code === '' ? 'OUTCOME_ACCEPTED' : 'OUTCOME_REJECTED',
      code,
    });
  });

  it('is the same bytes for the same verdict', () => {
    expect(receiptBody(VERDICT)).toEqual(receiptBody({ ...VERDICT }));
  });

  it('is refused when another region gave it or another is to receive it', () => {
    const body = receiptBody(VERDICT);
    expect(() => readReceipt(body, '320600', '320600')).toThrow(withCode('RECEIPT_INVALID'));
    expect(() => readReceipt(body, '150626', '150626')).toThrow(withCode('RECEIPT_INVALID'));
  });

  it.each([
    { version: 2 },
    { outcome: 'OUTCOME_ACCEPTED', code: 'EXPIRED' },
    { outcome: 'OUTCOME_REJECTED', code: '' },
    { outcome: 'OUTCOME_REJECTED', code: 'NO_SUCH_CODE' },
    { outcome: 'OUTCOME_UNSPECIFIED' },
  ])('is refused when it says %j', (changes) => {
    const { leaf: leafHash, ...rest } = VERDICT;
    const body = encode('ReceiptBody', { ...rest, leafHash, version: 1, outcome: 'OUTCOME_ACCEPTED', ...changes });
    expect(() => readReceipt(body, '150626', '320600')).toThrow(withCode('RECEIPT_INVALID'));
  });

  it('is refused when it cannot be decoded', () => {
    for (const body of [receiptBody(VERDICT).subarray(0, -1), Buffer.from([0xff]), Buffer.alloc(0)])
      expect(() => readReceipt(body, '150626', '320600')).toThrow(withCode('RECEIPT_INVALID'));
  });
});

describe.each(SUITE_NAMES)('a group of receipts under %s', (suite) => {
  it.each([1, 2, 5])('verifies with one signature (%i)', async (count) => {
    const issuer = await throwawayRegion('150626', { now: NOW, suite });
    const bodies = Array.from({ length: count }, (_, sequence) => receiptBody({ ...VERDICT, sequence }));
    const root = await sealReceipts(issuer.signing, '150626', bodies, NOW);
    const leaves = verifyReceiptGroup(Buffer.from(root.signedRoot), bodies, issuer.statement);
    expect(leaves).toEqual(root.leaves);
    for (const [index, leaf] of leaves.entries()) {
      const alone = sealOf(root, index, suite);
      expect(verifySeal(() => leaf, alone, TYP.receiptRoot, issuer.statement, { kind: 'history' }).size).toBe(count);
      expect(() => verifySeal(() => leaf, alone, TYP.envelopeRoot, issuer.statement, { kind: 'history' })).toThrow(
        withCode('TYP_MISMATCH'),
      );
    }
  });
});

describe('a group of receipts is refused', () => {
  const bodies = [receiptBody(VERDICT), receiptBody({ ...VERDICT, sequence: 4 })] as const;

  it('when any byte of any body was altered', async () => {
    const root = await signed(bodies);
    for (let at = 0; at < bodies[0].length; at++) {
      const altered = Buffer.from(bodies[0]);
      altered[at]! ^= 1;
      expect(() => verifyReceiptGroup(root, [altered, bodies[1]], uxin.statement)).toThrow(withCode('ROOT_MISMATCH'));
    }
  });

  it('when a member is missing, added or moved', async () => {
    const root = await signed(bodies);
    for (const group of [[], [bodies[0]], [bodies[1], bodies[0]], [...bodies, bodies[1]]])
      expect(() => verifyReceiptGroup(root, group, uxin.statement)).toThrow(withCode('ROOT_MISMATCH'));
  });

  it('when the region that should have decided did not sign', async () => {
    const byAnother = await signed(bodies, nantong);
    expect(() => verifyReceiptGroup(byAnother, bodies, uxin.statement)).toThrow(withCode('KEY_UNKNOWN'));
    expect(() => verifyReceiptGroup(byAnother, bodies, nantong.statement)).toThrow(withCode('ISSUER_MISMATCH'));
  });

  it('when the signature is one over envelopes', async () => {
    const root = await sealEnvelopes(
      uxin.signing,
      '150626',
      (await sealReceipts(uxin.signing, '150626', bodies, NOW)).leaves,
      NOW,
    );
    expect(() => verifyReceiptGroup(Buffer.from(root.signedRoot), bodies, uxin.statement)).toThrow(
      withCode('TYP_MISMATCH'),
    );
  });
});

it('an old verdict stays one: a receipt has no freshness unless it is asked for', async () => {
  const bodies = [receiptBody(VERDICT)];
  const root = await signed(bodies);
  expect(verifyReceiptGroup(root, bodies, uxin.statement)).toHaveLength(1);
  const later = { kind: 'arrival', now: NOW + YEAR_MS } as const;
  expect(() => verifyReceiptGroup(root, bodies, uxin.statement, later)).toThrow(withCode('SEAL_TIME'));
});

import { createHash } from 'node:crypto';
import { encode, receiptLeaf, TYP } from '#proto';
import { SAMPLE_TIME } from '../../../proto/testing/payload-samples.ts';
import { sealReceipts } from '../../envelope/seal.ts';
import { type SuiteName, suiteOf } from '../../suites.ts';
import { throwawayRegion } from '../throwaway-region.ts';
import { type Forgery, flipByte, flipText, forgeSeal, hex } from './forge.ts';

const ISSUER = '150626';
const AUDIENCE = '320600';

const envelope = {
  id: '01920000-0000-7000-8000-00000000abcd',
  leaf: createHash('sha256').update('some header').digest(),
  conversation: '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5',
  sequence: 7,
};

/** Receipts that stand and receipts that must be refused, each with its code. */
export async function recordReceipts(suite: SuiteName): Promise<object> {
  const region = await throwawayRegion(ISSUER, { suite, now: SAMPLE_TIME });
  const at = SAMPLE_TIME + 5000;
  const group = [body({}), body({ sequence: 8, outcome: 'OUTCOME_REJECTED', code: 'ITEM_UNKNOWN' })];
  const { signedRoot } = await sealReceipts(region.signing, ISSUER, group, at);
  const sealed = async (bytes: Buffer, forgery: Forgery = {}) => {
    const leaf = receiptLeaf(suiteOf(suite).hash, bytes);
    const seal = await forgeSeal(region.signing, ISSUER, leaf, at, { typ: TYP.receiptRoot, ...forgery });
    return { body: hex(bytes), leaf: hex(leaf), seal };
  };
  const good = await sealed(body({}));
  const wrong = async (what: string, change: object) => ({
    what,
    code: 'RECEIPT_INVALID',
    ...(await sealed(body(change))),
  });
  const [first, ...rest] = good.seal.inclusion_path as [string, ...string[]];
  return {
    note: 'A complete group and one receipt with its own seal, all of them history, and what must be refused as the receipt of envelope.',
    suite,
    statement: region.jwt,
    issuer: ISSUER,
    audience: AUDIENCE,
    envelope: { ...envelope, leaf: hex(envelope.leaf) },
    group: { signed_root: signedRoot, receipts: group.map(hex) },
    single: good,
    bad: [
      { ...good, what: 'body', code: 'PATH_INVALID', body: hex(flipByte(body({}), body({}).length - 1)) },
      {
        ...good,
        what: 'sibling',
        code: 'PATH_INVALID',
        seal: { ...good.seal, inclusion_path: [flipText(first, 3), ...rest] },
      },
      {
        ...good,
        what: 'signature',
        code: 'SIGNATURE_INVALID',
        seal: { ...good.seal, signed_root: flipText(good.seal.signed_root, good.seal.signed_root.length - 9) },
      },
      { ...(await sealed(body({}), { typ: TYP.envelopeRoot })), what: 'root of envelopes', code: 'TYP_MISMATCH' },
      {
        ...(await sealed(body({}), { at: SAMPLE_TIME - 3_600_000 })),
        what: 'before the key was valid',
        code: 'KEY_NOT_VALID',
      },
      await wrong('version', { version: 2 }),
      await wrong('issuer', { issuer: AUDIENCE }),
      await wrong('audience', { audience: ISSUER }),
      await wrong('envelope id', { envelopeId: '01920000-0000-7000-8000-00000000abce' }),
      await wrong('leaf', { leafHash: flipByte(envelope.leaf, 0) }),
      await wrong('conversation', { conversation: '00000000-6b5a-4c3d-8e1f-a0b1c2d3e4f5' }),
      await wrong('sequence', { sequence: 8 }),
      await wrong('no outcome', { outcome: 'OUTCOME_UNSPECIFIED' }),
      await wrong('accepted with a code', { code: 'ITEM_UNKNOWN' }),
      await wrong('rejected without a code', { outcome: 'OUTCOME_REJECTED' }),
      await wrong('code of nobody', { outcome: 'OUTCOME_REJECTED', code: 'WHATEVER' }),
    ],
  };
}

function body(change: object): Buffer {
  return encode('ReceiptBody', {
    version: 1,
    issuer: ISSUER,
    audience: AUDIENCE,
    envelopeId: envelope.id,
    leafHash: envelope.leaf,
    conversation: envelope.conversation,
    sequence: envelope.sequence,
    outcome: 'OUTCOME_ACCEPTED',
    receivedAt: SAMPLE_TIME + 3000,
    decidedAt: SAMPLE_TIME + 4000,
    ...change,
  });
}

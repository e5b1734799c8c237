import { beforeAll, describe, expect, it } from 'vitest';
import { encode, receiptLeaf, typeName } from '#proto';
import { fixEnvelope, receiptBody, type SealedRoot, sealEnvelopes, sealReceipts, suiteOf } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { type Exchanged, groupOf, verifyExchanged } from './exchanged.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const TALK = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const ID = '019aa000-0000-7000-8000-000000000001';

let own: ThrowawayRegion;
let peer: ThrowawayRegion;
let third: ThrowawayRegion;

beforeAll(async () => {
  own = await throwawayRegion('320600', { now: NOW - 1000 });
  peer = await throwawayRegion('150626', { suite: 'SM2-SM3', now: NOW - 1000 });
  third = await throwawayRegion('110000', { now: NOW - 1000 });
});

interface Made {
  exchanged: Exchanged;
  seal: SealedRoot;
  receiptSeal: SealedRoot;
}

/** An envelope from one region to the other with its receipt, as the peer gives it back. */
async function made(from: ThrowawayRegion, to: ThrowawayRegion, code = ''): Promise<Made> {
  const { suite } = from.signing;
  const header = {
    ...{ id: ID, type: typeName('Ping'), sender: from.region, recipient: to.region, conversation: TALK, sequence: 3 },
    ...{ sentAt: NOW, expiresAt: NOW + 60_000, authorizationId: '', authorizationDigest: Buffer.alloc(0) },
    ...{ inReplyTo: '', suite },
  };
  const fixed = fixEnvelope(header, encode('Ping', { note: 'x' }));
  const sides = { issuer: to.region, audience: from.region, envelopeId: ID, leaf: fixed.leaf, conversation: TALK };
  const receipt = receiptBody({ ...sides, sequence: 3, code, receivedAt: NOW + 5, decidedAt: NOW + 6 });
  const { payload, payloadSalt } = fixed;
  return {
    exchanged: { header: fixed.header, payload, payloadSalt, index: 1, receipt, receiptIndex: 0 },
    seal: await sealEnvelopes(from.signing, from.region, [Buffer.alloc(32, 1), fixed.leaf], NOW),
    receiptSeal: await sealReceipts(to.signing, to.region, [receipt], NOW + 7),
  };
}

const verify = ({ exchanged, seal, receiptSeal }: Made) =>
  verifyExchanged(exchanged, seal, receiptSeal, { own: own.statement, peer: peer.statement });

function codeOf(one: Made): string {
  try {
    verify(one);
    return '';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('what a peer gives back', () => {
  it('is ours by our signature, and happened when we sent it', async () => {
    const one = await made(own, peer, 'ITEM_UNKNOWN');
    const found = verify(one);
    expect(found).toMatchObject({ isOwn: true, happenedAt: NOW, receipt: { code: 'ITEM_UNKNOWN', sequence: 3 } });
    expect(found.opened?.header.id).toBe(ID);
    expect(found.receiptLeaf).toEqual(receiptLeaf(suiteOf('SM2-SM3').hash, one.exchanged.receipt));
  });

  it('is theirs by their signature and our receipt, and happened when we decided', async () => {
    expect(verify(await made(peer, own))).toMatchObject({ isOwn: false, happenedAt: NOW + 6 });
  });

  it('may have lost its payload', async () => {
    const one = await made(own, peer);
    const erased = { ...one.exchanged, payload: Buffer.alloc(0), payloadSalt: Buffer.alloc(0) };
    expect(verify({ ...one, exchanged: erased }).opened).toBeUndefined();
  });

  it('is not taken when it was made up or altered', async () => {
    const [ours, theirs] = [await made(own, peer), await made(peer, own)];
    const forged = await sealEnvelopes(peer.signing, own.region, [Buffer.alloc(32), Buffer.alloc(32)], NOW);
    expect(codeOf({ ...ours, seal: forged })).toBe('KEY_UNKNOWN');
    const receiptOfPeer = await sealReceipts(peer.signing, own.region, [theirs.exchanged.receipt], NOW);
    expect(codeOf({ ...theirs, receiptSeal: receiptOfPeer })).toBe('KEY_UNKNOWN');
    expect(codeOf({ ...ours, exchanged: { ...ours.exchanged, payload: Buffer.from('other') } })).toBe(
      'PAYLOAD_MISMATCH',
    );
    expect(codeOf({ ...ours, exchanged: { ...ours.exchanged, index: 0 } })).toBe('PATH_INVALID');
    expect(codeOf({ ...ours, exchanged: { ...ours.exchanged, receiptIndex: 9 } })).toBe('PATH_INVALID');
    expect(codeOf(await made(own, third))).toBe('WRONG_RECIPIENT');
    expect(codeOf(await made(third, own))).toBe('PEER_MISMATCH');
  });

  it('is not taken with the receipt of another envelope', async () => {
    const one = await made(own, peer);
    const sides = { issuer: peer.region, audience: own.region, envelopeId: ID, conversation: TALK, sequence: 3 };
    const fate = { leaf: Buffer.alloc(32), code: '', receivedAt: NOW, decidedAt: NOW };
    const receipt = receiptBody({ ...sides, ...fate });
    const receiptSeal = await sealReceipts(peer.signing, peer.region, [receipt], NOW);
    expect(codeOf({ ...one, exchanged: { ...one.exchanged, receipt }, receiptSeal })).toBe('RECEIPT_INVALID');
  });

  it('comes in groups of whole leaves, at most 256', () => {
    expect(groupOf('root', Buffer.alloc(64)).leaves).toHaveLength(2);
    for (const bytes of [0, 33, 257 * 32])
      expect(() => groupOf('root', Buffer.alloc(bytes))).toThrow(expect.objectContaining({ code: 'ROOT_MISMATCH' }));
  });
});

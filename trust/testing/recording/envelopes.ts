import { encode, envelopeLeaf, payloadDigest, TYP } from '#proto';
import { payloadSamples, SAMPLE_TIME } from '../../../proto/testing/payload-samples.ts';
import { sealEnvelopes } from '../../envelope/seal.ts';
import { type SuiteName, suiteOf } from '../../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../throwaway-region.ts';
import { type Forgery, flipByte, flipText, forgeSeal, hex, type RecordedSeal } from './forge.ts';

const SENDER = '320600';
const RECIPIENT = '150626';
const DAY_MS = 86_400_000;
const SENT_AT = SAMPLE_TIME;
/** When the receiver judges: three seconds after sending. */
const NOW = SENT_AT + 3000;

interface RecordedEnvelope {
  readonly header: string;
  readonly payload: string;
  readonly payload_salt: string;
  readonly leaf: string;
}

/** Envelopes that open and envelopes that must be refused, each with its code. */
export async function recordEnvelopes(suite: SuiteName): Promise<object> {
  const region = await throwawayRegion(SENDER, { suite, now: SAMPLE_TIME });
  const group = [fix(suite, { sequence: 1 }), fix(suite, { sequence: 2 }), fix(suite, { sequence: 3 })];
  const leaves = group.map(({ leaf }) => Buffer.from(leaf, 'hex'));
  const { signedRoot } = await sealEnvelopes(region.signing, SENDER, leaves, SENT_AT + 1000);
  const single = fix(suite, {});
  return {
    note: 'A complete group and one envelope with its own seal, to be opened at now by recipient, and what must be refused.',
    suite,
    statement: region.jwt,
    sender: SENDER,
    recipient: RECIPIENT,
    now: NOW,
    batch: { signed_root: signedRoot, envelopes: group },
    single: { ...single, seal: await seal(region, single) },
    bad: await badEnvelopes(suite, region),
  };
}

async function badEnvelopes(suite: SuiteName, region: ThrowawayRegion): Promise<object[]> {
  const good = fix(suite, {});
  const sealed = { ...good, seal: await seal(region, good) };
  const stranger = await throwawayRegion(SENDER, { suite, now: SAMPLE_TIME });
  const other = suite === 'ES256' ? 'Ed25519' : 'ES256';
  const future = suite === 'SM2-SM3' ? 'SM9-SM3' : 'SM2-SM3';
  const [first] = sealed.seal.inclusion_path as [string, ...string[]];
  const changed = (what: string, code: string, change: object, now = NOW) => ({
    what,
    code,
    now,
    ...sealed,
    ...change,
  });
  const resealed = (what: string, code: string, change: Partial<RecordedSeal>) =>
    changed(what, code, { seal: { ...sealed.seal, ...change } });
  const forged = async (what: string, code: string, forgery: Forgery, signer = region) =>
    changed(what, code, { seal: await seal(signer, good, forgery) });
  const written = async (what: string, code: string, header: object, now = NOW) => {
    const envelope = fix(suite, header);
    return { what, code, now, ...envelope, seal: await seal(region, envelope) };
  };
  return [
    changed('payload', 'PAYLOAD_MISMATCH', { payload: hex(flipByte(Buffer.from(good.payload, 'hex'), 5)) }),
    changed('salt', 'PAYLOAD_MISMATCH', { payload_salt: hex(flipByte(Buffer.from(good.payload_salt, 'hex'), 5)) }),
    changed('salt too short', 'PAYLOAD_MISMATCH', { payload_salt: good.payload_salt.slice(2) }),
    changed('digest in the header', 'PATH_INVALID', { header: lastDigestByte(good.header) }),
    changed('header cut off', 'MALFORMED', { header: good.header.slice(0, 60) }),
    changed('header of nothing', 'MALFORMED', { header: '' }),
    resealed('sibling', 'PATH_INVALID', {
      inclusion_path: [flipText(first, 9), ...sealed.seal.inclusion_path.slice(1)],
    }),
    resealed('path too short', 'PATH_INVALID', { inclusion_path: [first] }),
    resealed('leaf index', 'PATH_INVALID', { leaf_index: 0 }),
    resealed('tree size', 'PATH_INVALID', { tree_size: 4 }),
    resealed('signature', 'SIGNATURE_INVALID', {
      signed_root: flipText(sealed.seal.signed_root, sealed.seal.signed_root.length - 20),
    }),
    resealed('signature padded', 'JWS_INVALID', { signed_root: `${sealed.seal.signed_root}=` }),
    await forged('another member in the JWS header', 'JWS_INVALID', { header: { jku: 'https://example.org' } }),
    await forged('critical JWS header', 'JWS_INVALID', { header: { crit: ['exp'] } }),
    await forged('root of receipts', 'TYP_MISMATCH', { typ: TYP.receiptRoot }),
    await forged('algorithm none', 'ALGORITHM_NOT_ALLOWED', { header: { alg: 'none' } }),
    await forged('algorithm EdDSA', 'ALGORITHM_NOT_ALLOWED', { header: { alg: 'EdDSA' } }),
    await forged('key of nobody', 'KEY_UNKNOWN', {}, stranger),
    await forged('log key', 'KEY_UNKNOWN', { header: { kid: region.log.kid, alg: suiteOf(region.log.suite).alg } }),
    await forged('issuer', 'ISSUER_MISMATCH', { claims: { iss: `urn:tongban:region:${RECIPIENT}` } }),
    await forged('root too short', 'JWS_INVALID', { claims: { root: 'AAAA' } }),
    await forged('size as text', 'JWS_INVALID', { claims: { size: '3' } }),
    await forged('sealed six minutes ago', 'SEAL_TIME', { at: NOW - 360_000 }),
    await forged('sealed in six minutes', 'SEAL_TIME', { at: NOW + 360_000 }),
    await written('version 2', 'VERSION_UNSUPPORTED', { version: 2 }),
    await written('critical extension', 'EXTENSION_UNKNOWN', { critical: ['x'] }),
    await written('suite of another key', 'SUITE_MISMATCH', { suite: other }),
    await written('suite of the future', 'SUITE_MISMATCH', { suite: future }),
    await written('sent long after sealing', 'SENT_IN_FUTURE', { sentAt: SENT_AT + 400_000 }),
    await written('ends before it begins', 'EXPIRY_INVALID', { expiresAt: SENT_AT }),
    await written('lives 31 days', 'EXPIRY_INVALID', { expiresAt: SENT_AT + 31 * DAY_MS }),
    await written('expired', 'EXPIRED', { expiresAt: NOW }),
    await written('from another region', 'PEER_MISMATCH', { sender: '350500' }),
    await written('to another region', 'WRONG_RECIPIENT', { recipient: '350500' }),
    await written('id that is no UUIDv7', 'MALFORMED', { id: 'A' }),
    changed('three years later', 'KEY_NOT_VALID', {}, NOW + 3 * 365 * DAY_MS),
    ...(suite === 'SM2-SM3'
      ? [await forged('algorithm ES256', 'ALGORITHM_NOT_ALLOWED', { header: { alg: 'ES256' } })]
      : []),
  ];
}

function seal(region: ThrowawayRegion, envelope: RecordedEnvelope, forgery?: Forgery): Promise<RecordedSeal> {
  return forgeSeal(region.signing, SENDER, Buffer.from(envelope.leaf, 'hex'), SENT_AT + 1000, forgery);
}

function fix(suite: SuiteName, change: object): RecordedEnvelope {
  const { hash } = suiteOf(suite);
  const [payload, salt] = [encode('CaseRated', payloadSamples.CaseRated), Buffer.alloc(32, 0x42)];
  const header = encode('EnvelopeHeader', {
    version: 1,
    id: '01920000-0000-7000-8000-00000000abcd',
    type: 'tongban.v1.CaseRated',
    sender: SENDER,
    recipient: RECIPIENT,
    conversation: '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5',
    sequence: 7,
    sentAt: SENT_AT,
    expiresAt: SENT_AT + DAY_MS,
    payloadDigest: payloadDigest(hash, salt, payload),
    suite,
    ...change,
  });
  return { header: hex(header), payload: hex(payload), payload_salt: hex(salt), leaf: hex(envelopeLeaf(hash, header)) };
}

/** The suite's name, its tag and its length are the last bytes of a header; the digest ends before them. */
function lastDigestByte(header: string): string {
  const bytes = Buffer.from(header, 'hex');
  return hex(flipByte(bytes, bytes.lastIndexOf(0x7a) - 1));
}

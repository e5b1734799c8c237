import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decode,
  encode,
  envelopeLeaf,
  LIMITS,
  type MessageInput,
  type messages,
  payloadDigest,
  regionUrn,
  TYP,
} from '#proto';
import { signJws } from '../jws.ts';
import { SUITE_NAMES, suiteOf } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { openMember, openSealed, readArrived, verifyContent, verifyGroup, verifySeal } from './open.ts';
import { type FixedEnvelope, fixEnvelope, sealEnvelopes, sealOf, sealReceipts } from './seal.ts';

const NOW = Date.UTC(2026, 10, 1, 8);
const DAY_MS = 24 * 60 * 60 * 1000;
const ARRIVAL = { kind: 'arrival', now: NOW } as const;

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
});

type Header = Omit<messages.EnvelopeHeader, 'payloadDigest' | 'critical' | 'version'>;

const HEADER: Header = {
  id: '0193a5c0-0000-7000-8000-000000000001',
  type: 'tongban.v1.Ping',
  sender: '320600',
  recipient: '150626',
  conversation: '7d9f6a52-55c8-4b8e-9c62-6a3a0a2f9a10',
  sequence: 1,
  sentAt: NOW,
  expiresAt: NOW + DAY_MS,
  authorizationId: '',
  authorizationDigest: Buffer.alloc(0),
  inReplyTo: '',
  suite: 'ES256',
};

const envelope = (changes: Partial<Header> = {}, payload = randomBytes(40)) =>
  fixEnvelope({ ...HEADER, ...changes }, payload);

/** An envelope whose header may say anything. */
function envelopeSaying(changes: MessageInput<'EnvelopeHeader'>): FixedEnvelope {
  const { payload, payloadSalt } = envelope();
  const { hash } = suiteOf('ES256');
  const digest = payloadDigest(hash, payloadSalt, payload);
  const header = encode('EnvelopeHeader', { ...HEADER, version: 1, payloadDigest: digest, ...changes });
  return { header, payload, payloadSalt, leaf: envelopeLeaf(hash, header) };
}

const seal = (envelopes: readonly FixedEnvelope[], at = NOW, region = nantong) =>
  sealEnvelopes(
    region.signing,
    region.region,
    envelopes.map(({ leaf }) => leaf),
    at,
  );

const arrive = (fixed: FixedEnvelope) => readArrived({ ...fixed, seal: null }, '320600', '150626');

/** Seals one envelope, carries it over and opens it. */
async function carry(fixed: FixedEnvelope, options: { sealedAt?: number; now?: number } = {}) {
  const root = await seal([fixed], options.sealedAt);
  return openSealed(arrive(fixed), sealOf(root, 0, 'ES256'), nantong.statement, options.now ?? NOW);
}

const withCode = (code: string) => expect.objectContaining({ code });
const bytes = (root: { signedRoot: string }) => Buffer.from(root.signedRoot);

function flipped(buffer: Uint8Array, at: number, bit = 0): Buffer {
  const copy = Buffer.from(buffer);
  copy[at]! ^= 1 << bit;
  return copy;
}

describe.each(SUITE_NAMES)('an envelope under %s', (suite) => {
  it('opens with every byte as it was sealed, alone and in a group', async () => {
    const sender = await throwawayRegion('320600', { now: NOW, suite });
    const field = fc.uint8Array({ maxLength: 3000 });
    const headers = fc.record({
      sequence: fc.nat(),
      conversation: fc.uuid(),
      id: fc.uuid({ version: 7 }),
      sentAt: fc.integer({ min: NOW - 20 * DAY_MS, max: NOW }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(headers, field), { minLength: 1, maxLength: 9 }), async (contents) => {
        const group = contents.map(([header, payload]) => envelope({ ...header, suite }, Buffer.from(payload)));
        const sealed = await seal(group, NOW, sender);
        const root = verifyGroup(
          bytes(sealed),
          group.map(({ header }) => header),
          sender.statement,
          ARRIVAL,
        );
        group.forEach((fixed, index) => {
          const arrived = readArrived({ ...fixed, seal: null }, '320600', '150626');
          const opened = openMember(arrived, root, NOW);
          expect(opened.header).toMatchObject({ ...contents[index]![0], version: 1, critical: [] });
          expect(opened.payload).toEqual(Buffer.from(contents[index]![1]));
          expect(root.leaves[index]).toEqual(fixed.leaf);
          expect(openSealed(arrived, sealOf(sealed, index, suite), sender.statement, NOW)).toBe(arrived);
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe('altered bytes are refused', () => {
  it('in any header of a group', async () => {
    const group = [envelope(), envelope({ sequence: 2 }), envelope({ sequence: 3 })];
    const root = bytes(await seal(group));
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.nat(7), (member, place, bit) => {
        const headers = group.map(({ header }, index) =>
          index === member ? flipped(header, place % header.length, bit) : header,
        );
        expect(() => verifyGroup(root, headers, nantong.statement, ARRIVAL)).toThrow(withCode('ROOT_MISMATCH'));
      }),
    );
  });

  it('when a group lacks a member, has one more or has them in another order', async () => {
    const [first, second, third] = [envelope(), envelope({ sequence: 2 }), envelope({ sequence: 3 })];
    const root = bytes(await seal([first, second]));
    for (const group of [[first], [second], [second, first], [first, second, third], [first, second, second], []])
      expect(() =>
        verifyGroup(
          root,
          group.map(({ header }) => header),
          nantong.statement,
          ARRIVAL,
        ),
      ).toThrow(withCode('ROOT_MISMATCH'));
  });

  it('in the header of an envelope with its own seal', async () => {
    const fixed = envelope();
    const one = sealOf(await seal([fixed, envelope()]), 0, 'ES256');
    const altered = envelopeSaying({ sequence: 2 });
    expect(() => openSealed(arrive(altered), one, nantong.statement, NOW)).toThrow(withCode('PATH_INVALID'));
  });

  it('in the payload or its salt', async () => {
    const fixed = envelope();
    for (let at = 0; at < fixed.payload.length; at++)
      await expect(carry({ ...fixed, payload: flipped(fixed.payload, at) })).rejects.toMatchObject({
        code: 'PAYLOAD_MISMATCH',
      });
    for (const payloadSalt of [flipped(fixed.payloadSalt, 0), flipped(fixed.payloadSalt, 31), Buffer.alloc(0)])
      await expect(carry({ ...fixed, payloadSalt })).rejects.toMatchObject({ code: 'PAYLOAD_MISMATCH' });
  });

  it('when bytes move from the salt into the payload', async () => {
    const fixed = envelope();
    const payloadSalt = fixed.payloadSalt.subarray(0, 31);
    const payload = Buffer.concat([fixed.payloadSalt.subarray(31), fixed.payload]);
    await expect(carry({ ...fixed, payload, payloadSalt })).rejects.toMatchObject({ code: 'PAYLOAD_MISMATCH' });
  });

  it('in the signature', async () => {
    const fixed = envelope();
    const [header, claims, signature] = (await seal([fixed])).signedRoot.split('.') as [string, string, string];
    for (let at = 0; at < 64; at++) {
      const altered = flipped(Buffer.from(signature, 'base64url'), at).toString('base64url');
      expect(() =>
        verifyGroup(Buffer.from(`${header}.${claims}.${altered}`), [fixed.header], nantong.statement, ARRIVAL),
      ).toThrow(withCode('SIGNATURE_INVALID'));
    }
  });

  it('in the claims of the root', async () => {
    const [fixed, other] = [envelope(), envelope()];
    const [header, , signature] = (await seal([fixed])).signedRoot.split('.');
    const claims = (await seal([other])).signedRoot.split('.')[1];
    expect(() =>
      verifyGroup(Buffer.from(`${header}.${claims}.${signature}`), [other.header], nantong.statement, ARRIVAL),
    ).toThrow(withCode('SIGNATURE_INVALID'));
  });

  it('in the path, the place or the size of the tree', async () => {
    const group = Array.from({ length: 5 }, (_, index) => envelope({ sequence: index + 1 }));
    const good = sealOf(await seal(group), 2, 'ES256');
    const arrived = arrive(group[2]!);
    const [first, ...rest] = good.inclusionPath as [Buffer, ...Buffer[]];
    const open = (changes: Partial<messages.Seal>) => () =>
      openSealed(arrived, { ...good, ...changes }, nantong.statement, NOW);
    expect(open({})()).toBe(arrived);
    for (const changes of [
      { inclusionPath: [flipped(first, 0), ...rest] },
      { inclusionPath: rest },
      { inclusionPath: [...good.inclusionPath, first] },
      { inclusionPath: [] },
      { leafIndex: 3 },
      { leafIndex: 5 },
      { treeSize: 6 },
      { treeSize: 4 },
    ])
      expect(open(changes)).toThrow(withCode('PATH_INVALID'));
  });
});

describe('a root is refused', () => {
  it('that was signed over receipts', async () => {
    const { leaf } = envelope();
    const root = await sealReceipts(nantong.signing, '320600', [Buffer.from('receipt')], NOW);
    expect(() =>
      verifySeal(() => leaf, sealOf(root, 0, 'ES256'), TYP.envelopeRoot, nantong.statement, ARRIVAL),
    ).toThrow(withCode('TYP_MISMATCH'));
  });

  it("that another region's key signed, or a key of another purpose", async () => {
    const fixed = envelope();
    for (const signer of [uxin.signing, nantong.log, nantong.certificate, nantong.identity]) {
      const root = bytes(await sealEnvelopes(signer, '320600', [fixed.leaf], NOW));
      expect(() => verifyGroup(root, [fixed.header], nantong.statement, ARRIVAL)).toThrow(withCode('KEY_UNKNOWN'));
    }
  });

  it('that names another issuer', async () => {
    const fixed = envelope();
    const root = bytes(await sealEnvelopes(nantong.signing, '150626', [fixed.leaf], NOW));
    expect(() => verifyGroup(root, [fixed.header], nantong.statement, ARRIVAL)).toThrow(withCode('ISSUER_MISMATCH'));
  });

  it('whose claims are incomplete', async () => {
    const fixed = envelope();
    const good = { root: fixed.leaf.toString('base64url'), size: 1, iss: regionUrn('320600'), iat: NOW / 1000 };
    const verify = async (claims: object) => {
      const root = Buffer.from(await signJws(nantong.signing, TYP.envelopeRoot, claims));
      return verifyGroup(root, [fixed.header], nantong.statement, ARRIVAL);
    };
    await expect(verify(good)).resolves.toMatchObject({ size: 1, sealedAt: NOW });
    for (const bad of [
      { size: 0 },
      { size: '1' },
      { size: 1.5 },
      { iat: undefined },
      { iat: 'now' },
      { root: 'AA' },
      { root: undefined },
    ])
      await expect(verify({ ...good, ...bad })).rejects.toMatchObject({ code: 'JWS_INVALID' });
  });

  it('that is missing or no JWS', async () => {
    const fixed = envelope();
    expect(() => openSealed(arrive(fixed), null, nantong.statement, NOW)).toThrow(withCode('JWS_INVALID'));
    expect(() => verifyGroup(Buffer.alloc(0), [fixed.header], nantong.statement, ARRIVAL)).toThrow(
      withCode('JWS_INVALID'),
    );
  });
});

describe('time', () => {
  it.each([-1, 1])('of the seal may differ by five minutes and no more (%i)', async (direction) => {
    const fixed = envelope({ sentAt: NOW - DAY_MS });
    const edge = NOW + direction * LIMITS.sealSkewMs;
    await expect(carry(fixed, { sealedAt: edge })).resolves.toBeDefined();
    await expect(carry(fixed, { sealedAt: edge + direction * 1000 })).rejects.toMatchObject({ code: 'SEAL_TIME' });
  });

  it('of the key must not be over on arrival, but counts as it was in history', async () => {
    const old = await throwawayRegion('320600', { now: NOW });
    const { notAfter } = old.statement.keys.find(({ purpose }) => purpose === 'signing')!;
    const fixed = envelope();
    const root = bytes(await seal([fixed], notAfter - 1000, old));
    const at = (now: number) => () => verifyGroup(root, [fixed.header], old.statement, { kind: 'arrival', now });
    expect(at(notAfter - 1)()).toMatchObject({ size: 1 });
    expect(at(notAfter)).toThrow(withCode('KEY_NOT_VALID'));
    expect(verifyGroup(root, [fixed.header], old.statement, { kind: 'history' })).toMatchObject({ size: 1 });
    const late = bytes(await seal([fixed], notAfter, old));
    expect(() => verifyGroup(late, [fixed.header], old.statement, { kind: 'history' })).toThrow(
      withCode('KEY_NOT_VALID'),
    );
  });

  it('of the key must have come', async () => {
    const early = NOW - LIMITS.sealSkewMs - 1000;
    await expect(carry(envelope({ sentAt: early - 1000 }), { sealedAt: early, now: early })).rejects.toMatchObject({
      code: 'KEY_NOT_VALID',
    });
  });

  it('of expiry ends an envelope to the millisecond, on arrival and not in history', async () => {
    const fixed = envelope({ sentAt: NOW - 1000, expiresAt: NOW });
    await expect(carry(fixed, { sealedAt: NOW - 1000, now: NOW - 1 })).resolves.toBeDefined();
    await expect(carry(fixed)).rejects.toMatchObject({ code: 'EXPIRED' });
    const root = verifyGroup(bytes(await seal([fixed])), [fixed.header], nantong.statement, { kind: 'history' });
    expect(() => verifyContent(arrive(fixed), root)).not.toThrow();
  });

  it('of expiry must follow that of sending by at most 30 days', async () => {
    await expect(carry(envelope({ expiresAt: NOW + 30 * DAY_MS }))).resolves.toBeDefined();
    for (const expiresAt of [NOW + 30 * DAY_MS + 1, NOW, NOW - 1, 0])
      await expect(carry(envelope({ expiresAt }))).rejects.toMatchObject({ code: 'EXPIRY_INVALID' });
  });

  it('of sending must not be later than the seal, clocks aside', async () => {
    const edge = NOW + LIMITS.sealSkewMs;
    await expect(carry(envelope({ sentAt: edge }))).resolves.toBeDefined();
    await expect(carry(envelope({ sentAt: edge + 1, expiresAt: edge + DAY_MS }))).rejects.toMatchObject({
      code: 'SENT_IN_FUTURE',
    });
  });

  it('of sending may be long ago: only the seal is fresh', async () => {
    const fixed = envelope({ sentAt: NOW - 29 * DAY_MS, expiresAt: NOW + 1000 });
    await expect(carry(fixed)).resolves.toBeDefined();
  });
});

describe('a header is refused', () => {
  it.each([
    ['VERSION_UNSUPPORTED', { version: 2 }],
    ['VERSION_UNSUPPORTED', { version: 0 }],
    ['EXTENSION_UNKNOWN', { critical: ['compression'] }],
    ['SUITE_MISMATCH', { suite: 'Ed25519' }],
  ])('with %s for %j', async (code, changes) => {
    await expect(carry(envelopeSaying(changes))).rejects.toMatchObject({ code });
  });

  it('that names a suite outside the closed list, before anything is hashed', () => {
    for (const suite of ['', 'none', 'SM9'])
      expect(() => arrive(envelopeSaying({ suite }))).toThrow(withCode('SUITE_MISMATCH'));
  });

  it('of another sender than the connected peer, or for another recipient than us', () => {
    const message = { ...envelope(), seal: null };
    expect(() => readArrived(message, '110000', '150626')).toThrow(withCode('PEER_MISMATCH'));
    expect(() => readArrived(message, '320600', '110000')).toThrow(withCode('WRONG_RECIPIENT'));
  });

  it.each([
    { id: '' },
    { id: HEADER.id.toUpperCase().replace('A', 'a') },
    { id: HEADER.conversation },
    { type: '' },
    { type: '../Ping' },
    { sender: '' },
    { recipient: 'Nantong' },
    { conversation: 'case' },
    { sequence: 2 ** 53 },
    { sentAt: 2 ** 53 },
    { expiresAt: 2 ** 53 },
    { authorizationId: 'agreement' },
    { authorizationId: HEADER.conversation },
    { authorizationDigest: Buffer.alloc(32) },
    { inReplyTo: 'that one' },
    { payloadDigest: Buffer.alloc(31) },
    { critical: Array.from({ length: 17 }, (_, index) => `e${index}`) },
  ])('as malformed with %j', (changes) => {
    expect(() => arrive(envelopeSaying(changes))).toThrow(withCode('MALFORMED'));
  });

  it('when it cannot be decoded', () => {
    const fixed = envelope();
    for (const header of [fixed.header.subarray(0, -10), Buffer.from([0xff]), Buffer.alloc(0)])
      expect(() => arrive({ ...fixed, header })).toThrow(withCode('MALFORMED'));
  });

  it('when header and payload are larger than 1 MiB together', () => {
    const { header } = envelope();
    const payload = Buffer.alloc(LIMITS.messageBytes - header.length);
    expect(arrive(envelope({}, payload)).payload).toHaveLength(payload.length);
    expect(() => arrive(envelope({}, Buffer.alloc(payload.length + 1)))).toThrow(withCode('MESSAGE_TOO_LARGE'));
  });
});

it('a newer header with an unknown field that is not critical is opened with its bytes unchanged', async () => {
  const fixed = envelope();
  const header = Buffer.concat([fixed.header, Buffer.from([0xfa, 0x3f, 0x01, 0x78])]);
  const newer = { ...fixed, header, leaf: envelopeLeaf(suiteOf('ES256').hash, header) };
  const opened = await carry(newer);
  expect(opened.headerBytes).toEqual(header);
  expect(opened.leaf).toEqual(newer.leaf);
  expect(opened.header).toEqual(decode('EnvelopeHeader', fixed.header));
});

it('every envelope has a salt of its own, so that equal payloads cannot be recognised', () => {
  const payload = Buffer.from('same');
  const [one, two] = [envelope({}, payload), envelope({}, payload)];
  expect(one.payloadSalt).toHaveLength(32);
  expect(one.payloadSalt).not.toEqual(two.payloadSalt);
  expect(arrive(one).header.payloadDigest).not.toEqual(arrive(two).header.payloadDigest);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issueCertificate } from '#trust';
import { type CheckPair, checkPair } from '../../testing/check-pair.ts';
import { type CheckRegion, checkRegion, licence } from '../../testing/check-region.ts';
import { carryNotices } from '../../testing/notice-side.ts';
import { onWire } from './words.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
/** Order of the group of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

let pair: CheckPair;
/** A pinned region that puts the identifiers of others on certificates of its own. */
let quanzhou: CheckRegion;

beforeAll(async () => {
  pair = await checkPair(NOW, { answerSeconds: 3600, reuseSeconds: 3600 });
  quanzhou = await checkRegion('350500', { now: () => pair.time.value });
  quanzhou.pinned.set('320600', pair.nantong.own);
  pair.nantong.pinned.set('350500', quanzhou.own);
});
afterAll(async () => {
  await pair.close();
  await quanzhou.close();
});
beforeEach(() => {
  pair.time.value += 10_000;
});

const issue = (changes = {}) => pair.uxin.certificates.issue(licence(NOW, { number: undefined, ...changes }));
type Issued = Awaited<ReturnType<typeof issue>>;

const ask = ({ identifier }: Pick<Issued, 'identifier'>) =>
  pair.nantong.checks.ask('150626', { identifier, fields: [], purpose: '核验' });
const carry = () => carryNotices(pair.uxin.notices, pair.nantong.notices);

/** Uxin Banner revokes; what Nantong says to the notice. */
async function revoke({ identifier }: Issued): Promise<string[]> {
  await pair.uxin.certificates.setStatus(identifier, 'revoked', '撤销', 'clerk.li');
  return carry();
}

async function keep(text: string, issuer = '150626'): Promise<void> {
  const { certificates, store } = pair.nantong;
  const from = { conversation: randomUUID(), item: 'EX018', issuer };
  await store.write((tx) => certificates.keepReceived(tx, from, text));
}

/** Another certificate under the identifier of one, that a region signs now. */
function again({ verified }: Issued, by: CheckRegion): Promise<string> {
  const now = pair.time.value;
  const { identifier, typeCode, number, name, authority, validFrom, validUntil, item, fields } = verified.certificate;
  const same = { identifier, typeCode, number, name, authority, validFrom, validUntil, item, fields };
  const { holder } = licence(NOW);
  return issueCertificate(by.own.certificate, { ...same, region: by.own.region, holder, issuedAt: now }, now);
}

/** The same certificate under its other good signature: ECDSA takes s and n − s alike. */
function twinOf(text: string): string {
  const [jwt, ...disclosures] = text.split('~');
  const [header, payload, signature] = jwt!.split('.');
  const bytes = Buffer.from(signature!, 'base64url');
  const s = N - BigInt(`0x${bytes.toString('hex', 32)}`);
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return [`${header}.${payload}.${other.toString('base64url')}`, ...disclosures].join('~');
}

const verify = (text: string) => pair.nantong.certificates.verify(text);

/** How a text and its twin stand. */
async function bothStand(text: string): Promise<string[]> {
  const [one, twin] = [await verify(text), await verify(twinOf(text))];
  expect(twin.digest).not.toEqual(one.digest);
  return [`${one.status} ${one.source}`, `${twin.status} ${twin.source}`];
}

describe('a certificate that a third region signed under the identifier first', () => {
  it('does not keep the issuer from revoking its own, about which we asked', async () => {
    const issued = await issue();
    expect((await ask(issued)).status).toBe('valid');
    const foreign = await again(issued, quanzhou);
    await keep(foreign, '350500');
    pair.time.value += 1000;
    expect(await revoke(issued)).toEqual(['']);
    expect(await ask(issued)).toMatchObject({ status: 'revoked', cached: false });
    expect(await verify(issued.text)).toMatchObject({ status: 'revoked', source: 'notice' });
    expect(await verify(foreign)).toMatchObject({ status: 'valid', source: 'dates' });
  });

  it('does not keep it from revoking the one that we have', async () => {
    const issued = await issue();
    await keep(await again(issued, quanzhou), '350500');
    await keep(issued.text);
    await ask(issued);
    expect(await revoke(issued)).toEqual(['']);
    expect(await verify(issued.text)).toMatchObject({ status: 'revoked', source: 'notice' });
  });
});

it('a certificate is spoken of by its issuer alone, also where we asked others about its identifier', async () => {
  const issued = await issue();
  await keep(issued.text);
  const { store, notices } = pair.nantong;
  const say = async (digest: Buffer) => {
    const { outbox, store } = quanzhou.notices.carrier;
    const decision = {
      ...onWire({ status: 'revoked', ground: 'other' }),
      reason: '原因',
      decidedAt: pair.time.value,
    };
    const payload = { identifier: issued.identifier, reference: '', digest, ...decision, authority: '示例机关' };
    const envelope = { peer: '320600', conversation: randomUUID(), name: 'CertificateNotice', payload } as const;
    await store.write((tx) => outbox.enqueue(tx, envelope));
    return carryNotices(quanzhou.notices, notices);
  };
  expect(await say(Buffer.alloc(32, 1))).toEqual(['CERTIFICATE_ISSUER']);
  await store.write((tx) => notices.incoming.asked(tx, '350500', issued.identifier));
  expect(await say(issued.verified.digest)).toEqual(['CERTIFICATE_ISSUER']);
  expect(await say(Buffer.alloc(32, 1))).toEqual(['']);
  expect(await bothStand(issued.text)).toEqual(['valid dates', 'valid dates']);
});

describe('the twin of a certificate, whose signature its holder turned', () => {
  it('is revoked with it, whether we have it or not', async () => {
    const [asked, received] = [await issue(), await issue()];
    await keep(received.text);
    await ask(asked);
    await ask(received);
    expect(await bothStand(asked.text)).toEqual(['valid dates', 'valid dates']);
    await revoke(asked);
    await revoke(received);
    expect(await bothStand(asked.text)).toEqual(['revoked notice', 'revoked notice']);
    expect(await bothStand(received.text)).toEqual(['revoked notice', 'revoked notice']);
  });

  it('is suspended and restored with it', async () => {
    const issued = await issue();
    await ask(issued);
    await pair.uxin.certificates.setStatus(issued.identifier, 'suspended', '核查', 'clerk.li');
    await carry();
    expect(await bothStand(issued.text)).toEqual(['suspended notice', 'suspended notice']);
    await pair.uxin.certificates.setStatus(issued.identifier, 'valid', '核查结束', 'clerk.li');
    await carry();
    expect(await bothStand(issued.text)).toEqual(['valid notice', 'valid notice']);
  });

  it('is cancelled with the version that was replaced, whose successor stands', async () => {
    const issued = await issue();
    await ask(issued);
    pair.time.value += 1000;
    const successor = await issue({ replaces: issued.identifier });
    expect(await carry()).toEqual(['']);
    expect(await bothStand(issued.text)).toEqual(['cancelled notice', 'cancelled notice']);
    expect(await bothStand(successor.text)).toEqual(['valid dates', 'valid dates']);
  });
});

describe('an identifier that an issuer gave twice, after a restore,', () => {
  it('is not condemned by what was decided before the second certificate was signed', async () => {
    const issued = await issue();
    await ask(issued);
    await revoke(issued);
    pair.time.value += 1000;
    expect(await bothStand(await again(issued, pair.uxin))).toEqual(['valid dates', 'valid dates']);
    expect(await bothStand(issued.text)).toEqual(['revoked notice', 'revoked notice']);
  });
});

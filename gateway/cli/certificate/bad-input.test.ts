import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TYP } from '#proto';
import { builtInCertificateTypes, signJws } from '#trust';
import { Renditions } from '../../rendition/renditions.ts';
import { type CheckRegion, checkRegion, licence } from '../../testing/check-region.ts';
import { ownSealing } from '../../testing/own-sealing.ts';
import type { Answer } from '../command.ts';
import type { Presented } from './presented.ts';
import { type Judgement, verifyPresented } from './verify.ts';

const NOW = Date.UTC(2030, 0, 1);
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

let folder: string;
let time = NOW;
let issuer: CheckRegion;
let other: CheckRegion;
let statement: string;
let text: string;
let identifier: string;
let another: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-bad-'));
  const clock = { now: () => time };
  [issuer, other] = [await checkRegion('150626', clock), await checkRegion('350500', clock)];
  ({ text, identifier } = await issuer.certificates.issue(licence(NOW)));
  ({ text: another } = await issuer.certificates.issue(licence(NOW, { number: 'JY11506260000019' })));
  statement = join(folder, '150626.jwt');
  await writeFile(statement, issuer.own.jwt);
});

afterAll(async () => {
  await Promise.all([issuer.close(), other.close()]);
  await rm(folder, { recursive: true });
});

type Claims = Record<string, unknown> & { _sd: string[] };

const hashed = (encoded: string) => createHash('sha256').update(encoded).digest('base64url');
const disclosure = (...content: unknown[]) => Buffer.from(JSON.stringify(content)).toString('base64url');
const parts = (certificate: string) => certificate.slice(0, -1).split('~');

/** The certificate as a region might sign it that breaks the rules, with these disclosures instead of its own. */
async function forged(change: (claims: Claims) => object, ...disclosures: string[]): Promise<string> {
  const claims = JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString()) as Claims;
  const jwt = await signJws(issuer.own.certificate, TYP.certificate, { ...claims, ...change(claims) });
  return `${[jwt, ...disclosures].join('~')}~`;
}

function withDigestOf(encoded: string): Promise<string> {
  return forged(({ _sd }) => ({ _sd: [..._sd, hashed(encoded)].sort() }), encoded);
}

describe('a certificate', () => {
  it.each<[what: string, make: () => string | Promise<string>, proof: string, code: string]>([
    [
      'with an altered disclosure',
      () => text.replace(parts(text)[1]!, disclosure('salt', 'certificate_holder_name', '示例乙')),
      'disclosures',
      'CERTIFICATE_DISCLOSURE',
    ],
    [
      'with a disclosure of another certificate',
      () => `${text}${parts(another)[1]}~`,
      'disclosures',
      'CERTIFICATE_DISCLOSURE',
    ],
    ['with a disclosure twice', () => `${text}${parts(text)[1]}~`, 'disclosures', 'CERTIFICATE_DISCLOSURE'],
    [
      'with a disclosure that no digest stands for',
      () => `${text}${disclosure('salt', 'field_x', 'x')}~`,
      'disclosures',
      'CERTIFICATE_DISCLOSURE',
    ],
    ['with a digest twice', () => forged(({ _sd }) => ({ _sd: [..._sd, _sd[0]] })), 'content', 'CERTIFICATE_MALFORMED'],
    [
      'with a digest twice, once within a claim',
      () => forged(({ _sd }) => ({ field_x: { _sd: [_sd[0]] } })),
      'content',
      'CERTIFICATE_MALFORMED',
    ],
    [
      'with more decoys than a certificate may have',
      () => forged(() => ({ _sd: Array.from({ length: 401 }, (_, n) => hashed(`${n}`)) })),
      'content',
      'CERTIFICATE_MALFORMED',
    ],
    [
      'with an entry of a list where a claim belongs',
      () => withDigestOf(disclosure('salt', 'x')),
      'disclosures',
      'CERTIFICATE_DISCLOSURE',
    ],
    ['with a claim "..."', () => forged(({ _sd }) => ({ '...': _sd[0] })), 'content', 'CERTIFICATE_MALFORMED'],
    [
      'with a claim "_sd_alg" within a field',
      () => forged(() => ({ field_x: { _sd_alg: 'sha-256' } })),
      'content',
      'CERTIFICATE_MALFORMED',
    ],
    [
      'with a disclosed "_sd"',
      () => withDigestOf(disclosure('salt', '_sd', ['x'])),
      'disclosures',
      'CERTIFICATE_DISCLOSURE',
    ],
    [
      'with a disclosed "..."',
      () => withDigestOf(disclosure('salt', '...', 'x')),
      'disclosures',
      'CERTIFICATE_DISCLOSURE',
    ],
    [
      'with a disclosure in the name of an open claim',
      () => withDigestOf(disclosure('salt', 'certificate_number', 'X')),
      'disclosures',
      'CERTIFICATE_DISCLOSURE',
    ],
    [
      'with a vct of another type',
      () => forged(() => ({ vct: 'urn:tongban:certificate:11100000MB0143028R001' })),
      'content',
      'CERTIFICATE_TYPE',
    ],
    [
      'with an identifier of another check character',
      () =>
        forged(({ certificate_identifier: id }) => ({
          certificate_identifier: `${id}`.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
        })),
      'content',
      'CERTIFICATE_IDENTIFIER',
    ],
    [
      'with another signature',
      () => text.replace(/\.[\w-]+~/, `.${'A'.repeat(86)}~`),
      'signature',
      'SIGNATURE_INVALID',
    ],
    ['of nothing at all', () => 'nothing', 'content', 'CERTIFICATE_MALFORMED'],
  ])('%s is refused', async (_, make, proof, code) => {
    const answer = await verify({ kind: 'certificate', text: await make() });
    expectRefused(answer, proof, 'failed', code);
    expect(answer.json).not.toHaveProperty('certificate');
    expect(answer.text).toMatch(new RegExp(`未通过[\\s\\S]*不成立 FAILED +${code} `));
  });

  it('with decoys is as good as without', async () => {
    const shown = parts(text)[1]!;
    const decoyed = await forged(({ _sd }) => ({ _sd: [..._sd, hashed('decoy')].sort() }), shown);
    expect(await verify({ kind: 'certificate', text: decoyed })).toMatchObject({ exit: 0, json: { verified: true } });
  });

  it('is another one than was demanded', async () => {
    const answer = await verify({ kind: 'certificate', text }, { typeCode: '11100000MB0143028R001' });
    expectRefused(answer, 'content', 'failed', 'CERTIFICATE_TYPE');
    expect(outcomes(answer)).toMatchObject({ signature: 'proved', issuer: 'proved', content: 'failed' });
  });

  it('whose disclosures were altered still says whose signature it has', async () => {
    const answer = await verify({ kind: 'certificate', text: `${text}${parts(another)[1]}~` });
    expect(outcomes(answer)).toMatchObject({ signature: 'proved', issuer: 'proved', content: 'open', binding: 'open' });
  });
});

describe('a status list', () => {
  const cached = (path: string) => ({ cached: { path, maxAgeMs: DAY_MS } });
  const published = async (region: CheckRegion) => (await region.statusLists.published(1)).text;

  /** The list of the issuer, with other claims, signed by it. */
  async function listWith(change: object): Promise<string> {
    const list = await published(issuer);
    const claims = JSON.parse(Buffer.from(list.split('.')[1]!, 'base64url').toString()) as object;
    return signJws(issuer.own.certificate, TYP.statusList, { ...claims, ...change });
  }

  it.each<[what: string, make: () => Promise<string>, code: string]>([
    ['of another issuer', async () => published(await withOne(other)), 'STATUS_LIST_ISSUER'],
    [
      'of the issuer under another address',
      () => listWith({ sub: 'https://example.com/status-lists/1' }),
      'STATUS_LIST_ISSUER',
    ],
    ['that is too short for the certificate', () => listWith(packed(Buffer.alloc(0))), 'STATUS_INDEX'],
    ['that is a bomb', () => listWith(packed(Buffer.alloc(5 * 1024 * 1024))), 'STATUS_LIST_INVALID'],
    ['that is no list', async () => 'no list', 'STATUS_LIST_INVALID'],
    [
      'with another signature',
      async () => (await published(issuer)).replace(/\.[\w-]+$/, `.${'A'.repeat(86)}`),
      'SIGNATURE_INVALID',
    ],
  ])('%s proves nothing', async (_, make, code) => {
    const file = join(folder, 'list');
    await writeFile(file, await make());
    const answer = await verify({ kind: 'certificate', text }, cached(file));
    expectRefused(answer, 'status', 'open', code);
    expect(outcomes(answer)).toMatchObject({ signature: 'proved', validity: 'proved' });
  });

  it('that is shown again when it is old proves nothing', async () => {
    const file = join(folder, 'replayed');
    await writeFile(file, await published(issuer));
    time += DAY_MS + HOUR_MS;
    expectRefused(await verify({ kind: 'certificate', text }, cached(file)), 'status', 'open', 'STATUS_LIST_STALE');
    time = NOW;
  });
});

describe('a PDF', () => {
  let pdf: Buffer;

  beforeAll(async () => {
    const { own, certificates } = issuer;
    const renditions = new Renditions({
      region: '150626',
      clock: { now: () => time },
      certificates,
      types: builtInCertificateTypes,
      sealing: ownSealing(own, { now: () => time }),
    });
    ({ pdf } = await renditions.pdf(identifier));
  });

  it('is proved to be as it was signed', async () => {
    const answer = await verify({ kind: 'pdf', bytes: pdf });
    expect(outcomes(answer)).toMatchObject({ file: 'proved', signature: 'proved', disclosures: 'proved' });
  });

  describe('that was signed ahead of the clock, or of --at', () => {
    const later = () => time + DAY_MS;
    let ahead: Buffer;
    beforeAll(async () => {
      const { own, certificates } = issuer;
      const clock = { now: later };
      const sealing = ownSealing(own, clock);
      const types = builtInCertificateTypes;
      ({ pdf: ahead } = await new Renditions({ region: '150626', clock, certificates, types, sealing }).pdf(
        identifier,
      ));
    });

    it('is not called altered, but from the future; the certificate in it is verified as ever', async () => {
      const answer = await verify({ kind: 'pdf', bytes: ahead });
      expect(answer).toMatchObject({ exit: 0, json: { verified: true, identifier } });
      expect(outcomes(answer)).toMatchObject({ file: 'open', signature: 'proved', validity: 'proved' });
      expect(answer.json).not.toHaveProperty('error');
      expect(answer.text).toMatch(/未证明 not proved.*签名时间晚于本机时钟.*请核对时钟.*check the clock/);
      expect(await verify({ kind: 'pdf', bytes: ahead }, { demanded: ['file'] })).toMatchObject({ exit: 1 });
      const then = await verify({ kind: 'pdf', bytes: ahead }, { now: later() });
      expect(outcomes(then)).toMatchObject({ file: 'proved' });
      expect(then.text).not.toContain('请核对时钟');
    });

    it('is refused all the same when it was altered, or when the certificate is not valid yet', async () => {
      const altered = Buffer.from(ahead.map((byte, at) => (at === 2000 ? byte ^ 1 : byte)));
      expectRefused(await verify({ kind: 'pdf', bytes: altered }), 'file', 'failed', 'RENDITION_ALTERED');
      const before = await verify({ kind: 'pdf', bytes: ahead }, { now: NOW - DAY_MS });
      expectRefused(before, 'validity', 'failed', 'CERTIFICATE_NOT_YET_VALID');
      expect(outcomes(before)).toMatchObject({ file: 'open', signature: 'proved' });
    });
  });

  it('of a certificate that another region issued proves nothing, although that region is trusted too', async () => {
    const { own } = other;
    const stranger = join(folder, '350500.jwt');
    await writeFile(stranger, own.jwt);
    const get = async (id: string) => ({ ...(await issuer.certificates.get(id)), issuer: '350500' });
    const renditions = new Renditions({
      region: '350500',
      clock: { now: () => time },
      certificates: {
        get,
        text: (id) => issuer.certificates.text(id),
        reference: () => Promise.resolve('TONGBAN:350500:MZXW6YTBOJTG633CMFZGM33PMI'),
      },
      types: builtInCertificateTypes,
      sealing: ownSealing(own, { now: () => time }),
    });
    const { pdf: foreign } = await renditions.pdf(identifier);
    const answer = await verify({ kind: 'pdf', bytes: foreign }, { statements: [statement, stranger] });
    expectRefused(answer, 'file', 'failed', 'RENDITION_ALTERED');
    expect(answer.json).not.toHaveProperty('certificate');
    expect(outcomes(answer)).toMatchObject({ signature: 'proved', issuer: 'proved' });
  });

  it.each<[what: string, make: () => Buffer, code: string]>([
    [
      'with an incremental update',
      () =>
        Buffer.concat([pdf, Buffer.from('\n1 0 obj\n<<>>\nendobj\nxref\n0 0\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n')]),
      'RENDITION_ALTERED',
    ],
    [
      'with an altered byte',
      () => Buffer.from(pdf.map((byte, at) => (at === 2000 ? byte ^ 1 : byte))),
      'RENDITION_ALTERED',
    ],
    ['with nothing but its first line', () => Buffer.from('%PDF-1.7\n'), 'RENDITION_ALTERED'],
  ])('%s is refused', async (_, make, code) => {
    const answer = await verify({ kind: 'pdf', bytes: make() });
    expectRefused(answer, 'file', 'failed', code);
    expect(outcomes(answer)).toMatchObject({ signature: 'open', issuer: 'open' });
  });
});

describe('the text of a QR code', () => {
  it.each([
    'https://certificates.example.com/verify?c=TONGBAN-C:BB8',
    'HTTPS://EXAMPLE.COM/TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI',
    'weixin://dl/scan',
    'TONGBAN:999999:MZXW6YTBOJTG633CMFZGM33PMI',
    'tongban:150626:MZXW6YTBOJTG633CMFZGM33PMI',
  ])('%s is refused, and nothing is opened', async (qr) => {
    await expect(verify({ kind: 'qr', text: qr })).rejects.toMatchObject({ code: 'CERTIFICATE_REFERENCE' });
  });

  it.each([
    ['is cut off', 'TONGBAN-C:BB8'],
    ['is no base45', 'TONGBAN-C:bb8'],
    ['is empty', 'TONGBAN-C:'],
  ])('that %s is refused as a certificate', async (_, qr) => {
    expectRefused(await verify({ kind: 'qr', text: qr }), 'content', 'failed', 'CERTIFICATE_MALFORMED');
  });
});

function verify(presented: Presented, more: Partial<Judgement> = {}): Promise<Answer> {
  return verifyPresented(presented, { statements: [statement], now: time, ...more });
}

function expectRefused({ exit, json }: Answer, name: string, outcome: string, code: string): void {
  const proof = expect.objectContaining({ name, outcome, code });
  expect({ exit, json }).toMatchObject({ exit: 1, json: { verified: false, proofs: expect.arrayContaining([proof]) } });
}

function outcomes({ json }: Answer): object {
  const { proofs } = json as { proofs: { name: string; outcome: string }[] };
  return Object.fromEntries(proofs.map(({ name, outcome }) => [name, outcome]));
}

function packed(entries: Buffer): object {
  return { status_list: { bits: 4, lst: deflateSync(entries).toString('base64url') } };
}

/** The region, with a certificate that makes it publish a list. */
async function withOne(region: CheckRegion): Promise<CheckRegion> {
  await region.certificates.issue(licence(NOW));
  return region;
}

import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInCertificateTypes, presentCertificate, writePaperCertificate } from '#trust';
import { PAGE, packOfd, sealedOfd, sealingCast, testRevocationList } from '../../trust/testing/index.ts';
import type { CertificateVerdict } from '../certificate/certificate-verdict.ts';
import { StampedCopies } from '../certificate/stamped-copies.ts';
import { Renditions } from '../rendition/renditions.ts';
import { type CheckPair, checkPair, checksOf } from '../testing/check-pair.ts';
import { type CheckRegion, licence } from '../testing/check-region.ts';
import { ownSealing } from '../testing/own-sealing.ts';
import { pageOf } from './testing/page-of.ts';
import type { PublicVerdict } from './verdict.ts';

const NOW = Date.UTC(2026, 11, 10, 2);
const ADDRESS = '192.0.2.1';
const HOLDER = /示例餐饮有限公司|阿不都|91150626MA0000001R/;
const { authority, ...cast } = sealingCast();
const types = builtInCertificateTypes;

let pair: CheckPair;
/** Issued the certificate. */
let uxin: CheckRegion;
let nantong: CheckRegion;
let identifier: string;
let text: string;
let qr: string;
let pdf: Buffer;
const logged: string[] = [];

beforeAll(async () => {
  pair = await checkPair(NOW);
  ({ uxin, nantong } = pair);
  ({ identifier, text } = await uxin.certificates.issue(licence(NOW)));
  qr = (await uxin.certificates.reference({ identifier, issuer: '150626' }))!;
  pdf = await pdfOf(identifier);
});

afterAll(() => pair.close());

async function pdfOf(of: string): Promise<Buffer> {
  const { own, certificates } = uxin;
  const clock = { now: () => pair.time.value };
  const options = { region: '150626', clock, certificates, types, sealing: ownSealing(own, clock) };
  return (await new Renditions(options).pdf(of)).pdf;
}

function page(region: CheckRegion, changes: Parameters<typeof pageOf>[2] = {}) {
  return pageOf(region, { now: () => pair.time.value }, { documentTrust: authority.pem, logged, ...changes });
}

function resultsOf({ proofs }: PublicVerdict): Record<string, string> {
  return Object.fromEntries(proofs.map(({ name, result }) => [name, result]));
}

const fileOf = (bytes: Buffer | string) => Readable.from([Buffer.from(bytes)]);
const verifyFile = (region: CheckRegion, bytes: Buffer | string) => page(region).file(ADDRESS, fileOf(bytes));

describe('a reference of our own', () => {
  it('shows what anybody may know: masked, and no field', async () => {
    const verdict = await page(uxin).text(ADDRESS, qr);
    expect(verdict).toMatchObject({ kind: 'reference', tone: 'good', masked: true, checkedAt: NOW });
    expect(resultsOf(verdict)).toEqual({
      issuer: 'proven',
      status: 'proven',
      validity: 'proven',
      print: 'open',
      holder: 'open',
    });
    expect(Object.fromEntries(verdict.rows.map(({ zh, value }) => [zh, value]))).toEqual({
      证照类型: '食品经营许可证',
      证照编号: 'JY11********0001',
      持证主体: '示***司',
      统一社会信用代码: '9115**********001R',
      颁发机构: '乌审旗市场监督管理局',
      颁发日期: '2026-12-10',
      有效期: '2026-12-10 至 2031-12-09',
    });
    expect(JSON.stringify(verdict)).not.toMatch(HOLDER);
    expect(JSON.stringify(verdict)).not.toContain(identifier);
  });

  it('follows every decision at once', async () => {
    const { identifier: other } = await uxin.certificates.issue(licence(NOW, { number: 'JY11506260000099' }));
    const code = (await uxin.certificates.reference({ identifier: other, issuer: '150626' }))!;
    const desk = page(uxin);
    for (const [word, zh] of [
      ['suspended', '已暂停'],
      ['valid', '有效'],
      ['withdrawn', '已吊销'],
    ] as const) {
      await uxin.certificates.setStatus(other, word, '检查', 'operator');
      const verdict = await desk.text(ADDRESS, code);
      expect(verdict.conclusion.zh).toBe(zh);
      expect(verdict.tone).toBe(word === 'valid' ? 'good' : 'bad');
    }
  });

  it('that does not exist is not there, and cannot be guessed', async () => {
    const desk = page(uxin, { ratePerMinute: 12 });
    const guess = (address = ADDRESS) => desk.text(address, 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI');
    for (let count = 0; count < 2; count += 1) await expect(guess()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(guess()).rejects.toMatchObject({ code: 'BACK_PRESSURE', waitMs: 60_000 });
    // Nor does who guessed learn what exists.
    await expect(desk.text(ADDRESS, qr)).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
    expect(await desk.text('192.0.2.2', qr)).toMatchObject({ tone: 'good' });
    expect(await desk.text(ADDRESS, text)).toMatchObject({ tone: 'good' });
  });
});

describe('a reference of another region', () => {
  const statusOf = async (told: Promise<PublicVerdict>) => resultsOf(await told)['status'];

  it('is a matter for that region, which is named and not asked', async () => {
    const before = (await checksOf(nantong)).length;
    const verdict = await page(nantong).text(ADDRESS, qr);
    expect(verdict).toMatchObject({ tone: 'caution', masked: true });
    expect(verdict.conclusion.zh).toBe('请到内蒙古自治区鄂尔多斯市乌审旗（150626）核验');
    expect(resultsOf(verdict)).toEqual({ issuer: 'open', status: 'open' });
    expect(JSON.stringify(verdict)).not.toMatch(/https?:|www\./);
    expect(await checksOf(nantong)).toHaveLength(before);
  });

  it('is asked about where the config says so, for no field: its code is in force, which says nothing of the sheet', async () => {
    const verdict = await page(nantong, { askPeers: true }).text(ADDRESS, qr);
    expect(verdict).toMatchObject({ tone: 'caution', conclusion: { zh: '仅查验码有效，所见证照未经核对' }, rows: [] });
    expect(resultsOf(verdict)).toEqual({ issuer: 'proven', status: 'proven', print: 'open', holder: 'open' });
    expect(verdict.proofs.find(({ name }) => name === 'print')!.zh).toMatch(/没有与任何记录核对.*离线核验码.*文件/);
    expect(JSON.stringify(verdict)).not.toMatch(/下列|lines below/);
    expect(JSON.stringify(verdict)).not.toMatch(HOLDER);
  });

  it('is not to be accepted when its region says that the certificate ended', async () => {
    const { identifier: other } = await uxin.certificates.issue(licence(NOW, { number: 'JY11506260000098' }));
    const code = (await uxin.certificates.reference({ identifier: other, issuer: '150626' }))!;
    await uxin.certificates.setStatus(other, 'revoked', '材料虚假', 'operator');
    const verdict = await page(nantong, { askPeers: true }).text(ADDRESS, code);
    expect(verdict).toMatchObject({ tone: 'bad', conclusion: { zh: '已撤销' } });
    expect(resultsOf(verdict)).toMatchObject({ status: 'failed', print: 'open' });
  });

  it('says that there is no answer when there is none, and when there is no such reference', async () => {
    const desk = page(nantong, { askPeers: true });
    const unknown = 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI';
    expect((await desk.text(ADDRESS, unknown)).tone).toBe('caution');
    logged.length = 0;
    const verdict = await desk.text(ADDRESS, 'TONGBAN:110101:MZXW6YTBOJTG633CMFZGM33PMI');
    expect(verdict.proofs[0]!.zh).toContain('未能从该地区得到答复');
    expect(JSON.parse(logged.at(-1)!)).toMatchObject({ peer: '110101', code: 'PEER_NOT_PINNED' });
  });

  it('that does not exist cannot be guessed either, and what exists is no guess', async () => {
    const desk = page(nantong, { askPeers: true, ratePerMinute: 12 });
    const unknown = 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI';
    for (let count = 0; count < 2; count += 1) expect((await desk.text(ADDRESS, unknown)).tone).toBe('caution');
    const before = (await checksOf(nantong)).length;
    await expect(desk.text(ADDRESS, unknown)).rejects.toMatchObject({ code: 'BACK_PRESSURE', waitMs: 60_000 });
    // Neither elsewhere nor here.
    await expect(desk.text(ADDRESS, qr)).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
    await expect(desk.text(ADDRESS, unknown.replace('150626', '320600'))).rejects.toMatchObject({
      code: 'BACK_PRESSURE',
    });
    expect(await checksOf(nantong)).toHaveLength(before);
    expect(await statusOf(desk.text('192.0.2.2', qr))).toBe('proven');
  });

  it('is no guess when it exists, nor when its region says nothing', async () => {
    const desk = page(nantong, { askPeers: true, ratePerMinute: 12 });
    const silent = 'TONGBAN:110101:MZXW6YTBOJTG633CMFZGM33PMI';
    expect(await statusOf(desk.text(ADDRESS, qr))).toBe('proven');
    for (let count = 0; count < 3; count += 1) expect((await desk.text(ADDRESS, silent)).tone).toBe('caution');
    const ours = desk.text(ADDRESS, silent.replace('110101', '320600'));
    await expect(ours).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('costs who asks often his own questions and not those of others', async () => {
    const desk = page(nantong, { askPeers: true, ratePerMinute: 12 });
    const before = (await checksOf(nantong)).length;
    for (const status of ['proven', 'proven', 'open', 'open'])
      expect(await statusOf(desk.text(ADDRESS, qr))).toBe(status);
    // A certificate is a question too.
    expect((await desk.text(ADDRESS, text)).conclusion.zh).toBe('真实，状态未确认');
    expect(await checksOf(nantong)).toHaveLength(before + 2);
    expect((await desk.text('192.0.2.2', text)).tone).toBe('good');
  });

  it('is not asked about without end, whoever asks', async () => {
    const desk = page(nantong, { askPeers: true, ratePerMinute: 2 });
    for (let count = 0; count < 2; count += 1) expect(await statusOf(desk.text(`192.0.2.${count}`, qr))).toBe('proven');
    const before = (await checksOf(nantong)).length;
    expect(await statusOf(desk.text('192.0.2.9', qr))).toBe('open');
    expect(await checksOf(nantong)).toHaveLength(before);
  });
});

describe('a certificate', () => {
  it('of our own shows what it discloses, and what is not proved', async () => {
    const verdict = await page(uxin).text(ADDRESS, text);
    expect(verdict).toMatchObject({ kind: 'certificate', tone: 'good', masked: false });
    expect(resultsOf(verdict)).toEqual({
      signature: 'proven',
      issuer: 'proven',
      status: 'proven',
      validity: 'proven',
      holder: 'open',
    });
    expect(verdict.rows).toContainEqual({ zh: '持证主体', en: 'Holder', value: '示例餐饮有限公司' });
    expect(verdict.rows).toContainEqual(expect.objectContaining({ zh: '经营项目', value: '热食类食品制售' }));
  });

  it('from paper is the same one', async () => {
    const verdict = await page(uxin).text(ADDRESS, writePaperCertificate(presentCertificate(text, [])));
    expect(verdict).toMatchObject({ kind: 'paper', tone: 'good' });
    expect(JSON.stringify(verdict)).not.toMatch(HOLDER);
  });

  it('of another region is genuine, and its status is open, unless that region is asked', async () => {
    const verdict = await page(nantong).text(ADDRESS, text);
    expect(verdict).toMatchObject({ tone: 'caution', conclusion: { zh: '真实，状态未确认' } });
    expect(resultsOf(verdict)).toMatchObject({ signature: 'proven', issuer: 'proven', status: 'open' });
    const asked = await page(nantong, { askPeers: true }).text(ADDRESS, text);
    expect(asked).toMatchObject({ tone: 'good' });
    expect(asked.proofs.find(({ name }) => name === 'status')!.zh).toContain('答复');
  });

  it.each([
    ['list', 'suspended', '已暂停：签发地区 2026-12-10 09:00 公布的状态列表', 'bad'],
    ['list', 'valid', '有效：签发地区 2026-12-10 09:00 公布的状态列表', 'good'],
    ['notice', 'revoked', '已撤销：签发地区 2026-12-10 09:00 通知', 'bad'],
    ['notice', 'valid', '是否已暂停或终止', 'caution'],
  ] as const)('whose %s says %s is told so, with its age', async (source, status, zh, tone) => {
    const told = await verdictOf({ source, status, asOf: NOW - 60 * 60 * 1000 });
    expect(told.tone).toBe(tone);
    expect(told.proofs.find(({ name }) => name === 'status')!.zh).toContain(zh);
  });

  it('that is past its end, or not known to our own library, is not to be accepted', async () => {
    const expired = await verdictOf({ source: 'dates', status: 'expired' });
    expect(expired).toMatchObject({ tone: 'bad', conclusion: { zh: '已过期' } });
    const never = await verdictOf({ source: 'library', status: 'unknown' });
    expect(never).toMatchObject({ tone: 'bad', conclusion: { zh: '查无此证照' } });
  });

  it.each([
    ['our own', () => uxin],
    ['another region', () => nantong],
  ])('that is a stamped copy stands as its original, until it ends, at the page of %s', async (_, whose) => {
    const { store, own, certificates } = uxin;
    const statementOf = (code: string) => (code === '150626' ? own.statement : undefined);
    const clock = { now: () => NOW };
    const copies = new StampedCopies({ store, clock, region: '150626', signer: own.certificate, statementOf, types });
    const { identifier: original } = await certificates.issue(licence(NOW));
    const copy = await copies.make(original, { creator: '窗口', cause: '投标', expiresAt: NOW + 60_000 }, 'window-1');
    const shown = (at = NOW) => pageOf(whose(), { now: () => at }, { askPeers: true }).text(ADDRESS, copy.text);
    expect(await shown()).toMatchObject({ tone: 'good', conclusion: { zh: '有效' } });
    expect(await shown(NOW + 60_000)).toMatchObject({ tone: 'bad', conclusion: { zh: '已过期' } });
    await certificates.setStatus(original, 'revoked', '材料虚假', 'operator');
    expect(await shown()).toMatchObject({ tone: 'bad', conclusion: { zh: '已撤销' } });
  });

  it.each([
    ['2027-01-31', '2027-02-01T00:00:00+08:00'],
    ['2027-01-31 15:30', '2027-01-31T15:30:00+08:00'],
  ])('that is a stamped copy shows the last moment at which it counts: %s', async (shown, end) => {
    const stamp = { of: '', creator: '窗口', cause: '投标', createdAt: NOW, expiresAt: Date.parse(end) };
    const { rows, proofs } = await verdictOf({ source: 'library', status: 'valid' }, stamp);
    expect(rows.find(({ zh }) => zh === '加注件有效期至')!.value).toBe(shown);
    expect(proofs.find(({ name }) => name === 'validity')!.zh).toBe(`在有效期内：2026-12-10 至 ${shown}`);
  });

  it('that was altered is refused', async () => {
    const [jwt, ...disclosures] = text.split('~');
    const desk = page(uxin);
    const swapped = Buffer.from(JSON.stringify(['c2FsdHNhbHQ', 'x', 'y'])).toString('base64url');
    for (const [changed, code] of [
      [`${jwt!.slice(0, -4)}AAAA~${disclosures.join('~')}`, 'SIGNATURE_INVALID'],
      [[jwt, swapped, ...disclosures.slice(1)].join('~'), 'CERTIFICATE_DISCLOSURE'],
    ] as const)
      await expect(desk.text(ADDRESS, changed)).rejects.toMatchObject({ code });
  });

  /** What the page says when the library says something else of the certificate. */
  async function verdictOf(
    told: { source: string; status: string; asOf?: number },
    stamp?: CertificateVerdict['certificate']['stamp'],
  ): Promise<PublicVerdict> {
    const { certificates } = uxin;
    const verify = async (given: string) => {
      const verdict = await certificates.verify(given);
      const certificate = stamp ? { ...verdict.certificate, stamp } : verdict.certificate;
      return { ...verdict, ...told, certificate } as CertificateVerdict;
    };
    const find = certificates.find.bind(certificates);
    return page(uxin, { certificates: { verify, find } }).text(ADDRESS, text);
  }
});

describe('a file', () => {
  it('is what it is, whatever it is called', async () => {
    expect(await verifyFile(uxin, `\uFEFF${text}\n`)).toMatchObject({ kind: 'certificate', tone: 'good' });
    expect(await verifyFile(uxin, qr)).toMatchObject({ kind: 'reference', tone: 'good' });
  });

  it('that is a PDF of ours proves itself and the certificate in it, here and elsewhere', async () => {
    const verdict = await verifyFile(uxin, pdf);
    expect(verdict).toMatchObject({ kind: 'pdf', tone: 'good' });
    expect(resultsOf(verdict)).toMatchObject({ file: 'proven', signature: 'proven', status: 'proven' });
    expect(resultsOf(await verifyFile(nantong, pdf))).toMatchObject({ file: 'proven', status: 'open' });
  });

  it('that is a PDF of ours is not called altered by a clock that is slow', async () => {
    const made = pair.time.value;
    pair.time.value += 6 * 60_000;
    const ahead = await pdfOf(identifier);
    pair.time.value = made;
    const verdict = await verifyFile(uxin, ahead);
    expect(resultsOf(verdict)).toMatchObject({ file: 'open', signature: 'proven', status: 'proven' });
    expect(verdict.proofs.find(({ name }) => name === 'file')?.zh).toContain('请核对时钟');
  });

  it.each([
    [
      'with an altered byte',
      (bytes: Buffer) =>
        Buffer.from(bytes.map((byte, at) => (at === bytes.indexOf('stream\n') + 40 ? byte ^ 1 : byte))),
    ],
    [
      'with something appended',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('\n1 0 obj\n<<>>\nendobj\n%%EOF\n')]),
    ],
  ])('that is a PDF of ours %s is refused', async (_, change) => {
    await expect(verifyFile(uxin, change(pdf))).rejects.toMatchObject({ code: 'RENDITION_ALTERED' });
  });

  it('that a forger signed in our name is refused', async () => {
    nantong.pinned.delete('150626');
    try {
      await expect(verifyFile(nantong, pdf)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    } finally {
      nantong.pinned.set('150626', uxin.own);
    }
  });

  it("that is a department's own is reported on", async () => {
    const altered = packOfd(new Map(sealedOfd(cast)).set(PAGE, Buffer.from('<ofd:Page/>')));
    expect(await verifyFile(uxin, altered)).toMatchObject({ kind: 'document', tone: 'bad' });
  });

  it("that is a department's own is held against the lists of revoked certificates as they are now", async () => {
    const lists: Buffer[] = [];
    const desk = page(uxin, { documentTrust: authority.pem, revocation: { lists: async () => lists } });
    const shown = () => desk.file(ADDRESS, Readable.from([packOfd(sealedOfd(cast))]));
    expect(await shown()).toMatchObject({ kind: 'document', tone: 'good' });
    const at = NOW - 365 * 24 * 60 * 60 * 1000;
    lists.push(
      testRevocationList(authority, {
        revoked: [{ signer: cast.signer, at }],
        thisUpdate: at,
        nextUpdate: NOW + 1,
      }),
    );
    expect(await shown()).toMatchObject({ kind: 'document', tone: 'bad' });
  });

  it.each([
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'VALIDATION_FAILED'],
    ['nothing', Buffer.alloc(0), 'CERTIFICATE_REFERENCE'],
    ['an address', Buffer.from('[InternetShortcut]\nURL=https://evil.example/'), 'CERTIFICATE_REFERENCE'],
  ])('that is %s is refused', async (_, bytes, code) => {
    await expect(verifyFile(uxin, bytes)).rejects.toMatchObject({ code });
  });
});

it('writes nothing about anybody into the log', () => {
  expect(logged.join('')).not.toMatch(HOLDER);
  expect(logged.join('')).not.toContain(identifier);
});

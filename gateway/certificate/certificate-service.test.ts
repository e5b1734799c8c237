import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, verifyCertificateIdentifier } from '#proto';
import { presentCertificate } from '#trust';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const CONVERSATION = '3f1f6f0e-3b0a-4d57-9a5e-0c4a4f8d2b11';

let time: { value: number };
let uxin: CheckRegion;
let nantong: CheckRegion;

beforeEach(async () => {
  time = { value: NOW };
  const clock = { now: () => time.value };
  uxin = await checkRegion('150626', clock);
  nantong = await checkRegion('320600', clock);
  nantong.pinned.set('150626', uxin.own);
});

afterEach(async () => {
  await uxin.close();
  await nantong.close();
});

async function failure(work: Promise<unknown>): Promise<CodedError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CodedError)) throw error ?? new Error('nothing failed');
  return error;
}

describe('issuing', () => {
  it('mints an identifier of the type and the authority, signs and keeps', async () => {
    const { identifier, typeName, text } = await uxin.certificates.issue(licence(NOW, { number: 'JY11506260000018' }));
    expect(verifyCertificateIdentifier(identifier)).toEqual({ ok: true });
    expect(identifier).toMatch(/^1\.2\.156\.3005\.2\.11100000MB0143028R032\.11150626MB00000014\.2026000001\.001\./);
    expect(typeName).toBe('食品经营许可证');
    const record = await uxin.certificates.get(identifier);
    expect(record).toMatchObject({ identifier, issuer: '150626', conversation: '', status: 'valid', createdAt: NOW });
    expect(record.certificate).toMatchObject({ item: 'EX018', number: 'JY11506260000018', region: '150626' });
    expect(await uxin.certificates.text(identifier)).toBe(text);
  });

  it('takes the example of docs/certificates.md, whose end is the first moment of the day after', async () => {
    const example = await readFile(new URL('../../deploy/config/certificate.example.json', import.meta.url), 'utf8');
    const { verified } = await uxin.certificates.issue(JSON.parse(example));
    const { validFrom, validUntil } = verified.certificate;
    expect([validFrom, validUntil].map((at) => new Date(at! + 8 * 3_600_000).toISOString())).toEqual([
      '2026-11-20T00:00:00.000Z',
      '2031-11-20T00:00:00.000Z',
    ]);
  });

  it('counts serials by the year in China and uses them as number when there is none', async () => {
    time.value = Date.parse('2026-12-31T23:59:00+08:00');
    const last = await uxin.certificates.issue(licence(NOW, { number: undefined }));
    time.value += 60_000;
    const first = await uxin.certificates.issue(licence(NOW, { number: undefined }));
    const second = await uxin.certificates.issue(licence(NOW, { number: undefined }));
    const numbers = [last, first, second].map(({ verified }) => verified.certificate.number);
    expect(numbers).toEqual(['2026000001', '2027000001', '2027000002']);
  });

  it('names every wrong field at once and spends no serial', async () => {
    const wrong = licence(NOW, {
      holder: { name: '', documentType: 'social-credit-code', number: '91150626MA0000001X' },
      authority: { name: '某局', code: '11150626MB00000015' },
      item: 'a b',
      validUntil: NOW,
      fields: { residence: 'x', colour: 'red' },
    });
    const error = await failure(uxin.certificates.issue(wrong));
    expect(error.code).toBe('VALIDATION_FAILED');
    expect(error.problems.map(({ pointer }) => pointer).sort()).toEqual(
      [
        '/authority/code',
        '/fields/business_form',
        '/fields/business_items',
        '/fields/business_premises',
        '/fields/colour',
        '/fields/legal_representative',
        '/holder/name',
        '/item',
        '/validUntil',
      ].sort(),
    );
    expect(await uxin.certificates.list({ limit: 10 })).toEqual([]);
    expect((await uxin.certificates.issue(licence(NOW))).identifier).toContain('.2026000001.');
  });

  it('names an unknown type among the wrong fields', async () => {
    const error = await failure(uxin.certificates.prepare(licence(NOW, { typeName: '出生证', item: '' })));
    expect(error.problems.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/typeName', 'NOT_IN_LIST'],
      ['/item', 'REQUIRED'],
    ]);
  });

  it('keeps a prepared certificate only with the unit of work of its case, and once', async () => {
    const prepared = await uxin.certificates.prepare(licence(NOW, { conversation: CONVERSATION }));
    await expect(
      uxin.store.write(async (tx) => {
        await uxin.certificates.keep(tx, prepared);
        throw new Error('the case did not go on');
      }),
    ).rejects.toThrow('the case did not go on');
    expect((await failure(uxin.certificates.get(prepared.identifier))).code).toBe('NOT_FOUND');
    expect((await uxin.certificates.verify(prepared.text)).status).toBe('unknown');
    await uxin.store.write((tx) => uxin.certificates.keep(tx, prepared));
    expect((await uxin.certificates.get(prepared.identifier)).conversation).toBe(CONVERSATION);
    const again = uxin.store.write((tx) => uxin.certificates.keep(tx, prepared));
    expect((await failure(again)).code).toBe('CERTIFICATE_EXISTS');
  });

  it('refuses to give out what our own statement could not verify', async () => {
    time.value = uxin.own.statement.keys.find(({ purpose }) => purpose === 'certificate')!.notAfter;
    expect((await failure(uxin.certificates.issue(licence(NOW)))).code).toBe('KEY_NOT_VALID');
    expect(await uxin.certificates.list({ limit: 10 })).toEqual([]);
  });
});

describe('a certificate of another region', () => {
  const from = { conversation: CONVERSATION, item: 'EX018', issuer: '150626' };
  const receive = (text: string, changes: Partial<typeof from> = {}) =>
    nantong.store.write((tx) => nantong.certificates.keepReceived(tx, { ...from, ...changes }, text));

  it('is verified and kept once, however often it comes', async () => {
    const { text, identifier } = await uxin.certificates.issue(licence(NOW));
    expect((await receive(text)).identifier).toBe(identifier);
    await receive(text);
    expect(await nantong.certificates.list({ limit: 10 })).toHaveLength(1);
    expect(await nantong.certificates.get(identifier)).toMatchObject({ issuer: '150626', conversation: CONVERSATION });
    expect(await nantong.certificates.text(identifier)).toBe(text);
  });

  it.each([
    ['changed', (text: string) => text.replace(/\.[^.~]+~/, '.AAAA~'), {}, 'SIGNATURE_INVALID'],
    ['about another item', (text: string) => text, { item: 'EX019' }, 'CERTIFICATE_MALFORMED'],
    ['of another region than the case', (text: string) => text, { issuer: '350500' }, 'CERTIFICATE_ISSUER'],
    ['not a certificate', () => 'nothing', {}, 'CERTIFICATE_MALFORMED'],
  ])('is not kept when it is %s', async (_what, change, changes, code) => {
    const { text } = await uxin.certificates.issue(licence(NOW));
    expect((await failure(receive(change(text), changes))).code).toBe(code);
    expect(await nantong.certificates.list({ limit: 10 })).toEqual([]);
  });

  it('is not kept when the region is not pinned', async () => {
    const { text } = await uxin.certificates.issue(licence(NOW));
    nantong.pinned.clear();
    expect((await failure(receive(text))).code).toBe('CERTIFICATE_ISSUER');
  });

  it('cannot take an identifier that is in another case', async () => {
    const { text } = await uxin.certificates.issue(licence(NOW));
    await receive(text);
    const other = receive(text, { conversation: '00000000-3b0a-4d57-9a5e-0c4a4f8d2b11' });
    expect((await failure(other)).code).toBe('CERTIFICATE_EXISTS');
  });

  it('does not stand in the way of ours with the same identifier', async () => {
    const theirs = await uxin.certificates.issue(licence(NOW));
    await receive(theirs.text);
    const ours = await nantong.certificates.issue(licence(NOW));
    expect(ours.identifier).toBe(theirs.identifier);
    expect((await nantong.certificates.get(ours.identifier)).issuer).toBe('320600');
    expect((await nantong.certificates.find(ours.identifier, '150626'))?.digest).toEqual(theirs.verified.digest);
  });

  it('is verified by its dates alone', async () => {
    const { text, identifier } = await uxin.certificates.issue(licence(NOW));
    await uxin.certificates.setStatus(identifier, 'revoked', '违法经营', 'window');
    expect(await nantong.certificates.verify(text)).toMatchObject({
      source: 'dates',
      status: 'valid',
      issuer: '150626',
    });
    expect(await uxin.certificates.verify(text)).toMatchObject({ source: 'library', status: 'revoked' });
    time.value += 6 * YEAR_MS;
    expect(await nantong.certificates.verify(text)).toMatchObject({ source: 'dates', status: 'expired' });
  });

  it('is not ours to suspend', async () => {
    const { text, identifier } = await uxin.certificates.issue(licence(NOW));
    await receive(text);
    expect((await failure(nantong.certificates.setStatus(identifier, 'suspended', '核查', 'window'))).code).toBe(
      'NOT_FOUND',
    );
    expect((await nantong.certificates.get(identifier)).status).toBe('valid');
  });
});

describe('status', () => {
  const path: [from: 'valid' | 'suspended' | 'revoked', to: 'valid' | 'suspended' | 'revoked', allowed: boolean][] = [
    ['valid', 'valid', false],
    ['valid', 'suspended', true],
    ['valid', 'revoked', true],
    ['suspended', 'valid', true],
    ['suspended', 'suspended', false],
    ['suspended', 'revoked', true],
    ['revoked', 'valid', false],
    ['revoked', 'suspended', false],
    ['revoked', 'revoked', false],
  ];

  it.each(path)('from %s to %s: %s', async (from, to, allowed) => {
    const { identifier } = await uxin.certificates.issue(licence(NOW));
    if (from !== 'valid') await uxin.certificates.setStatus(identifier, from, '起因', 'window');
    const change = uxin.certificates.setStatus(identifier, to, '后果', 'window');
    if (allowed) expect(await change).toMatchObject({ status: to, reason: '后果' });
    else {
      expect((await failure(change)).code).toBe('CONFLICT');
      expect((await uxin.certificates.get(identifier)).status).toBe(from);
    }
  });

  it('needs a reason', async () => {
    const { identifier } = await uxin.certificates.issue(licence(NOW));
    const error = await failure(uxin.certificates.setStatus(identifier, 'revoked', '', 'window'));
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/reason']);
    expect((await uxin.certificates.get(identifier)).status).toBe('valid');
  });

  it('says what is final: revoked before expired, expired before suspended', async () => {
    const suspended = await uxin.certificates.issue(licence(NOW));
    const revoked = await uxin.certificates.issue(licence(NOW));
    const future = await uxin.certificates.issue(licence(NOW + YEAR_MS));
    await uxin.certificates.setStatus(suspended.identifier, 'suspended', '核查', 'window');
    await uxin.certificates.setStatus(revoked.identifier, 'revoked', '注销', 'window');
    const statuses = async () =>
      Promise.all(
        [suspended, revoked, future].map(async ({ identifier }) => (await uxin.certificates.get(identifier)).status),
      );
    expect(await statuses()).toEqual(['suspended', 'revoked', 'not-yet-valid']);
    time.value += 5 * YEAR_MS;
    expect(await statuses()).toEqual(['expired', 'revoked', 'valid']);
  });
});

describe('the library', () => {
  it('pages through all certificates and those of one case', async () => {
    const issued = [];
    for (const conversation of [CONVERSATION, undefined, CONVERSATION]) {
      issued.push((await uxin.certificates.issue(licence(NOW, { conversation }))).identifier);
      time.value += 1;
    }
    const page = await uxin.certificates.list({ limit: 2 });
    expect(page.map(({ identifier }) => identifier)).toEqual(issued.slice(0, 2));
    const { createdAt, identifier, issuer } = page[1]!;
    const rest = await uxin.certificates.list({ limit: 2, after: [createdAt, identifier, issuer] });
    expect(rest.map((record) => record.identifier)).toEqual(issued.slice(2));
    const ofCase = await uxin.certificates.list({ conversation: CONVERSATION, limit: 10 });
    expect(ofCase.map((record) => record.identifier)).toEqual([issued[0], issued[2]]);
  });

  it('recognises a copy that shows less', async () => {
    const { text, identifier } = await uxin.certificates.issue(licence(NOW));
    const shown = presentCertificate(text, ['business_items']);
    const verdict = await uxin.certificates.verify(shown);
    expect(verdict).toMatchObject({ identifier, status: 'valid', disclosed: ['business_items'] });
    expect(verdict.certificate.holder).toEqual({ documentType: 'social-credit-code' });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, verifyCertificateIdentifier } from '#proto';
import { builtInCertificateTypes, type CertificateTypes, readCertificateTypes, type StatusWord } from '#trust';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';
import type { CertificateInput } from './issuable.ts';
import { successionOf } from './replacement.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const DAY_MS = 24 * 60 * 60 * 1000;
const NUMBER = 'JY11506260000018';
const OTHER_COMPANY = {
  name: '另一示例有限公司',
  documentType: 'social-credit-code',
  number: '91150626MA0000002W',
} as const;

/** A type that takes the place of the licence. */
const SUCCESSOR = {
  code: '11100000MB0143028R901',
  name: { zh: '食品经营许可证(新)', en: 'Food business licence, new' },
  defined_by: '示例机关',
  replaces: ['11100000MB0143028R032'],
  claims: [{ path: ['items'], label: { zh: '经营项目', en: 'Items' }, sd: 'never' }],
  schema: {
    type: 'object',
    properties: { items: { type: 'string' } },
    required: ['items'],
    additionalProperties: false,
  },
};

let time: { value: number };
let uxin: CheckRegion;

beforeEach(async () => {
  time = { value: NOW };
  uxin = await checkRegion('150626', { now: () => time.value });
});

afterEach(() => uxin.close());

const issue = (changes: Partial<CertificateInput> = {}) =>
  uxin.certificates.issue(licence(NOW, { number: NUMBER, by: 'bureau', ...changes }));

async function failure(work: Promise<unknown>): Promise<CodedError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CodedError)) throw error ?? new Error('nothing failed');
  return error;
}

const decide = (identifier: string, status: StatusWord) =>
  uxin.certificates.setStatus(identifier, status, '监督检查', 'bureau');
const kept = async () => (await uxin.certificates.list({ limit: 50 })).length;
const statusOf = async (identifier: string) => (await uxin.certificates.get(identifier)).status;

describe('the number of a certificate in force', () => {
  it('is not given again, and the refusal names the certificate', async () => {
    const { identifier } = await issue();
    const error = await failure(issue());
    expect(error.code).toBe('CERTIFICATE_EXISTS');
    expect(error.message).toContain(identifier);
    expect(await kept()).toBe(1);
    const { verified } = await issue({ number: undefined });
    expect(verified.certificate.number).toBe('2026000002');
  });

  it('is not given twice at once either', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => issue()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CERTIFICATE_EXISTS' });
    expect(await kept()).toBe(1);
  });

  it('stays taken while the certificate is suspended', async () => {
    const { identifier } = await issue();
    await decide(identifier, 'suspended');
    expect((await failure(issue())).code).toBe('CERTIFICATE_EXISTS');
  });

  it.each(['cancelled', 'revoked', 'withdrawn'] as const)(
    'is free again once the certificate is %s',
    async (status) => {
      const { identifier } = await issue();
      await decide(identifier, status);
      const again = await issue();
      expect(again.identifier).not.toBe(identifier);
      expect(await statusOf(identifier)).toBe(status);
    },
  );

  it('is free again once the certificate has expired', async () => {
    await issue({ validUntil: NOW + DAY_MS });
    time.value += DAY_MS;
    await issue();
    expect(await kept()).toBe(2);
  });

  it('is counted by each authority for itself', async () => {
    await issue();
    await issue({ authority: { name: '另一局', code: '11150626MB00000027' } });
    expect(await kept()).toBe(2);
  });
});

describe('a replacement', () => {
  it('keeps number and serial, counts the version on, and cancels the old one with its words', async () => {
    const { identifier: old } = await issue();
    time.value += 1000;
    const made = await issue({ number: undefined, replaces: old, by: 'licensing desk' });
    expect(made.verified.certificate).toMatchObject({ number: NUMBER, version: '002' });
    expect(verifyCertificateIdentifier(made.identifier)).toEqual({ ok: true });
    expect(made.identifier).toMatch(/\.2026000001\.002\./);
    expect(await statusOf(made.identifier)).toBe('valid');
    expect(await uxin.certificates.get(old)).toMatchObject({
      status: 'cancelled',
      reason: `换证 / replaced by ${made.identifier}`,
    });
    expect(await uxin.certificates.statusChanges(old)).toMatchObject([
      { from: 'valid', to: 'cancelled', by: 'licensing desk', at: time.value },
    ]);
    const third = await issue({ replaces: made.identifier });
    expect(third.verified.certificate.version).toBe('003');
    expect((await issue({ number: undefined })).verified.certificate.number).toBe('2026000002');
  });

  it('may change the name or the number of the holder, and what the certificate shows', async () => {
    const { identifier } = await issue();
    const { holder } = licence(NOW);
    const renamed = await issue({ replaces: identifier, holder: { ...holder, name: '改名后的有限公司' } });
    const moved = await issue({ replaces: renamed.identifier, holder: { ...OTHER_COMPANY, name: '改名后的有限公司' } });
    expect(moved.verified.certificate).toMatchObject({ version: '003', holder: { number: OTHER_COMPANY.number } });
  });

  it('replaces one that is past its date', async () => {
    const { identifier } = await issue({ validUntil: NOW + DAY_MS });
    time.value += DAY_MS;
    expect(await statusOf(identifier)).toBe('expired');
    await issue({ replaces: identifier });
    expect(await statusOf(identifier)).toBe('cancelled');
  });

  it.each<[string, Partial<CertificateInput>, string]>([
    ['of another number', { number: 'JY2' }, '/number'],
    ['of another holder', { holder: OTHER_COMPANY }, '/holder'],
    ['of a certificate that is not ours', { replaces: '' }, '/replaces'],
  ])('%s is refused, and nothing changes', async (_what, changes, pointer) => {
    const { identifier } = await issue();
    const foreign = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';
    const replaces = changes.replaces === undefined ? identifier : foreign;
    const error = await failure(issue({ ...changes, replaces }));
    expect([error.code, error.problems.map((problem) => problem.pointer)]).toEqual(['VALIDATION_FAILED', [pointer]]);
    expect([await kept(), await statusOf(identifier)]).toEqual([1, 'valid']);
  });

  it('is of the same type, or of the one that took its place', async () => {
    const { identifier } = await issue();
    const succession = (typeName: string, types: CertificateTypes) =>
      successionOf(uxin.store.read, licence(NOW, { typeName, number: NUMBER }), identifier, {
        region: '150626',
        types,
        now: NOW,
      });
    const kept = { serial: '2026000001', version: '002', number: NUMBER };
    expect(await succession('食品经营许可证', builtInCertificateTypes)).toEqual(kept);
    const types = readCertificateTypes({ note: '', types: [SUCCESSOR] }, builtInCertificateTypes);
    expect(await succession('食品经营许可证(新)', types)).toEqual(kept);
    for (const name of ['食品经营许可证', '公证书']) {
      const error = await failure(succession(name, types));
      expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/typeName']);
    }
  });

  it('with a malformed identifier is named among all that is wrong', async () => {
    const error = await failure(issue({ replaces: '1.2.156', item: '' }));
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/item', '/replaces']);
  });

  it.each(['suspended', 'cancelled', 'revoked', 'withdrawn'] as const)('of a %s one is refused', async (status) => {
    const { identifier } = await issue();
    await decide(identifier, status);
    expect((await failure(issue({ replaces: identifier }))).code).toBe('CONFLICT');
    expect([await kept(), await statusOf(identifier)]).toEqual([1, status]);
  });

  it('is made once when two come at the same time', async () => {
    const { identifier } = await issue();
    const results = await Promise.allSettled([issue({ replaces: identifier }), issue({ replaces: identifier })]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await kept()).toBe(2);
  });

  it('leaves the old one as it was when its case does not go on', async () => {
    const { identifier } = await issue();
    const prepared = await uxin.certificates.prepare(licence(NOW, { replaces: identifier, number: undefined }));
    const failing = uxin.store.write(async (tx) => {
      await uxin.certificates.keep(tx, prepared);
      throw new Error('the case did not go on');
    });
    await expect(failing).rejects.toThrow('the case did not go on');
    expect([await kept(), await statusOf(identifier)]).toEqual([1, 'valid']);
    await decide(identifier, 'suspended');
    const late = uxin.store.write((tx) => uxin.certificates.keep(tx, prepared));
    expect((await failure(late)).code).toBe('CONFLICT');
    expect(await statusOf(identifier)).toBe('suspended');
  });
});

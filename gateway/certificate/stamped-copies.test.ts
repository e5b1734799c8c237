import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtInCertificateTypes, verifyCertificate } from '#trust';
import { type CheckPair, checkPair } from '../testing/check-pair.ts';
import { licence } from '../testing/check-region.ts';
import { StampedCopies, type StampInput } from './stamped-copies.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const DAY_MS = 24 * 60 * 60 * 1000;
const STAMP = { creator: '示例政务服务中心', cause: '仅供办理贷款', expiresAt: NOW + 30 * DAY_MS };

let pair: CheckPair;
let copies: StampedCopies;
let identifier: string;

beforeEach(async () => {
  pair = await checkPair(NOW);
  const { store, own } = pair.uxin;
  const clock = { now: () => pair.time.value };
  const statementOf = (code: string) => (code === '150626' ? own.statement : undefined);
  const types = builtInCertificateTypes;
  copies = new StampedCopies({ store, clock, region: '150626', signer: own.certificate, statementOf, types });
  ({ identifier } = await pair.uxin.certificates.issue(licence(NOW - DAY_MS)));
});

afterEach(() => pair.close());

const make = (changes: Partial<StampInput> = {}) => copies.make(identifier, { ...STAMP, ...changes }, 'window-1');

describe('a stamped copy', () => {
  it('is given out and not kept: only that it was made, by whom and for what', async () => {
    const copy = await make();
    const statementOf = () => pair.uxin.own.statement;
    const { certificate, digest } = verifyCertificate(copy.text, { statementOf, now: NOW });
    expect(certificate.stamp).toMatchObject(STAMP);
    expect(digest).toEqual(copy.digest);
    expect(await copies.made(identifier)).toEqual([{ ...STAMP, digest, by: 'window-1', at: NOW }]);
    const rows = await pair.uxin.store.read.all('SELECT * FROM stamped_copy');
    expect(JSON.stringify(rows)).not.toContain(copy.text.split('~')[0]!.slice(-40));
  });

  it('shows no more than was chosen', async () => {
    const { text } = await make({ fields: ['certificate_holder_name'] });
    const statementOf = () => pair.uxin.own.statement;
    const { disclosed, certificate } = verifyCertificate(text, { statementOf, now: NOW });
    expect(disclosed).toEqual(['certificate_holder_name']);
    expect(certificate.holder.number).toBeUndefined();
    await expect(make({ fields: ['colour'] })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/fields/0' }],
    });
  });

  it.each(['suspended', 'cancelled', 'revoked', 'withdrawn'] as const)('is %s with its certificate', async (word) => {
    const { text } = await make();
    expect(await pair.uxin.certificates.verify(text)).toMatchObject({ source: 'library', status: 'valid' });
    await pair.uxin.certificates.setStatus(identifier, word, '示例', 'window');
    expect(await pair.uxin.certificates.verify(text)).toMatchObject({ source: 'library', status: word });
    // No further one is made, and nothing is written down.
    await expect(make()).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await copies.made(identifier)).toHaveLength(1);
  });

  it('ends by itself before its certificate does', async () => {
    const { text } = await make();
    pair.time.value = STAMP.expiresAt;
    expect((await pair.uxin.certificates.verify(text)).status).toBe('expired');
    const original = await pair.uxin.certificates.text(identifier);
    expect((await pair.uxin.certificates.verify(original)).status).toBe('valid');
  });

  it('is made of certificates of ours alone, and of no copy of another', async () => {
    await expect(copies.make('1.2.3', STAMP, 'window-1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const changes of [{ creator: '' }, { cause: 'x'.repeat(501) }, { expiresAt: NOW }])
      await expect(make(changes)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await copies.made(identifier)).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';

const NOW = Date.UTC(2030, 0, 1);

let uxin: CheckRegion;
let identifier: string;
let digest: Buffer;

beforeAll(async () => {
  uxin = await checkRegion('150626', { now: () => NOW });
  const issued = await uxin.certificates.issue(licence(NOW));
  identifier = issued.identifier;
  digest = issued.verified.digest;
});

afterAll(() => uxin.close());

const ask = (query: object) => uxin.checks.ask('150626', { fields: [], purpose: '窗口核验', ...query });

describe('a check of a certificate of our own', () => {
  it('is answered by our own library, with any field, and says so', async () => {
    const fields = ['certificate_holder_name', 'business_items', 'no_such_field'];
    expect(await ask({ identifier, fields })).toEqual({
      status: 'valid',
      fields: { certificate_holder_name: '示例餐饮有限公司', business_items: '热食类食品制售' },
      answeredAt: NOW,
      validForSeconds: 0,
      cached: false,
      source: 'library',
    });
  });

  it('finds it by its QR code', async () => {
    const qr = (await uxin.certificates.reference({ identifier, issuer: '150626' }))!;
    expect(await ask({ reference: qr.slice(-26) })).toMatchObject({ status: 'valid', source: 'library' });
  });

  it('tells what was decided', async () => {
    const other = await uxin.certificates.issue(licence(NOW));
    await uxin.certificates.setStatus(other.identifier, 'suspended', '复核', 'window');
    expect(await ask({ identifier: other.identifier })).toMatchObject({ status: 'suspended' });
  });

  it('knows nothing of another certificate, of a reference that nobody gave out, and before its time', async () => {
    const unknown = { status: 'unknown', fields: {}, source: 'library' };
    const fields = ['business_items'];
    expect(await ask({ identifier, fields, digest: Buffer.alloc(32) })).toMatchObject(unknown);
    expect(await ask({ identifier, fields, digest })).toMatchObject({ status: 'valid' });
    expect(await ask({ reference: 'A'.repeat(26), fields })).toMatchObject(unknown);
    const later = await uxin.certificates.issue(licence(NOW + 3_600_000));
    expect(await ask({ identifier: later.identifier, fields })).toMatchObject(unknown);
  });

  it('needs a purpose like any other, and leaves nothing behind', async () => {
    await expect(ask({ identifier, purpose: '' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await uxin.store.read.get('SELECT count(*) AS n FROM certificate_check')).toEqual({ n: 0 });
  });
});

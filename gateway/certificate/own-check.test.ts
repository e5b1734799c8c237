import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';
import type { MayTell } from './own-check.ts';

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

const ask = (query: object, mayTell: MayTell = async () => true) =>
  uxin.checks.ask('150626', { fields: [], purpose: '窗口核验', ...query }, 'alone', mayTell);

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

  it('tells fields only after it was asked whether they may be told, and none without leave', async () => {
    const fields = ['certificate_holder_name', 'no_such_field'];
    const asked: object[] = [];
    const refuse: MayTell = async (about) => {
      asked.push(about);
      return false;
    };
    const refused = await ask({ identifier, fields }, refuse);
    expect([refused.status, refused.fields]).toEqual(['valid', {}]);
    expect(asked).toMatchObject([{ identifier, conversation: '' }]);
    const fail: MayTell = async () => {
      throw new CodedError('SHUTTING_DOWN');
    };
    await expect(ask({ identifier, fields }, fail)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    const unasked = await uxin.checks.ask('150626', { identifier, fields, purpose: '窗口核验' });
    expect([unasked.status, unasked.fields]).toEqual(['valid', {}]);
  });

  it('asks nobody where there is no field to tell', async () => {
    const never: MayTell = async () => expect.fail('there is nothing to tell');
    expect(await ask({ identifier }, never)).toMatchObject({ status: 'valid' });
    expect(await ask({ identifier, fields: ['no_such_field'] }, never)).toMatchObject({ status: 'valid' });
    const other = { identifier, fields: ['business_items'], digest: Buffer.alloc(32) };
    expect(await ask(other, never)).toMatchObject({ status: 'unknown' });
  });

  it('needs a purpose like any other, and leaves nothing behind', async () => {
    await expect(ask({ identifier, purpose: '' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await uxin.store.read.get('SELECT count(*) AS n FROM certificate_check')).toEqual({ n: 0 });
  });
});

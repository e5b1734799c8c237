import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPresented } from '../cli/certificate/presented.ts';
import { verifyPresented } from '../cli/certificate/verify.ts';
import { type ApiRegion, apiRegion } from '../testing/api-region.ts';
import { licence } from '../testing/check-region.ts';

let uxin: ApiRegion;
let identifier: string;
let pdf: Buffer;
let statement: string;

beforeAll(async () => {
  uxin = await apiRegion('150626');
  ({ identifier } = await uxin.live.services.certificates.issue(licence(Date.now())));
  ({ bytes: pdf } = await uxin.ask('GET', `/v1/certificates/${identifier}/pdf?purpose=test`));
  statement = await put('statement.jwt', uxin.live.core.keyring.statement.jwt);
});

afterAll(() => uxin.close());

test('a window gets the PDF as a file to be saved', async () => {
  const { status, headers, bytes } = await uxin.ask('GET', `/v1/certificates/${identifier}/pdf?purpose=test`, {
    role: 'platform',
  });
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'application/pdf',
    'content-disposition': expect.stringMatching(/^attachment; filename="1\.2\.156\.3005\.2\..*\.pdf"/),
  });
  expect(headers).not.toHaveProperty('x-missing-characters');
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
});

test('what the font lacks is named beside the PDF', async () => {
  const holder = { ...licence(Date.now()).holder, name: '𠮷祥餐饮有限公司' };
  const rare = await uxin.live.services.certificates.issue(licence(Date.now(), { holder }));
  const { headers } = await uxin.ask('GET', `/v1/certificates/${rare.identifier}/pdf?purpose=test`);
  expect(headers['x-missing-characters']).toBe('U+20BB7');
});

test('who must not see personal data gets none', async () => {
  const refused = await uxin.ask('GET', `/v1/certificates/${identifier}/pdf?purpose=test`, { role: 'auditor' });
  expect(refused).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
});

test('there is none of a certificate that is not there', async () => {
  const missing = await uxin.ask('GET', '/v1/certificates/1.2.156.3005.2.none/pdf?purpose=test');
  expect(missing).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
});

test('the certificate is verified offline from the PDF', async () => {
  const answer = await verify(pdf);
  expect(answer).toMatchObject({
    exit: 0,
    json: { verified: true, identifier, pdf: { signedAt: expect.any(Number) } },
  });
  expect(answer.text).toMatch(/文件未改动 PDF unaltered +已证明[\s\S]*由 150626 签名后未改动/);
});

test('a PDF that was appended to is refused', async () => {
  const longer = Buffer.concat([pdf, pdf.subarray(-200)]);
  expect(await verify(longer)).toMatchObject({
    exit: 1,
    json: { verified: false, error: { code: 'RENDITION_ALTERED' } },
  });
});

async function verify(bytes: Buffer) {
  const file = await put('certificate.pdf', bytes);
  const presented = await readPresented({ file }, () => Promise.resolve(''));
  return verifyPresented(presented, { statements: [statement], now: Date.now() });
}

async function put(name: string, content: string | Buffer): Promise<string> {
  const file = join(uxin.folder, name);
  await writeFile(file, content);
  return file;
}

import { createHash } from 'node:crypto';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  PAGE,
  packOfd,
  plainPdf,
  sealedOfd,
  sealingCast,
  signPdf,
  testRevocationList,
  testSigner,
} from '../../trust/testing/index.ts';
import { NO_POPPLER, POPPLER, textIn } from '../rendition/watermark/testing/poppler.ts';
import { authorize, caseInput, FOOD_LICENCE, WINDOW } from '../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../testing/api-region.ts';
import { pinEachOther, until } from '../testing/live-region.ts';

const { authority, ...cast } = sealingCast();
const office = testSigner('测试公证处', { kind: 'rsa' });
const sealed = sealedOfd(cast);
const FILES = [
  { name: '营业执照', type: 'application/ofd', bytes: packOfd(sealed), verdict: 'sealed' },
  { name: '食品经营许可申请书', type: 'application/pdf', bytes: signPdf(plainPdf(), office), verdict: 'sealed' },
  {
    name: '平面布局图',
    type: 'application/ofd',
    bytes: packOfd(new Map(sealed).set(PAGE, Buffer.from('<ofd:Page/>'))),
    verdict: 'altered',
  },
] as const;

let nantong: ApiRegion;
let uxin: ApiRegion;

/** Gives a region a trust list. */
async function trusting(folder: string): Promise<void> {
  await writeFile(join(folder, 'document-trust.pem'), authority.pem + office.pem);
  await mkdir(join(folder, 'crl'));
  const section = '{ trust_file: document-trust.pem, revocation_lists: crl, copy_days: 30 }';
  await appendFile(join(folder, 'gateway.yaml'), `\ndocuments: ${section}\n`);
}

beforeAll(async () => {
  // The receiving region trusts nobody, the handling one has a list.
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626', trusting)]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
});

afterAll(() => Promise.all([nantong, uxin].map((region) => region?.close())));

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const verify = (region: ApiRegion, body: Buffer) => region.ask('POST', '/v1/documents/verify', { body });

let conversation: string;

describe("a department's own files as materials of a case", () => {
  beforeAll(async () => {
    const opened = await nantong.ask('POST', '/v1/cases', { body: caseInput('150626', FOOD_LICENCE) });
    conversation = opened.json.conversation;
    for (const { name, type, bytes } of FILES) {
      const url = `/v1/cases/${conversation}/materials?${new URLSearchParams({ name, grade: 'C' })}`;
      const added = await nantong.ask('POST', url, { body: bytes, headers: { 'x-media-type': type } });
      expect(added).toMatchObject({ status: 201, json: { digest: sha256(bytes), mediaType: type } });
      if (name === '平面布局图') continue;
      await nantong.ask('POST', `/v1/cases/${conversation}/materials/${sha256(bytes)}/check`, {
        body: { handler: WINDOW },
      });
    }
    for (const act of ['receive', 'transfer'])
      await nantong.ask('POST', `/v1/cases/${conversation}/acts`, { body: { act, data: { handler: WINDOW } } });
    await until(
      'the transfer',
      async () => (await uxin.ask('GET', `/v1/cases/${conversation}`)).json?.state === 'transferred',
    );
  });

  it('are handed out in the other region as they were uploaded, byte for byte', async () => {
    for (const { type, bytes } of FILES) {
      const got = await uxin.ask('GET', `/v1/cases/${conversation}/materials/${sha256(bytes)}?purpose=test`);
      expect(got).toMatchObject({ status: 200, headers: { 'content-type': type } });
      expect(got.bytes.equals(bytes)).toBe(true);
      expect(sha256(got.bytes)).toBe(sha256(bytes));
    }
  });

  it('are examined on either side by the trust list of that side', async () => {
    for (const { bytes, verdict } of FILES) {
      const url = `/v1/cases/${conversation}/materials/${sha256(bytes)}/report`;
      expect(await uxin.ask('GET', url)).toMatchObject({ status: 200, json: { verdict, sha256: sha256(bytes) } });
      const own = verdict === 'sealed' ? 'untrusted' : verdict;
      expect(await nantong.ask('GET', url)).toMatchObject({ status: 200, json: { verdict: own } });
    }
    const none = `/v1/cases/${conversation}/materials/${'0'.repeat(64)}/report`;
    expect(await uxin.ask('GET', none)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
    const url = `/v1/cases/${conversation}/materials/${sha256(FILES[0].bytes)}/report`;
    expect(await uxin.ask('GET', url, { role: 'auditor' })).toMatchObject({ status: 403 });
  });
});

describe('the seals of materials', () => {
  it('are looked at when they come, once, and stand in the case of either side', async () => {
    for (const [region, results] of [
      [nantong, ['unverifiable', 'unverifiable', 'broken']],
      [uxin, ['verified', 'verified', 'broken']],
    ] as const) {
      const materials = async () => (await region.ask('GET', `/v1/cases/${conversation}?purpose=test`)).json.materials;
      await until('the results', async () => (await materials()).every((one: { seals?: object }) => one.seals));
      const seals = (await materials()).map(({ seals }: { seals: object }) => seals);
      expect(seals).toMatchObject(results.map((result) => ({ result })));
      expect(seals[0]).toMatchObject({ by: ['测试市行政审批局'], at: expect.any(Number), zh: expect.any(String) });
      region.live.services.examinations.wake();
      const { read } = region.live.core.store;
      const rows = await read.all('SELECT DISTINCT examination_tries AS tries FROM material');
      expect(rows).toEqual([{ tries: 1 }]);
    }
  });
});

describe('a watermarked copy of a material', () => {
  const place = (index: number) => `/v1/cases/${conversation}/materials/${sha256(FILES[index]!.bytes)}`;
  const ask = (index: number, options = {}) =>
    uxin.ask('GET', `${place(index)}?copy=watermarked&purpose=test`, options);

  it.skipIf(!POPPLER)(`says who vouches, for what and until when${POPPLER ? '' : `: ${NO_POPPLER}`}`, async () => {
    const got = await ask(1);
    expect(got).toMatchObject({ status: 200, headers: { 'content-type': 'application/pdf' } });
    expect(String(got.headers['content-disposition'])).toContain(encodeURIComponent('食品经营许可申请书-水印件.pdf'));
    const { json } = await uxin.ask('GET', `/v1/cases/${conversation}`);
    const until = new Date(json.materials[1].checkedAt + (30 * 24 + 8) * 3_600_000).toISOString().slice(0, 10);
    const text = textIn(got.bytes);
    for (const part of [
      '南通市政务服务中心于',
      '材料等级B·仅用于办理食品经营许可',
      `办件编号${json.number}`,
      `有效期至${until}`,
      '印章的效力只在原件上',
      sha256(FILES[1].bytes),
    ])
      expect(text).toContain(part);
  });

  it('is the same every time, and is not sent to those who have it', async () => {
    const [first, second] = [await ask(1), await ask(1)];
    expect(first.bytes.equals(second.bytes)).toBe(true);
    const etag = String(first.headers['etag']);
    const again = await ask(1, { headers: { 'if-none-match': etag } });
    expect({ status: again.status, size: again.bytes.length, etag: again.headers['etag'] }).toEqual({
      status: 304,
      size: 0,
      etag,
    });
  });

  it('leaves the original as it is, and nothing of it is kept', async () => {
    const { personal_access: _before, ...before } = await uxin.counts();
    await ask(1);
    expect((await uxin.ask('GET', `${place(1)}?purpose=test`)).bytes.equals(FILES[1].bytes)).toBe(true);
    const { personal_access: _after, ...after } = await uxin.counts();
    expect(after).toEqual(before);
  });

  it('is given to those who may have the original, and of files of which one can be made', async () => {
    expect(await ask(0)).toMatchObject({ status: 409, json: { code: 'WATERMARK_UNSUPPORTED' } });
    expect(await ask(1, { role: 'auditor' })).toMatchObject({ status: 403 });
    const none = `/v1/cases/${conversation}/materials/${'0'.repeat(64)}?copy=watermarked`;
    expect(await uxin.ask('GET', none)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
    expect(await uxin.ask('GET', `${place(1)}?copy=plain`)).toMatchObject({
      status: 422,
      json: { code: 'VALIDATION_FAILED', errors: [{ pointer: '/query/copy' }] },
    });
  });
});

describe('a file sent to be examined', () => {
  it('gets a report with words, and nothing is kept', async () => {
    const before = await uxin.counts();
    const { status, json } = await verify(uxin, FILES[0].bytes);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      format: 'ofd',
      verdict: 'sealed',
      zh: '内容完好,签章人在信任名单内',
      container: true,
      seals: [{ form: 'GB/T 38540-2020', signer: { organisation: '测试市行政审批局' }, covers: 'whole' }],
      findings: [{ code: 'revocation-unknown', weight: 'note' }],
    });
    expect(await uxin.counts()).toEqual(before);
  });

  it('is held against the revocation lists of the folder as it is then', async () => {
    const folder = join(uxin.folder, 'crl');
    await writeFile(join(folder, 'a.crl'), testRevocationList(authority));
    const good = await verify(uxin, FILES[0].bytes);
    expect(good.json).toMatchObject({ verdict: 'sealed', findings: [] });
    const at = Date.now() - 300 * 86_400_000;
    await writeFile(join(folder, 'a.crl'), testRevocationList(authority, { revoked: [{ signer: cast.signer, at }] }));
    const revoked = await verify(uxin, FILES[0].bytes);
    expect(revoked.json).toMatchObject({
      verdict: 'altered',
      findings: [{ code: 'certificate-revoked' }],
      seals: [{ signer: { revocation: 'revoked' } }],
    });
  });

  it('may be anything: the report says so', async () => {
    const report = await verify(uxin, Buffer.from('PK\x03\x04 not a container', 'latin1'));
    expect(report).toMatchObject({ status: 200, json: { verdict: 'refused', findings: [{ code: 'zip-malformed' }] } });
    const image = await verify(uxin, Buffer.from('\x89PNG', 'latin1'));
    expect(image).toMatchObject({ status: 200, json: { verdict: 'refused', findings: [{ code: 'not-a-document' }] } });
  });

  it('waits for its turn, and is sent away when too many wait', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => verify(uxin, FILES[1].bytes)));
    const statuses = new Set(answers.map(({ status }) => status));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect([...statuses].sort()).toEqual([200, 429]);
    for (const { status, json } of answers)
      expect(status === 200 ? json.verdict : json.code).toBe(status === 200 ? 'sealed' : 'BACK_PRESSURE');
    expect(await verify(uxin, FILES[1].bytes)).toMatchObject({ status: 200 });
  });
});

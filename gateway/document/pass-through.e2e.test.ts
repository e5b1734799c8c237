import { createHash } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE, packOfd, plainPdf, sealedOfd, sealingCast, signPdf, testSigner } from '../../trust/testing/index.ts';
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
  await appendFile(join(folder, 'gateway.yaml'), '\ndocuments: { trust_file: document-trust.pem }\n');
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

describe("a department's own files as materials of a case", () => {
  let conversation: string;

  beforeAll(async () => {
    const opened = await nantong.ask('POST', '/v1/cases', { body: caseInput('150626', FOOD_LICENCE) });
    conversation = opened.json.conversation;
    for (const { name, type, bytes } of FILES) {
      const url = `/v1/cases/${conversation}/materials?${new URLSearchParams({ name, grade: 'C' })}`;
      const added = await nantong.ask('POST', url, { body: bytes, headers: { 'x-media-type': type } });
      expect(added).toMatchObject({ status: 201, json: { digest: sha256(bytes), mediaType: type } });
      if (name !== '营业执照') continue;
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
      const got = await uxin.ask('GET', `/v1/cases/${conversation}/materials/${sha256(bytes)}`);
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

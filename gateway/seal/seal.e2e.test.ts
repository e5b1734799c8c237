import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyWebhook } from '#adapters';
import { examineDocument, issueOwnStatement, openFileKeyStore, readTrustList, rotateKey, type SuiteName } from '#trust';
import { forgetKeys } from '../../trust/testing/older-key-folder.ts';
import { ReferenceSeal } from '../../trust/testing/reference-seal/reference-seal.ts';
import type { SealHolder } from '../../trust/testing/reference-seal/set-seal.ts';
import { readPresented } from '../cli/certificate/presented.ts';
import { verifyPresented } from '../cli/certificate/verify.ts';
import { checkSeals } from '../cli/doctor/checks/check-seals.ts';
import { statementFile } from '../config/config.ts';
import { NO_PDFSIG, PDFSIG, pdfsigSays } from '../rendition/testing/tools.ts';
import { type ApiRegion, apiRegion } from '../testing/api-region.ts';
import { licence } from '../testing/check-region.ts';
import { TEST_PASSPHRASE } from '../testing/live-region.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');

let service: ReferenceSeal;
let market: SealHolder;
/** Of Ed25519, whose certificates carry the seal of their authority. */
let uxin: ApiRegion;
/** Of SM2, which seals alone. */
let nantong: ApiRegion;

beforeAll(async () => {
  const admits = (headers: Parameters<typeof verifyWebhook>[0], body: Buffer) =>
    verifyWebhook(headers, body, SECRET, Date.now(), 60_000).ok;
  service = await ReferenceSeal.start({ admits });
  market = service.addSeal('市场监管-01');
  uxin = await apiRegion('150626', withSeals, { suite: 'Ed25519' });
  nantong = await apiRegion('320600', async () => {}, { suite: 'SM2-SM3' });
});

afterAll(async () => {
  await uxin?.close();
  await nantong?.close();
  await service?.close();
});

async function withSeals(folder: string): Promise<void> {
  const [certificates, secret] = ['market.pem', 'seal.secret'].map((name) => join(folder, name));
  await writeFile(certificates!, market.signer.pem + market.maker.pem);
  await writeFile(secret!, SECRET, { mode: 0o600 });
  const { code } = licence(0).authority;
  await appendFile(
    join(folder, 'gateway.yaml'),
    `
seal:
  kind: http-seal
  url: ${service.url}
  auth: { type: hmac, secret_file: ${secret} }
  seals:
    - { name: market, code: 市场监管-01, certificates: [market.pem], authorities: ['${code}'], place: { keyword: 印章图样 } }
`,
  );
}

async function issued(region: ApiRegion, changes: object = {}): Promise<string> {
  return (await region.live.services.certificates.issue(licence(Date.now(), changes))).identifier;
}

async function pdfOf(region: ApiRegion, identifier: string) {
  const { status, bytes, json } = await region.ask('GET', `/v1/certificates/${identifier}/pdf?purpose=test`);
  return { status, pdf: bytes, json };
}

/** As `tongban certificate verify` does it, with nothing but the statement of the region. */
async function verified(region: ApiRegion, pdf: Buffer) {
  const [file, statement] = [join(region.folder, 'certificate.pdf'), join(region.folder, 'given.jwt')];
  await writeFile(file, pdf);
  await writeFile(statement, region.live.core.own.jwt);
  const presented = await readPresented({ file }, async () => '');
  const { exit, json, text } = await verifyPresented(presented, { statements: [statement], now: Date.now() });
  return { exit, json: json as { verified: boolean; pdf: { kid: string; seals: unknown[] }; error?: object }, text };
}

const sealKeyOf = ({ live }: ApiRegion) => live.core.own.keys.findLast(({ purpose }) => purpose === 'seal')!;
/** Another authority of the same region, without a seal in the service. */
const OTHER = { authority: { name: '乌审旗公安局', code: '11150626MB00000027' } };

describe.each<[SuiteName, () => ApiRegion]>([
  ['Ed25519', () => uxin],
  ['SM2-SM3', () => nantong],
])('a region of %s', (suite, regionOf) => {
  it('signs the PDF of a certificate with its seal key, which its statement names', async () => {
    const region = regionOf();
    const { status, pdf } = await pdfOf(region, await issued(region, OTHER));
    expect(status).toBe(200);
    const { kid, suite: of } = sealKeyOf(region);
    expect(of.name).toBe(suite === 'SM2-SM3' ? suite : 'ES256');
    const { exit, json, text } = await verified(region, pdf);
    expect({ exit, json }).toMatchObject({ exit: 0, json: { verified: true, pdf: { kid, seals: [] } } });
    expect(text).not.toContain('其他印章');
    const longer = await verified(region, Buffer.concat([pdf, Buffer.from('\n')]));
    expect(longer).toMatchObject({ exit: 1, json: { error: { code: 'RENDITION_ALTERED' } } });
  });

  it.skipIf(!PDFSIG || suite === 'SM2-SM3')(
    `makes one that a reader of PDF knows${suite === 'SM2-SM3' ? ': no common reader knows SM2' : PDFSIG ? '' : `: ${NO_PDFSIG}`}`,
    async () => {
      const region = regionOf();
      const { pdf } = await pdfOf(region, await issued(region, OTHER));
      const said = pdfsigSays(pdf);
      expect(said).toMatch(/CN=电子证照 150626/);
      expect(said).toMatch(/Total document signed[\s\S]*Signature is Valid/);
    },
  );
});

describe('the seal of an authority', () => {
  it('is on the PDF under the signature of the region, and is told by whoever verifies it', async () => {
    const { status, pdf } = await pdfOf(uxin, await issued(uxin));
    expect(status).toBe(200);
    expect(service.calls.at(-1)).toMatchObject({
      signatory: 'seal',
      seal: '市场监管-01',
      place: { keyword: '印章图样' },
      reason: '电子证照：食品经营许可证',
      authority: licence(0).authority,
    });
    const { exit, json, text } = await verified(uxin, pdf);
    expect(exit).toBe(0);
    expect(json.pdf).toMatchObject({
      kid: sealKeyOf(uxin).kid,
      seals: [{ form: 'GB/T 38540-2020', state: 'intact', trusted: false, signer: { name: '测试印章 市场监管-01' } }],
    });
    expect(text).toMatch(/其他印章.*完好,经 150626 核对后一并签名;其证书未经本机信任名单核对/);
    const trust = readTrustList(market.signer.pem + market.maker.pem);
    const [seal, region] = examineDocument(pdf, trust, Date.now()).seals;
    expect([seal, region]).toMatchObject([
      { state: 'intact', trusted: true, covers: 'part' },
      { state: 'intact', trusted: false, covers: 'whole' },
    ]);
  });

  it.each([
    ['edited', 502, 'SEAL_WRONG'],
    ['stranger', 502, 'SEAL_WRONG'],
    ['reset', 503, 'SEAL_UNAVAILABLE'],
  ] as const)(
    'is missing when the service goes wrong (%s), and then there is no PDF',
    async (mischief, status, code) => {
      const identifier = await issued(uxin);
      service.mischief = mischief;
      const { status: answered, json } = await pdfOf(uxin, identifier);
      service.mischief = undefined;
      expect({ answered, json }).toMatchObject({ answered: status, json: { code } });
      expect((await pdfOf(uxin, identifier)).status).toBe(200);
      const metrics = await uxin.live.core.metrics.text();
      expect(metrics).toMatch(/tongban_seals_total\{seal="market",outcome="sealed"\} [1-9]/);
      expect(metrics).toContain(
        `tongban_seals_total{seal="market",outcome="${code === 'SEAL_WRONG' ? 'wrong' : 'unavailable'}"}`,
      );
    },
  );

  it('is known to the doctor', async () => {
    const { config, clock, region } = uxin.live.core;
    expect(await checkSeals(config.seal, region, clock)).toMatchObject([{ level: 'fine' }]);
  });
});

it('a region from before there were seal keys says what to do, and goes on when it is done', async () => {
  const { live, folder } = nantong;
  const keys = join(folder, 'keys');
  const identifier = await issued(nantong);
  const { region, name, endpoint, serial, expiresAt } = live.core.own;
  const restate = async (next: number) => {
    const content = { region, name, endpoint, serial: next, issuedAt: Date.now(), expiresAt };
    await writeFile(
      statementFile(folder),
      await issueOwnStatement(await openFileKeyStore(keys, TEST_PASSPHRASE), content),
    );
    await live.core.keyring.reload();
  };
  const before = await readFile(join(keys, 'keys.json'), 'utf8');
  await forgetKeys(keys, 'seal');
  await restate(serial + 1);
  expect(await pdfOf(nantong, identifier)).toMatchObject({
    status: 500,
    json: { code: 'KEY_MISSING', detail: expect.stringContaining('tongban key rotate seal') },
  });
  await writeFile(join(keys, 'keys.json'), before);
  await rotateKey(keys, { purpose: 'seal', passphrase: TEST_PASSPHRASE, now: Date.now(), overlapMs: 0 });
  await restate(serial + 2);
  const { status, pdf } = await pdfOf(nantong, identifier);
  expect(status).toBe(200);
  expect((await verified(nantong, pdf)).json.pdf.kid).toBe(sealKeyOf(nantong).kid);
});

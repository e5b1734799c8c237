import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyWebhook } from '#adapters';
import { signerOfPdf } from '#trust';
import { plainPdf, type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { ReferenceSeal, type SealMischief } from '../../trust/testing/reference-seal/reference-seal.ts';
import type { SealHolder } from '../../trust/testing/reference-seal/set-seal.ts';
import { type GatewayConfig, parseConfig } from '../config/config.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { openSealing } from './open-sealing.ts';
import type { Sealing } from './sealing.ts';

const MARKET = { name: '乌审旗市场监督管理局', code: '11150626MB00000014' };
const POLICE = { name: '乌审旗公安局', code: '11150626MB00000022' };
const SECRET = Buffer.alloc(32, 7).toString('base64');
const clock = { now: () => Date.now() };
const reason = '电子证照：食品经营许可证';
const document = plainPdf('Licence');

let folder: string;
let own: ThrowawayRegion;
let service: ReferenceSeal;
let market: SealHolder;
let metrics: Metrics;
let lines: string[];
const opened: Sealing[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-sealing-'));
  own = await throwawayRegion('150626', { suite: 'Ed25519' });
  await writeFile(join(folder, 'secret'), SECRET);
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  const admits = (headers: Parameters<typeof verifyWebhook>[0], body: Buffer) =>
    verifyWebhook(headers, body, SECRET, Date.now(), 60_000).ok;
  service = await ReferenceSeal.start({ admits });
  market = service.addSeal('market');
  await pin('market', market);
  metrics = createMetrics();
  lines = [];
});
afterEach(async () => {
  for (const sealing of opened.splice(0)) await sealing.close();
  await service.close();
});

const pin = (name: string, { signer, maker }: SealHolder) =>
  writeFile(join(folder, `${name}.pem`), signer.pem + maker.pem);

function configOf(seals: string, settings: string): GatewayConfig {
  const auth = `{ type: hmac, secret_file: ${join(folder, 'secret')} }`;
  const yaml = `region: '150626'
name: 乌审旗
peer: { endpoint: 'uxin.example:7443' }
seal:
  kind: http-seal
  url: ${service.url}
  auth: ${auth}
${settings}  seals: ${seals}
`;
  return parseConfig(yaml, join(folder, 'gateway.yaml'));
}

async function open(seals: string, settings = ''): Promise<Sealing> {
  const log = createLog({ level: 'debug', region: '150626', clock }, { write: (line) => void lines.push(line) });
  const keyring = { statement: own.statement, sealSigner: own.seal };
  const config = configOf(seals, settings);
  const sealing = await openSealing({ config, region: '150626', clock, random: () => 0, keyring, log, metrics });
  opened.push(sealing);
  return sealing;
}

const ONE = '[{ name: market, certificates: [market.pem] }]';
const counted = async () =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith('tongban_seals_total{'));

describe('a document', () => {
  it('carries the seal of its authority under that of the region, and the service got what it needs', async () => {
    const sealing = await open(
      `[{ name: market, code: market, certificates: [market.pem], authorities: ['${MARKET.code}'], place: { page: 1, x: 400, y: 200 } }]`,
    );
    const sealed = await sealing.seal(document, { authority: MARKET, reason });
    const { kid, seals } = await signerOfPdf(sealed, Date.now());
    expect(kid).toBe(own.seal.kid);
    expect(seals).toMatchObject([{ form: 'GB/T 38540-2020', state: 'intact', signer: { name: '测试印章 market' } }]);
    expect(service.calls).toMatchObject([
      {
        request_id: expect.stringMatching(/^[0-9a-f]{64}$/),
        signatory: 'seal',
        seal: 'market',
        document: document.toString('base64'),
        media_type: 'application/pdf',
        place: { page: 1, x: 400, y: 200 },
        reason,
        authority: MARKET,
      },
    ]);
    expect(await counted()).toEqual(['tongban_seals_total{seal="market",outcome="sealed"} 1']);
  });

  it('of another authority carries that of the region alone', async () => {
    const sealing = await open(`[{ name: market, certificates: [market.pem], authorities: ['${MARKET.code}'] }]`);
    const sealed = await sealing.seal(document, { authority: POLICE, reason });
    expect((await signerOfPdf(sealed, Date.now())).seals).toEqual([]);
    expect(service.calls).toEqual([]);
  });

  it('carries several, a seal and the signature of a person, in their order', async () => {
    await pin('registrar', service.addSeal('经办人-7'));
    const sealing = await open(
      '[{ name: market, certificates: [market.pem] }, { name: registrar, code: 经办人-7, signatory: signature, certificates: [registrar.pem] }]',
    );
    const sealed = await sealing.seal(document, { authority: MARKET, reason });
    const { kid, seals } = await signerOfPdf(sealed, Date.now());
    expect(kid).toBe(own.seal.kid);
    expect(seals.map(({ signer }) => signer?.name)).toEqual(['测试印章 market', '测试印章 经办人-7']);
    expect(service.calls.map(({ signatory }) => signatory)).toEqual(['seal', 'signature']);
  });

  it('is asked for with an id that follows from it, so that a service seals it once', async () => {
    const sealing = await open(ONE);
    for (let count = 0; count < 2; count += 1) await sealing.seal(document, { authority: MARKET, reason });
    await sealing.seal(plainPdf('Another'), { authority: MARKET, reason });
    const [first, second, third] = service.calls.map(({ request_id: id }) => id);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(service.seals).toBe(2);
  });
});

describe('no document goes out', () => {
  it.each<[SealMischief, string, string]>([
    ['hang', 'SEAL_UNAVAILABLE', 'unavailable'],
    ['reset', 'SEAL_UNAVAILABLE', 'unavailable'],
    ['garbage', 'SEAL_WRONG', 'wrong'],
    ['huge', 'SEAL_WRONG', 'wrong'],
    ['redirect', 'SEAL_WRONG', 'wrong'],
    ['unsealed', 'SEAL_WRONG', 'wrong'],
    ['another', 'SEAL_WRONG', 'wrong'],
    ['edited', 'SEAL_WRONG', 'wrong'],
    ['noted', 'SEAL_WRONG', 'wrong'],
    ['spoilt', 'SEAL_WRONG', 'wrong'],
    ['appended', 'SEAL_WRONG', 'wrong'],
    ['stranger', 'SEAL_WRONG', 'wrong'],
    ['forged', 'SEAL_WRONG', 'wrong'],
  ])('when the service does this: %s (%s)', async (mischief, code, outcome) => {
    const sealing = await open(ONE, mischief === 'hang' ? '  timeout_ms: 200\n' : '');
    service.mischief = mischief;
    await expect(sealing.seal(document, { authority: MARKET, reason })).rejects.toMatchObject({ code });
    expect(await counted()).toEqual([`tongban_seals_total{seal="market",outcome="${outcome}"} 1`]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 'error', adapter: 'market', code }]);
    expect(lines.join('')).not.toMatch(/食品|Licence/);
    service.mischief = undefined;
    await expect(sealing.seal(document, { authority: MARKET, reason })).resolves.toBeDefined();
  });

  it('when the service refuses', async () => {
    const sealing = await open(ONE);
    service.failNext(1, 403);
    await expect(sealing.seal(document, { authority: MARKET, reason })).rejects.toMatchObject({ code: 'SEAL_REFUSED' });
    expect(service.calls).toHaveLength(1);
    const unknown = await open('[{ name: police, certificates: [market.pem] }]');
    await expect(unknown.seal(document, { authority: MARKET, reason })).rejects.toMatchObject({ code: 'SEAL_REFUSED' });
  });

  it('when the second of two seals fails', async () => {
    const sealing = await open(
      '[{ name: market, certificates: [market.pem] }, { name: police, certificates: [market.pem] }]',
    );
    await expect(sealing.seal(document, { authority: MARKET, reason })).rejects.toMatchObject({ code: 'SEAL_REFUSED' });
  });
});

it('a failure that passes is asked again with the same id, and a slow answer is waited for', async () => {
  const sealing = await open(ONE);
  service.failNext(2);
  const release = service.hold();
  setTimeout(release, 50);
  await expect(sealing.seal(document, { authority: MARKET, reason })).resolves.toBeDefined();
  expect(new Set(service.calls.map(({ request_id: id }) => id)).size).toBe(1);
  expect(service.calls).toHaveLength(3);
});

it.each([
  ['a certificate that is not there', '[{ name: market, certificates: [none.pem] }]', '', 'none.pem'],
  ['a file that is no certificate', '[{ name: market, certificates: [secret] }]', '', 'secret'],
  ['a wrong setting of the service', ONE, '  colour: red\n', '/seal/colour'],
])('nothing is opened with %s', async (_, seals, settings, words) => {
  await expect(open(seals, settings)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(words),
  });
});

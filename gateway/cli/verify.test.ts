import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRegion, licence } from '../testing/check-region.ts';
import { runTongban } from '../testing/gateway-process.ts';
import { testClock } from '../testing/region-pair.ts';
import { verifyCertificateFile } from './verify-certificate.ts';
import { verifyEvidenceFile } from './verify-evidence.ts';

const NOW = Date.UTC(2030, 0, 1);
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const VECTOR = new URL('../../trust/vectors/bundle-es256.json', import.meta.url);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-verify-'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('evidence verify', () => {
  let bundle: Record<string, unknown>;
  let statements: string[];

  beforeAll(async () => {
    const vector = JSON.parse(await readFile(VECTOR, 'utf8')) as {
      statements: string[];
      bundle: Record<string, unknown>;
    };
    bundle = vector.bundle;
    statements = await Promise.all(vector.statements.map((jwt, index) => put(`region-${index}.jwt`, `${jwt}\n`)));
  });

  it('proves a case and tells its way', async () => {
    const answer = await verifyEvidenceFile(await put('bundle.json', JSON.stringify(bundle)), statements, NOW);
    expect(answer).toMatchObject({
      exit: 0,
      json: { verified: true, faults: [], statements: [{ region: '320600' }, {}] },
    });
    expect(answer.text).toMatch(/核验通过[\s\S]*已证明的经过[\s\S]*320600 {2,}150626/);
    expect(answer.text).not.toContain('FAILED');
  });

  it('does not trust the statements inside the bundle', async () => {
    const answer = await verifyEvidenceFile(await put('bundle.json', JSON.stringify(bundle)), [statements[0]!], NOW);
    expect(answer).toMatchObject({ exit: 1, json: { verified: false } });
    expect(answer.text).toMatch(/核验未通过[\s\S]*KEY_UNKNOWN/);
  });

  it('says where an altered bundle is wrong', async () => {
    const altered = { ...bundle, checkpoint: String(bundle['checkpoint']).replace(/\n\d+\n/, '\n9999\n') };
    const answer = await verifyEvidenceFile(await put('altered.json', JSON.stringify(altered)), statements, NOW);
    expect(answer.exit).toBe(1);
    expect(answer.text).toMatch(/checkpoint +CHECKPOINT_INVALID +检查点无效/);
  });

  it('ends with 1 for what is no bundle or no statement, and with 2 for what is not there', async () => {
    const garbage = await put('garbage', '\u0000garbage');
    const verify = (file: string, region: string) =>
      runTongban('evidence', 'verify', file, '--region', region, '--json');
    const notBundle = await verify(garbage, statements[0]!);
    expect(notBundle.code).toBe(1);
    expect(JSON.parse(notBundle.stdout)).toMatchObject({ verified: false, faults: [{ code: 'BUNDLE_INVALID' }] });
    const notStatement = await verify(garbage, garbage);
    expect(notStatement.code).toBe(1);
    expect(JSON.parse(notStatement.stdout)).toMatchObject({ error: { code: 'JWS_INVALID' } });
    for (const [file, region] of [
      [join(folder, 'absent'), statements[0]!],
      [garbage, join(folder, 'absent')],
    ] as const) {
      const absent = await verify(file, region);
      expect(absent.code).toBe(2);
      expect(JSON.parse(absent.stdout)).toMatchObject({ error: { code: 'VALIDATION_FAILED' } });
    }
  });
});

describe('certificate verify', () => {
  let text: string;
  let statement: string;
  let other: string;

  beforeAll(async () => {
    const [issuer, stranger] = [
      await checkRegion('150626', testClock(NOW)),
      await checkRegion('350500', testClock(NOW)),
    ];
    ({ text } = await issuer.certificates.issue(licence(NOW)));
    statement = await put('issuer.jwt', issuer.own.jwt);
    other = await put('stranger.jwt', stranger.own.jwt);
    await Promise.all([issuer.close(), stranger.close()]);
  });

  it('tells who issued it to whom, and that only the issuer knows of a revocation', async () => {
    const answer = await verifyCertificateFile(text, [other, statement], NOW);
    expect(answer).toMatchObject({ exit: 0, json: { verified: true, issuer: '150626', status: 'valid' } });
    expect(answer.text).toMatch(/食品经营许可证[\s\S]*示例餐饮有限公司/);
    expect(answer.notes?.join()).toContain('revoked');
  });

  it('fails when it is out of date', async () => {
    const answer = await verifyCertificateFile(text, [statement], NOW + 6 * YEAR_MS);
    expect(answer).toMatchObject({ exit: 1, json: { verified: false, status: 'expired' } });
  });

  it('fails without the statement of its issuer, and when a byte is changed', async () => {
    const file = await put('certificate', text);
    const byStranger = await runTongban('certificate', 'verify', file, '--statement', other, '--json');
    expect(byStranger.code).toBe(1);
    expect(JSON.parse(byStranger.stdout)).toMatchObject({ error: { code: 'CERTIFICATE_ISSUER' } });
    const at = text.indexOf('.') + 40;
    const altered = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    await expect(verifyCertificateFile(altered, [statement], NOW)).rejects.toThrow();
  });
});

async function put(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

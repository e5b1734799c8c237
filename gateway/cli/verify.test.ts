import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTongban } from '../testing/gateway-process.ts';
import { verifyEvidenceFile } from './verify-evidence.ts';

const NOW = Date.UTC(2030, 0, 1);
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

async function put(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

import { spawn } from 'node:child_process';
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { keepLog } from '../../proto/testing/kept-logs.ts';

const DEMO = fileURLToPath(new URL('main.ts', import.meta.url));
const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) {
    for (const region of ['nantong', 'uxin']) await keepLog(join(folder, region, 'gateway.log'));
    await rm(folder, { recursive: true, force: true });
  }
});

function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

describe('the demo', () => {
  it('carries a case between two regions and proves it, as one JSON object', async () => {
    const { code, stdout, stderr } = await run('--json');
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    const result = JSON.parse(stdout);
    folders.push(result.dir);
    expect(result).toMatchObject({
      certificate: { status: 'valid' },
      evidence: { verified: true },
    });
    // The acts of the case; the signed papers of those follow in their own time.
    for (const count of [result.envelopes, result.receipts]) expect(count).toBeGreaterThanOrEqual(10);
    expect(result.regions.map(({ code: region }: { code: string }) => region)).toEqual(['320600', '150626', '350500']);
    expect(result.refused.map(({ code: refused }: { code: string }) => refused)).toEqual([
      'KEY_UNKNOWN',
      'PAYLOAD_MISMATCH',
      'PEER_MISMATCH',
      'WRONG_RECIPIENT',
      'KEY_REVOKED',
      'ITEM_NOT_COVERED',
    ]);
    for (const file of [result.certificate.file, result.evidence.file]) await access(file);
  });

  it('says how it is used when an option is wrong', async () => {
    const { code, stdout, stderr } = await run('--jsno');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('npm run demo');
  });
});

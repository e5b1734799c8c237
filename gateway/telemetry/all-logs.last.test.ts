import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { LOG_FOLDER } from '../../proto/testing/kept-logs.ts';
import { APPLICANT, authorize, caseInput, NO_MATERIALS } from '../testing/agency-case.ts';
import { apiRegion } from '../testing/api-region.ts';
import { pinEachOther } from '../testing/live-region.ts';
import { SHAPES, telltales } from '../testing/telltale.ts';

const folder = process.env[LOG_FOLDER]!;
const secrets = telltales();

/** What a line tells that it must not; undefined for a good line. */
function fault(line: string): string | undefined {
  const named = secrets.find((secret) => line.includes(secret));
  if (named) return named;
  const shape = Object.entries(SHAPES).find(([, pattern]) => pattern.test(line));
  if (shape) return shape[0];
  // What a gateway logs is English; people and their cases are not.
  return line.startsWith('{') && /\p{Script=Han}/u.test(line) ? 'Chinese words' : undefined;
}

test('the search finds what it looks for', () => {
  expect(secrets.length).toBeGreaterThan(15);
  expect(secrets).toContain(APPLICANT.name);
  const line = (word: string) => `{"level":"info","msg":"${word}"}`;
  for (const secret of secrets) expect(fault(line(`x${secret}x`))).toBeDefined();
  for (const word of [
    '11010519491231002X',
    '13912345678',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.x',
    '-----BEGIN PRIVATE KEY-----',
    `Bearer ${'q'.repeat(16)}`,
    `tbs_${'Ab-_9'.repeat(4)}`,
    'otpauth://totp/x',
    'secret=JBSWY3DPEHPK3PXP',
    '张三',
  ])
    expect(fault(line(word)), word).toBeDefined();
  expect(fault(line('0f9e8d7c-6b5a-4c3d-8e1f-113912345678'))).toBeUndefined();
  expect(fault('{"time":"2026-11-22T14:00:00.000Z","duration_ms":1234567890}')).toBeUndefined();
});

test('no log of any test of this run names a synthetic person, their case or a secret', async () => {
  await logSomething();
  let lines = 0;
  const faults: string[] = [];
  const files = await readdir(folder);
  for (const file of files)
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      lines += 1;
      const found = fault(line);
      if (found && faults.length < 20) faults.push(`${found}: ${line.slice(0, 500)}`);
    }
  expect(faults).toEqual([]);
  expect(files.length).toBeGreaterThanOrEqual(4);
  expect(lines).toBeGreaterThan(20);
});

/** A case between two gateways, so that something is there however few tests ran before. */
async function logSomething(): Promise<void> {
  const [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  try {
    await pinEachOther(nantong.live, uxin.live);
    await authorize(nantong.live, uxin.live);
    const { status } = await nantong.ask('POST', '/v1/cases', { body: caseInput('150626', NO_MATERIALS) });
    expect(status).toBe(201);
    for (let n = 0; n < 10; n += 1) await nantong.ask('GET', `/v1/cases?q=${encodeURIComponent(APPLICANT.name)}`);
  } finally {
    await Promise.all([nantong, uxin].map((region) => region.close()));
  }
}

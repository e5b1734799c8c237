import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYP } from '#proto';
import { type StatusWord, signJws } from '#trust';
import { type CheckRegion, checkRegion, licence } from '../../testing/check-region.ts';
import { runTongban } from '../../testing/gateway-process.ts';
import type { Answer } from '../command.ts';
import { verifyPresented } from './verify.ts';

const NOW = Date.UTC(2030, 0, 1);
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** What the lists of the region here say of themselves. */
const TTL_MS = 15 * 60 * 1000;

let folder: string;
let lists: string;
let statement: string;
let time: number;
let uxin: CheckRegion;
let certificate: string;
let identifier: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-cached-'));
  lists = join(folder, 'lists');
  await mkdir(lists);
  time = NOW;
  uxin = await checkRegion('150626', { now: () => time });
  ({ text: certificate, identifier } = await uxin.certificates.issue(licence(NOW)));
  statement = join(folder, '150626.jwt');
  await writeFile(statement, uxin.own.jwt);
});

afterEach(async () => {
  await uxin.close();
  await rm(folder, { recursive: true });
});

async function fetchInto(name: string): Promise<string> {
  const file = join(lists, name);
  await writeFile(file, (await uxin.statusLists.published(1)).text);
  return file;
}

async function decide(word: StatusWord): Promise<void> {
  await uxin.certificates.setStatus(identifier, word, '核查', 'window');
  time += 1000;
}

const verify = (path = lists, maxAgeMs = DAY_MS) => verifyWithin(maxAgeMs, path);
const verifyWithin = (maxAgeMs: number | undefined, path = lists) =>
  verifyPresented(
    { kind: 'certificate', text: certificate },
    { statements: [statement], now: time, cached: { path, maxAgeMs } },
  );

describe('a cached list', () => {
  it('proves that a certificate stands, and says how old it is', async () => {
    const file = await fetchInto('1');
    time += 2 * HOUR_MS;
    for (const path of [file, lists]) {
      const answer = await verify(path);
      expect(answer).toMatchObject({ exit: 0, json: { verified: true, status: 'valid' } });
      expect(statusIn(answer)).toEqual({ name: 'status', outcome: 'proved', word: 'valid', asOf: NOW });
      expect(answer.text).toContain('120 min');
      expect(answer.notes).toEqual([]);
    }
  });

  it.each<[StatusWord, string]>([
    ['suspended', '已暂停'],
    ['cancelled', '已注销'],
    ['revoked', '已撤销'],
    ['withdrawn', '已吊销'],
  ])('tells that it is %s, in the word of the trade', async (word, text) => {
    await decide(word);
    await fetchInto('1');
    const answer = await verify();
    expect(answer).toMatchObject({ exit: 1, json: { verified: false, status: word } });
    expect(statusIn(answer)).toMatchObject({ outcome: 'failed', code: 'CERTIFICATE_NOT_IN_FORCE', word });
    expect(answer.text).toContain(text);
  });

  it('is the newest of several, whatever the files are called', async () => {
    await fetchInto('z-newest-by-name');
    time += HOUR_MS;
    await decide('revoked');
    await fetchInto('a');
    await writeFile(join(lists, 'notes.txt'), 'fetched by hand');
    expect(await verify()).toMatchObject({ exit: 1, json: { status: 'revoked' } });
  });

  it('is enough up to the age that is demanded, and not a moment longer', async () => {
    await fetchInto('1');
    time += DAY_MS;
    expect(await verify()).toMatchObject({ exit: 0 });
    time += 1;
    const answer = await verify();
    expect(answer).toMatchObject({ exit: 1, json: { verified: false, status: 'valid' } });
    expect(statusIn(answer)).toMatchObject({ outcome: 'open', code: 'STATUS_LIST_STALE', asOf: NOW });
    expect(answer.text).toContain('STATUS_LIST_STALE');
  });

  it('is enough within its own ttl unless an age is told, and says then what to do', async () => {
    await fetchInto('1');
    time += TTL_MS;
    expect(await verifyWithin(undefined)).toMatchObject({ exit: 0 });
    time += 1;
    const answer = await verifyWithin(undefined);
    expect(answer).toMatchObject(unproved('STATUS_LIST_STALE'));
    expect(answer.text).toMatch(
      /900 seconds; get a fresh one, or state with --max-age .*请下载新列表,或以 --max-age 写明/,
    );
    expect(await verifyWithin(HOUR_MS)).toMatchObject({ exit: 0 });
    expect(await verifyWithin(60_000)).toMatchObject(unproved('STATUS_LIST_STALE'));
  });

  it('that does not say how long it serves counts for a day', async () => {
    const file = await fetchInto('1');
    const { ttl: _, ...claims } = JSON.parse(
      Buffer.from((await readFile(file, 'utf8')).split('.')[1]!, 'base64url').toString(),
    ) as { readonly ttl: number };
    await writeFile(file, await signJws(uxin.own.certificate, TYP.statusList, claims));
    time += DAY_MS;
    expect(await verifyWithin(undefined)).toMatchObject({ exit: 0 });
    time += 1;
    expect(await verifyWithin(undefined)).toMatchObject(unproved('STATUS_LIST_STALE'));
  });

  it('that has expired counts for no age, so that only a new one is asked for', async () => {
    await fetchInto('1');
    time += 30 * DAY_MS;
    const { text } = await verifyWithin(365 * DAY_MS);
    expect(text).toMatch(/STATUS_LIST_STALE.*has expired.*请下载新列表/);
    expect(text).not.toContain('--max-age');
  });

  it('that is altered, of another region or absent proves nothing', async () => {
    expect(await verify()).toMatchObject(unproved('STATUS_UNKNOWN'));
    const file = await fetchInto('1');
    const text = await readFile(file, 'utf8');
    const altered = text.replace(/\.[^.]+$/, `.${'A'.repeat(86)}`);
    await writeFile(file, altered);
    for (const path of [file, lists]) expect(await verify(path)).toMatchObject(unproved('SIGNATURE_INVALID'));
    const other = await checkRegion('350500', { now: () => time });
    await other.certificates.issue(licence(NOW));
    const foreign = join(folder, 'foreign');
    await writeFile(foreign, (await other.statusLists.published(1)).text);
    await other.close();
    expect(await verify(foreign)).toMatchObject(unproved('STATUS_LIST_ISSUER'));
    await expect(verify(join(folder, 'nowhere'))).rejects.toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED' }),
    );
  });

  it('does not keep a certificate alive that is out of date', async () => {
    const late = licence(NOW, { validUntil: NOW + HOUR_MS });
    ({ text: certificate } = await uxin.certificates.issue(late));
    await fetchInto('1');
    time += HOUR_MS;
    expect(await verify()).toMatchObject({ exit: 1, json: { status: 'expired' } });
  });
});

it('is demanded on the command line with a folder and an age', async () => {
  const fresh = await checkRegion('350500', { now: () => Date.now() });
  const { text } = await fresh.certificates.issue(licence(Date.now() - HOUR_MS));
  const file = join(folder, 'certificate');
  const trusted = join(folder, '350500.jwt');
  await writeFile(file, text);
  await writeFile(trusted, fresh.own.jwt);
  const ask = (...more: string[]) =>
    runTongban('certificate', 'verify', file, '--statement', trusted, '--status-list', lists, '--json', ...more);
  const without = await ask();
  expect(without.code).toBe(1);
  expect({ exit: without.code, json: JSON.parse(without.stdout) }).toMatchObject(unproved('STATUS_UNKNOWN'));
  await writeFile(join(lists, '1'), (await fresh.statusLists.published(1)).text);
  await fresh.close();
  expect(await readdir(lists)).toEqual(['1']);
  const proved = await ask('--max-age', '1h');
  expect(JSON.parse(proved.stdout)).toMatchObject({ verified: true, status: 'valid' });
  expect(proved.code).toBe(0);
  expect((await ask('--max-age', 'long')).code).toBe(2);
});

/** What is said of the status. */
function statusIn({ json }: Answer): unknown {
  return (json as { proofs: { name: string }[] }).proofs.find(({ name }) => name === 'status');
}

/** An answer in which the status is not proved. */
function unproved(code: string): object {
  const status = expect.objectContaining({ name: 'status', outcome: 'open', code });
  return { exit: 1, json: { verified: false, proofs: expect.arrayContaining([status]) } };
}

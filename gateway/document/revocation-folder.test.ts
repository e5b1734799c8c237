import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DOCUMENT_LIMITS } from '#trust';
import { sealingCast, testRevocationList } from '../../trust/testing/index.ts';
import { openRevocationFolder, type RevocationFolder } from './revocation-folder.ts';

const { authority } = sealingCast();
const list = testRevocationList(authority);
const newer = testRevocationList(authority, { thisUpdate: Date.now() - 1000 });

let folder: string;
let lists: RevocationFolder;
let told: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-crl-'));
  told = [];
  lists = (await openRevocationFolder(folder, (error) => told.push(error)))!;
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const read = async () => (await lists.lists()).map((bytes) => Buffer.from(bytes));

it('reads what is there, DER and PEM, and again only what has changed', async () => {
  expect(await read()).toEqual([]);
  await writeFile(join(folder, 'a.crl'), list);
  await writeFile(
    join(folder, 'b.pem'),
    `-----BEGIN X509 CRL-----\n${newer.toString('base64')}\n-----END X509 CRL-----\n`,
  );
  expect(await read()).toEqual([list, newer]);
  const [before] = await lists.lists();
  expect((await lists.lists())[0]).toBe(before);
  await writeFile(join(folder, '.new'), newer);
  expect(await read()).toEqual([list, newer]);
  await rename(join(folder, '.new'), join(folder, 'a.crl'));
  await utimes(join(folder, 'a.crl'), new Date(), new Date(Date.now() + 5000));
  expect(await read()).toEqual([newer, newer]);
  await rm(join(folder, 'a.crl'));
  expect(await read()).toEqual([newer]);
  expect(told).toEqual([]);
});

it('hands out memory that threads share', async () => {
  await writeFile(join(folder, 'a.crl'), list);
  expect((await lists.lists())[0]!.buffer).toBeInstanceOf(SharedArrayBuffer);
});

it('leaves out what is no list, once told, and goes on with the others', async () => {
  await writeFile(join(folder, 'a.crl'), 'no list');
  await writeFile(join(folder, 'b.crl'), list);
  await mkdir(join(folder, 'c'));
  expect(await read()).toEqual([list]);
  expect(await read()).toEqual([list]);
  expect(told).toHaveLength(2);
  expect(told[0]).toMatchObject({ code: 'CONFIG_INVALID' });
});

it('takes no more files than it may', async () => {
  const names = Array.from({ length: DOCUMENT_LIMITS.revocationFiles + 2 }, (_, index) => `${1000 + index}.crl`);
  for (const name of names) await writeFile(join(folder, name), list);
  expect(await read()).toHaveLength(DOCUMENT_LIMITS.revocationFiles);
  expect(told).toEqual([expect.objectContaining({ code: 'CONFIG_INVALID' })]);
});

it('is none without a setting, refused when it is missing at the start, and empty when it goes away', async () => {
  expect(await openRevocationFolder(undefined, () => {})).toBeUndefined();
  await expect(openRevocationFolder(join(folder, 'missing'), () => {})).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  await rm(folder, { recursive: true });
  expect(await read()).toEqual([]);
  expect(told).toHaveLength(1);
});

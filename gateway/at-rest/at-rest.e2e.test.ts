import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStorageKey, verifyBundle } from '#trust';
import { findCases } from '../case/search/find-cases.ts';
import type { Event, State } from '../case/transitions.ts';
import { listCertificates } from '../certificate/library-list.ts';
import { runHere } from '../cli/testing/run-here.ts';
import { authorize, BACK_OFFICE, CODES, caseInput, FOOD_LICENCE, WINDOW } from '../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  TEST_PASSPHRASE,
  until,
} from '../testing/live-region.ts';

/** Nobody else in these tests is called so, or has such a file. */
const APPLICANT = {
  kind: 'legal-person',
  name: '孛儿只斤食品有限公司',
  documentType: 'social-credit-code',
  documentNumber: CODES.applicant,
  mobile: '13866554477',
  address: '江苏省南通市机密路77号',
};
const FILE = Buffer.from('机密附件内容 '.repeat(2000));
const SECRETS = [
  APPLICANT.name,
  APPLICANT.documentNumber,
  APPLICANT.mobile,
  APPLICANT.address,
  '机密经营项目',
  '机密说明',
  '机密法人',
  '机密附件内容',
];

/** The one has a storage key from its beginning, the other none until later. */
let nantong: LiveRegion;
let uxin: LiveRegion;
let key: string;
let passphrase: string;

beforeAll(async () => {
  nantong = await openLiveRegion(await makeRegionFolder('320600'));
  uxin = await openLiveRegion(await makeRegionFolder('150626', { isSealed: false }));
  passphrase = join(nantong.folder, 'keys', 'passphrase');
  await writeFile(passphrase, TEST_PASSPHRASE, { mode: 0o600 });
  await pinEachOther(nantong, uxin);
  await authorize(nantong, uxin);
  await runCase();
});

afterAll(async () => {
  await Promise.all([nantong.stop(), uxin.stop()]);
  await removeFolders(nantong.folder, uxin.folder);
});

/** Acts, and waits until both regions see the same new state with nothing pending. */
async function act(side: LiveRegion, event: Event, data: object, state: State): Promise<void> {
  await side.services.cases.act(key, event, data);
  for (const other of [nantong, uxin])
    await until(`the case is ${state} at ${other.region}`, async () => {
      const file = await other.services.cases.demand(key).catch(() => undefined);
      return file?.state === state && !file.pending;
    });
}

async function* file(words: string): AsyncIterable<Buffer> {
  yield Buffer.from(words);
  yield FILE;
}

async function runCase(): Promise<void> {
  const { cases } = nantong.services;
  const form = { 经营项目: '机密经营项目' };
  key = (await cases.create(caseInput('150626', FOOD_LICENCE, { applicant: APPLICANT, form }))).conversation;
  for (const name of ['营业执照', '食品经营许可申请书', '平面布局图']) {
    const { digest } = await cases.addMaterial(key, { name, mediaType: 'text/plain', grade: 'C' }, file(name));
    if (name === '营业执照') await cases.checkOriginal(key, digest, WINDOW);
  }
  await cases.act(key, 'receive', { handler: WINDOW });
  await act(nantong, 'transfer', { handler: WINDOW }, 'transferred');
  await act(uxin, 'accept', { handler: BACK_OFFICE }, 'accepted');
  await act(uxin, 'approve', { handler: BACK_OFFICE, explanation: '机密说明' }, 'approved');
  const fields = {
    legal_representative: '机密法人',
    residence: APPLICANT.address,
    business_premises: APPLICANT.address,
    business_form: '食品销售经营者',
    business_items: '机密经营项目',
  };
  const authority = { name: '乌审旗市场监督管理局', code: CODES.uxinMarket };
  const validUntil = Date.now() + 365 * 86_400_000;
  await act(uxin, 'issue', { handler: BACK_OFFICE, authority, validUntil, fields }, 'issued');
  await act(nantong, 'deliver', { handler: WINDOW, way: 'window' }, 'delivered');
  const identifier = (await cases.demand(key)).document.certificate!;
  const question = { identifier, fields: ['business_items'], purpose: '核验' };
  await nantong.services.checks.ask('150626', question);
}

/** What of the secrets stands in any file of a region: database, its log, and materials. */
async function leftIn({ folder }: LiveRegion): Promise<string[]> {
  const found = new Set<string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const secret of SECRETS) if (bytes.includes(secret)) found.add(secret);
  }
  return SECRETS.filter((secret) => found.has(secret));
}

/** A region finds the case and the certificate by whom they are of, and reads all that there is of them. */
async function expectAllThere({ core, services }: LiveRegion): Promise<void> {
  const { read } = core.store;
  const { documentNumber: number, documentType: type, name } = APPLICANT;
  const document = { type, number } as never;
  for (const applicant of [{ document }, { name }, { document, name }]) {
    const { files } = await findCases(read, { applicant, limit: 10 });
    expect(files.map(({ document: { applicant: found } }) => found.name)).toEqual([name]);
  }
  expect(await listCertificates(read, { holder: { number, name }, limit: 10 }, Date.now())).toHaveLength(1);
  const { materials } = (await services.cases.demand(key)).document;
  for (const { name: material, digest } of materials) {
    const { bytes } = await core.materials.open(key, Buffer.from(digest, 'hex'));
    expect(await buffer(bytes)).toEqual(Buffer.concat([Buffer.from(material), FILE]));
  }
  const bundle = await services.exportEvidence(key, true);
  expect(await verifyBundle(bundle, [nantong.core.own, uxin.core.own])).toMatchObject({ verified: true });
  const { envelopes } = JSON.parse(bundle) as { readonly envelopes: readonly { readonly payload?: string }[] };
  expect(envelopes.every(({ payload }) => payload !== undefined)).toBe(true);
}

describe('who has a copy of the data of a gateway without its keys', () => {
  it('reads nothing personal, of a case that went to its end', async () => {
    expect(await leftIn(nantong)).toEqual([]);
    // Where nothing is encrypted all of it is found: the search can fail.
    expect(await leftIn(uxin)).toEqual(SECRETS);
    await expectAllThere(nantong);
    await expectAllThere(uxin);
  });

  it('reads nothing of what was there before either, once there is a key', async () => {
    await createStorageKey(join(uxin.folder, 'keys'), {
      suite: 'SM2-SM3',
      passphrase: TEST_PASSPHRASE,
      now: Date.now(),
    });
    await uxin.core.atRest.look();
    expect(await leftIn(uxin)).toEqual([]);
    await expectAllThere(uxin);
  });
});

describe('a new storage key', () => {
  it('takes the place of the old one, which opens nothing any more', async () => {
    const where = ['--gateway', nantong.folder, '--json'];
    const options = [...where, '--passphrase-file', passphrase];
    const { stdout, code } = await runHere(['key', 'rotate', 'storage', ...options]);
    expect(code).toBe(0);
    const made = JSON.parse(stdout);
    expect(made.before).toHaveLength(1);
    await nantong.core.atRest.look();
    const check = JSON.parse((await runHere(['store', 'check', ...where])).stdout);
    const { parts } = check.sealing;
    expect(check.sealing).toMatchObject({ storageKey: made.id, keys: 1, covered: parts, done: parts, broken: 0 });

    await nantong.stop();
    await rm(join(nantong.folder, 'keys', `storage-${made.before[0]}.json`));
    nantong = await openLiveRegion(nantong.folder);
    await expectAllThere(nantong);
  });

  it('leaves the log verifiable, with the passphrase and without', async () => {
    const where = ['--gateway', nantong.folder, '--json'];
    const alone = await runHere(['log', 'verify', ...where]);
    expect(JSON.parse(alone.stdout)).toMatchObject({ verified: true, locked: expect.any(Number), faults: [] });
    expect(JSON.parse(alone.stdout).locked).toBeGreaterThan(5);
    const opened = await runHere(['log', 'verify', ...where, '--passphrase-file', passphrase]);
    expect(JSON.parse(opened.stdout)).toMatchObject({ verified: true, locked: 0, faults: [] });
  });

  it('does not open without its passphrase or its file', async () => {
    const wrong = join(nantong.folder, 'keys', 'wrong');
    await writeFile(wrong, 'wrong', { mode: 0o600 });
    const { code, stderr } = await runHere(['log', 'verify', '--gateway', nantong.folder, '--passphrase-file', wrong]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('PASSPHRASE_WRONG');
  });
});

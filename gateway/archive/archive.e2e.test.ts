import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintCertificateIdentifier } from '#proto';
import { verifyBundle } from '#trust';
import { purgeChecks } from '../certificate/check-purge.ts';
import { backupGateway } from '../cli/backup/backup.ts';
import { restoreGateway } from '../cli/backup/restore.ts';
import { configToRestore } from '../cli/backup/restore-folder.ts';
import { runHere } from '../cli/testing/run-here.ts';
import { statementFile } from '../config/config.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import { authorize, CODES, NO_MATERIALS } from '../testing/agency-case.ts';
import { makeRegionFolder, openLiveRegion, pinEachOther, removeFolders, until } from '../testing/live-region.ts';
import { SharedCase, type Sides } from '../testing/shared-case.ts';
import { archivedRecords } from './archived-records.ts';
import { Archivist } from './archivist.ts';
import { purgeArchived } from './purge-archived.ts';

let sides: Sides;
let folder: string;
let scratch: string;
let trusted: string[];

beforeAll(async () => {
  const folders = [await makeRegionFolder('320600'), await makeRegionFolder('150626')] as const;
  for (const one of folders) await writeFile(join(one, 'gateway.yaml'), '\narchive:\n  after_days: 0\n', { flag: 'a' });
  const [receiving, handling] = [await openLiveRegion(folders[0]), await openLiveRegion(folders[1])];
  sides = { receiving, handling };
  await pinEachOther(receiving, handling);
  await authorize(receiving, handling);
  folder = handling.core.config.archive.folder;
  trusted = ['--region', statementFile(folders[0]), statementFile(folders[1])];
  scratch = await mkdtemp(join(tmpdir(), 'tongban-archive-'));
});

afterAll(async () => {
  const { receiving, handling } = sides;
  await Promise.all([receiving.stop(), handling.stop()]);
  await removeFolders(receiving.folder, handling.folder, scratch);
});

/** A case that was refused, which ends it. */
async function endedCase(): Promise<SharedCase> {
  const shared = await SharedCase.open(sides, NO_MATERIALS);
  await shared.takenIn();
  await shared.act('handling', 'refuse', { reason: '不属于本机关职权范围', legalBasis: '行政许可法第三十二条' });
  return shared.are('refused');
}

const archive = () => sides.handling.services.archive;
const read = () => sides.handling.core.store.read;
const rowOf = (shared: SharedCase) =>
  read().get<{ archived_in: number | null; purged_at: number | null; archived_envelopes: number | null }>(
    'SELECT archived_in, archived_envelopes, purged_at FROM case_file WHERE conversation = ?',
    shared.key,
  );
const countOf = async (table: 'outbox' | 'inbox', shared: SharedCase) =>
  (await read().get<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE conversation = ?`, shared.key))!.n;
/** What is personal was kept as long as it may be: the archive never has it, and rows leave only without it. */
async function erase(...cases: readonly SharedCase[]): Promise<void> {
  await sides.handling.core.store.write(async (tx) => {
    for (const { key } of cases) {
      for (const table of ['outbox', 'inbox'])
        await tx.run(`UPDATE ${table} SET payload = NULL, salt = NULL WHERE conversation = ?`, key);
      await tx.run('UPDATE case_file SET erased_at = 1 WHERE conversation = ?', key);
    }
  });
}
const purge = () => purgeArchived({ store: sides.handling.core.store, now: Date.now, folder, afterMs: 0 });

/** A copy of the volumes in which a test may do what it likes. */
async function copyOfVolumes(): Promise<string> {
  const copy = await mkdtemp(join(scratch, 'copy-'));
  for (const name of await readdir(folder)) {
    await copyFile(join(folder, name), join(copy, name));
    await chmod(join(copy, name), 0o600);
  }
  return copy;
}

const verify = async (path: string) => {
  const said = await runHere(['archive', 'verify', path, ...trusted, '--json']);
  return { code: said.code, report: JSON.parse(said.stdout) };
};

describe('the archive', () => {
  it('takes the evidence of ended cases and of checks into volumes that follow one another and verify offline', async () => {
    const first = await endedCase();
    const open = await (await SharedCase.open(sides, NO_MATERIALS)).takenIn();
    const [one] = await archive().run();
    expect(one).toMatchObject({ number: 1, entries: 1, previous: Buffer.alloc(0) });
    expect(await rowOf(first)).toMatchObject({ archived_in: 1, archived_envelopes: 2, purged_at: null });
    expect(await rowOf(open)).toMatchObject({ archived_in: null });

    const parts = { typeCode: '11100000MB0143028R032', issuerCode: CODES.uxinMarket, serial: 'NONE1', version: '001' };
    const minted = mintCertificateIdentifier(parts);
    if (!minted.ok) throw new Error(minted.reason);
    await sides.receiving.services.checks.ask('150626', { identifier: minted.value, fields: [], purpose: '核验' });
    await endedCase();
    const [two] = await archive().run();
    expect(two!.previous).toEqual(one!.digest);
    expect(await archive().run()).toEqual([]);

    const { code, report } = await verify(folder);
    expect(report).toMatchObject({ verified: true, region: '150626', volumes: 2, faults: [] });
    expect(report.proved).toBe(report.bundles);
    expect(report.newest).toBe(two!.digest.toString('hex'));
    expect(code).toBe(0);
    // A verifier that shares no code with this one says the same.
    const [own, other] = [sides.handling, sides.receiving].map((side) => statementFile(side.folder));
    const reference = fileURLToPath(new URL('../../conformance/reference/verify.ts', import.meta.url));
    const second = await promisify(execFile)(process.execPath, [reference, '--archive', folder, own!, other!]);
    expect(second.stdout).toMatch(/^验证通过 Verified\n归档卷 volumes: 2, 存证包 bundles: 3\n$/);
  });

  it('writes its files for reading only, and holds no payload of anybody', async () => {
    for (const name of await readdir(folder)) {
      expect((await stat(join(folder, name))).mode & 0o222).toBe(0);
      const { stdout } = await runHere(['archive', 'verify', folder, ...trusted]);
      expect(stdout).toContain('VERIFIED');
    }
    const { gunzipSync } = await import('node:zlib');
    const text = gunzipSync(await readFile(join(folder, '000001.ndjson.gz'))).toString();
    expect(text).not.toContain('"payload_salt"');
    expect(text).toContain('tongban-evidence/1');
  });

  it.each([
    [
      'a byte of a volume was changed',
      async (copy: string) => {
        const file = join(copy, '000001.ndjson.gz');
        const bytes = await readFile(file);
        bytes[bytes.length >> 1]! ^= 1;
        await writeFile(file, bytes);
      },
    ],
    ['a volume is missing', (copy: string) => rm(join(copy, '000001.ndjson.gz'))],
    [
      'a volume has the place of another',
      (copy: string) => copyFile(join(copy, '000002.ndjson.gz'), join(copy, '000001.ndjson.gz')),
    ],
    [
      'a volume is cut',
      async (copy: string) => {
        const bytes = await readFile(join(copy, '000002.ndjson.gz'));
        await writeFile(join(copy, '000002.ndjson.gz'), bytes.subarray(0, bytes.length - 20));
      },
    ],
  ])('is not believed when %s', async (_, change) => {
    const copy = await copyOfVolumes();
    await change(copy);
    const { code, report } = await verify(copy);
    expect(report.verified).toBe(false);
    expect(report.faults[0].code).toBe('ARCHIVE_INVALID');
    expect(code).toBe(1);
  });

  it('adopts a volume that a crash left between its file and the database, and writes it once', async () => {
    const shared = await endedCase();
    const { core, services } = sides.handling;
    const failing = new Archivist({
      ...{ region: core.region, store: core.store, now: Date.now, signer: core.signer, folder, afterMs: 0 },
      log: { epoch: core.evidence.epoch, append: () => Promise.reject(new Error('the power fails')) },
      own: () => core.own,
      exportOf: ({ id }) => services.exportEvidence(id, false),
      purge: async () => {},
      onClosed: () => {},
      onError: () => {},
    });
    const known = (await readdir(folder)).length;
    await expect(failing.run()).rejects.toThrow('the power fails');
    expect(await readdir(folder)).toHaveLength(known + 1);
    const path = join(folder, (await readdir(folder)).sort().at(-1)!);
    const before = await readFile(path);
    const [volume] = await archive().run();
    expect(volume).toMatchObject({ number: known + 1, entries: 1 });
    expect(await readdir(folder)).toHaveLength(known + 1);
    expect(await readFile(path)).toEqual(before);
    expect(await rowOf(shared)).toMatchObject({ archived_in: known + 1, archived_envelopes: 2 });
  });

  it('refuses to go on behind a volume that is not its own', async () => {
    const number = (await readdir(folder)).length + 1;
    const stranger = join(folder, `${String(number).padStart(6, '0')}.ndjson.gz`);
    await copyFile(join(folder, '000001.ndjson.gz'), stranger);
    const shared = await endedCase();
    await expect(archive().run()).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    expect(await rowOf(shared)).toMatchObject({ archived_in: null });
    await rm(stranger, { force: true });
    await expect(archive().run()).resolves.toHaveLength(1);
  });
});

describe('purging', () => {
  it('never removes what is in no volume, or in one that is not there', async () => {
    const shared = await endedCase();
    const kept = [await countOf('outbox', shared), await countOf('inbox', shared)];
    await erase(shared);
    await purge();
    expect(await rowOf(shared)).toMatchObject({ archived_in: null, purged_at: null });
    const [volume] = await archive().run();
    const path = join(folder, `${String(volume!.number).padStart(6, '0')}.ndjson.gz`);
    await rename(path, join(scratch, 'away'));
    await purge();
    expect([await countOf('outbox', shared), await countOf('inbox', shared)]).toEqual(kept);
    expect(await rowOf(shared)).toMatchObject({ purged_at: null });
    await writeFile(path, 'something else');
    await purge();
    expect([await countOf('outbox', shared), await countOf('inbox', shared)]).toEqual(kept);
    await rename(join(scratch, 'away'), path);
  });

  it('never removes what is personal before its time', async () => {
    const shared = await endedCase();
    await endedCase();
    await archive().run();
    await purge();
    expect([await countOf('outbox', shared), await countOf('inbox', shared)]).toEqual([1, 1]);
    await erase(shared);
    await purge();
    expect([await countOf('outbox', shared), await countOf('inbox', shared)]).toEqual([0, 0]);
  });

  it('does not take what came after its case was archived: a later volume has it first', async () => {
    const shared = await endedCase();
    await archive().run();
    const { archived_in: first } = (await rowOf(shared))!;
    await sides.receiving.core.store.write((tx) =>
      sides.receiving.core.outbox.enqueue(tx, {
        peer: '150626',
        conversation: shared.key,
        name: 'WithdrawalRequested',
        payload: { handler: { organisation: '政务大厅', window: '1', staff: 'NT001' }, reason: '不再需要' },
        authorization: undefined,
      }),
    );
    await until('the late message', async () => (await countOf('inbox', shared)) === 2);
    await erase(shared);
    await purge();
    expect(await countOf('inbox', shared)).toBe(2);
    expect(await rowOf(shared)).toMatchObject({ archived_in: null });
    const [later] = await archive().run();
    expect(later!.number).toBeGreaterThan(first!);
    expect(await rowOf(shared)).toMatchObject({ archived_in: later!.number, archived_envelopes: 3 });
  });

  it('leaves proof: the bundle comes from the archive, and the log verifies with it and not without', async () => {
    const shared = await endedCase();
    await endedCase();
    await archive().run();
    await erase(shared);
    expect(await purge()).toBeGreaterThan(0);
    expect([await countOf('outbox', shared), await countOf('inbox', shared)]).toEqual([0, 0]);
    const { handling, receiving } = sides;
    const bundle = await handling.services.exportEvidence(shared.key);
    const report = await verifyBundle(bundle, [receiving.core.own, handling.core.own], { now: Date.now() });
    expect(report).toMatchObject({ verified: true, case: shared.key, envelopes: 2 });

    await handling.core.evidence.integrate();
    const good = await runHere(['log', 'verify', '--gateway', handling.folder, '--json']);
    expect(JSON.parse(good.stdout)).toMatchObject({ verified: true, faults: [] });
    const without = await runHere(['log', 'verify', '--gateway', handling.folder, '--archive', scratch, '--json']);
    expect(without.code).toBe(1);
    const altered = await copyOfVolumes();
    for (const name of await readdir(altered)) await writeFile(join(altered, name), '');
    const bad = await runHere(['log', 'verify', '--gateway', handling.folder, '--archive', altered, '--json']);
    expect(JSON.parse(bad.stdout).faults).toContainEqual(
      expect.objectContaining({ where: expect.stringMatching(/^archive\/\d+$/), code: 'ARCHIVE_INVALID' }),
    );
  });

  it('outlives the disk: a backup has the volumes, and a restore puts them back and verifies with them', async () => {
    const purged = await endedCase();
    await endedCase();
    await archive().run();
    await erase(purged);
    expect(await purge()).toBeGreaterThan(0);
    const { core } = sides.handling;
    await core.evidence.integrate();
    const backup = join(scratch, 'backup');
    const { volumes } = await backupGateway(core.config, backup, { withKeys: true, now: Date.now() });
    expect(volumes).toBe((await readdir(folder)).length);
    const empty = join(scratch, 'new-disk');
    const restored = async () => restoreGateway(await configToRestore(empty, backup), backup, Date.now());

    const [first] = (await readdir(folder)).sort();
    await rename(join(backup, 'archive', first!), join(scratch, 'first'));
    await expect(restored()).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    await rename(join(scratch, 'first'), join(backup, 'archive', first!));
    await mkdir(join(empty, 'archive'));
    await writeFile(join(empty, 'archive', first!), 'half of it');
    await expect(restored()).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    expect(await readdir(empty)).toEqual(['archive']);
    await rm(join(empty, 'archive', first!));

    await restored();
    expect((await readdir(join(empty, 'archive'))).sort()).toEqual((await readdir(folder)).sort());
    const said = await runHere(['log', 'verify', '--gateway', empty, '--json']);
    expect(JSON.parse(said.stdout)).toMatchObject({ verified: true, faults: [] });
  });

  it('tells what came after the purge together with what left, and archives it whole', async () => {
    const shared = await endedCase();
    await endedCase();
    const [first] = await archive().run();
    await erase(shared);
    await purge();
    expect(await countOf('inbox', shared)).toBe(0);
    const { handling, receiving } = sides;
    await receiving.core.store.write((tx) =>
      receiving.core.outbox.enqueue(tx, {
        peer: '150626',
        conversation: shared.key,
        name: 'WithdrawalRequested',
        payload: { handler: { organisation: '政务大厅', window: '1', staff: 'NT001' }, reason: '不再需要' },
      }),
    );
    await until('the late message', async () => (await countOf('inbox', shared)) === 1);
    const proves = async () => {
      const bundle = await handling.services.exportEvidence(shared.key, false);
      const report = await verifyBundle(bundle, [receiving.core.own, handling.core.own], { now: Date.now() });
      expect(report).toMatchObject({ verified: true, envelopes: 3 });
    };
    await proves();
    await erase(shared);
    await handling.core.store.write((tx) =>
      tx.run('UPDATE case_file SET updated_at = purged_at + 1 WHERE conversation = ?', shared.key),
    );
    await endedCase();
    await purge();
    expect(await rowOf(shared)).toMatchObject({ archived_in: null });
    const [later] = await archive().run();
    expect(later!.number).toBeGreaterThan(first!.number);
    expect(await rowOf(shared)).toMatchObject({ archived_in: later!.number, archived_envelopes: 3 });
    await purge();
    expect(await countOf('inbox', shared)).toBe(0);
    await proves();
    await handling.core.evidence.integrate();
    const said = await runHere(['log', 'verify', '--gateway', handling.folder, '--json']);
    expect(JSON.parse(said.stdout)).toMatchObject({ verified: true, faults: [] });
  });

  it('lets nothing that was purged have an effect again', async () => {
    const shared = await endedCase();
    await endedCase();
    await archive().run();
    await erase(shared);
    await purge();
    expect(await countOf('inbox', shared)).toBe(0);
    const { receiving } = sides;
    const before = await shared.at('handling');
    await receiving.core.store.write((tx) =>
      tx.run(
        "UPDATE outbox SET state = 'pending', receipt = NULL, receipt_log_position = NULL WHERE conversation = ?",
        shared.key,
      ),
    );
    receiving.wire.dispatcher.revive('150626', shared.key);
    await until('the answer', async () => {
      const row = await receiving.core.store.read.get<{ code: string }>(
        'SELECT code FROM outbox WHERE conversation = ?',
        shared.key,
      );
      return row?.code === 'SEQUENCE_USED';
    });
    expect(await shared.at('handling')).toEqual(before);
  });

  it('gives a bundle back from the volumes without the gateway', async () => {
    const shared = await endedCase();
    const [volume] = await archive().run();
    const out = join(scratch, 'bundle.json');
    const statement = statementFile(sides.handling.folder);
    const said = await runHere([
      'archive',
      'extract',
      folder,
      shared.key,
      '--region',
      statement,
      '--out',
      out,
      '--json',
    ]);
    expect(JSON.parse(said.stdout)).toMatchObject({ volume: volume!.number });
    const proved = await runHere(['evidence', 'verify', out, ...trusted]);
    expect(proved.code).toBe(0);
    const missing = await runHere([
      'archive',
      'extract',
      folder,
      'nobody',
      '--region',
      statement,
      '--out',
      `${out}2`,
      '--json',
    ]);
    expect(JSON.parse(missing.stdout).error.code).toBe('NOT_FOUND');
  });

  it('keeps checks until a volume has them, however old they are', async () => {
    const { store, clock } = sides.handling.core;
    const now = clock.now() + 400 * 86_400_000;
    const count = async () => (await read().get<{ n: number }>('SELECT count(*) AS n FROM certificate_check'))!.n;
    expect(await count()).toBeGreaterThan(0);
    await store.write((tx) => tx.run('UPDATE certificate_check SET archived_in = NULL'));
    expect(await purgeChecks(store, now, now)).toBe(0);
    await archive().run();
    expect(await purgeChecks(store, now, now)).toBeGreaterThan(0);
    expect(await count()).toBe(0);
    // The volumes answer for what is gone, and nothing else does.
    const { evidence, own, config } = sides.handling.core;
    await evidence.integrate();
    const faults = async () =>
      (await verifyLog(read(), own, [], archivedRecords([config.archive.folder], own))).faults.map(
        ({ where }) => where,
      );
    expect(await faults()).toEqual([]);
    await store.write((tx) => tx.run('DELETE FROM archive_of_checks'));
    expect(await faults()).toContainEqual(expect.stringMatching(/^log_entry\//));
  });
});

import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createStorageKey } from '#trust';
import { type GatewayConfig, loadConfig } from '../../config/config.ts';
import { writeRunFile } from '../../config/run-file.ts';
import { recoveryTable } from '../../recovery/recovery-table.ts';
import { openStore } from '../../store/open-store.ts';
import { testPostgres } from '../../store/testing/test-postgres.ts';
import { makeRegionFolder, openLiveRegion, TEST_PASSPHRASE } from '../../testing/live-region.ts';
import { runHere } from '../testing/run-here.ts';
import { backupGateway } from './backup.ts';
import { declareRestored, restoreGateway } from './restore.ts';
import { configToRestore } from './restore-folder.ts';

const server = await testPostgres();
const NOW = Date.parse('2026-11-20T09:00:00+08:00');

let made: string;
let folder: string;
let copies: string;
let backup: string;
let config: GatewayConfig;

beforeAll(async () => {
  made = await makeRegionFolder('320600', { now: NOW });
});

afterAll(() => rm(made, { recursive: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-320600-'));
  await cp(made, folder, { recursive: true });
  copies = await mkdtemp(join(tmpdir(), 'tongban-backup-'));
  backup = join(copies, 'backup');
  config = await loadConfig(join(folder, 'gateway.yaml'));
  await set('first');
  await mkdir(join(folder, 'materials', 'cases', 'aa'), { recursive: true });
  await writeFile(join(folder, 'materials', 'cases', 'aa', 'file'), 'material');
});

afterEach(() => Promise.all([folder, copies].map((path) => rm(path, { recursive: true }))));

/** The gateway starts, takes its keys up, and stops. */
async function worked(): Promise<void> {
  const region = await openLiveRegion(folder, { now: () => NOW });
  await region.stop();
}

/** Leaves a word in the database, as a gateway that works would. */
async function set(word: string): Promise<void> {
  const store = await openStore(config.store, {}, 'test');
  await store.write((tx) => tx.run('INSERT INTO counter (name, value) VALUES (?, 1)', word));
  await store.close();
}

function words(): unknown[] {
  const database = new DatabaseSync(join(folder, 'gateway.db'), { readOnly: true });
  const rows = database.prepare('SELECT name FROM counter ORDER BY name').all();
  database.close();
  return rows.map((row) => row['name']);
}

/** Changes the database of the backup, and its digest as somebody would who knows. */
async function alterBackup(sql: string): Promise<void> {
  const file = join(backup, 'gateway.db');
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
  const { sha256Of } = await import('./manifest.ts');
  const manifest = JSON.parse(await readFile(join(backup, 'backup.json'), 'utf8')) as object;
  const changed = { ...manifest, sha256: await sha256Of(file), bytes: (await stat(file)).size };
  await writeFile(join(backup, 'backup.json'), JSON.stringify(changed));
}

const taken = (withKeys = false) => backupGateway(config, backup, { withKeys, now: NOW });
const restored = () => restoreGateway(config, backup, NOW + 1000);

describe('tongban store backup', () => {
  it('copies a database in use and the materials, and never the keys unless asked', async () => {
    const store = await openStore(config.store, {}, 'gateway');
    const manifest = await taken();
    await store.close();
    expect(manifest).toMatchObject({ region: '320600', taken_at: NOW, epoch: 1, size: 0, material_files: 1 });
    expect((await readdir(backup)).sort()).toEqual([
      'backup.json',
      'gateway.db',
      'gateway.yaml',
      'materials',
      'statement.jwt',
    ]);
    expect(await readdir(copies)).toEqual(['backup']);
    await rm(backup, { recursive: true });
    await taken(true);
    expect(await readdir(join(backup, 'keys'))).toEqual(await readdir(join(folder, 'keys')));
  });

  it('writes over nothing, and leaves nothing half done', async () => {
    await taken();
    await expect(taken()).rejects.toMatchObject({ code: 'CONFLICT' });
    await rm(join(folder, 'gateway.db'));
    backup = join(copies, 'other');
    await expect(taken()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readdir(copies)).toEqual(['backup']);
  });
});

describe('tongban store restore', () => {
  it('puts the backup in place, marked, keeps the old database aside and only adds files', async () => {
    await taken();
    await set('later');
    await rm(join(folder, 'materials', 'cases', 'aa', 'file'));
    await writeFile(join(folder, 'materials', 'cases', 'aa', 'newer'), 'newer');
    const { replaced } = await restored();
    expect(words()).toEqual(['first']);
    expect((await readdir(join(folder, 'materials', 'cases', 'aa'))).sort()).toEqual(['file', 'newer']);
    const aside = new DatabaseSync(join(replaced!, 'gateway.db'), { readOnly: true });
    expect(aside.prepare("SELECT 1 FROM counter WHERE name = 'later'").get()).toBeDefined();
    aside.close();
    const store = await openStore(config.store, {}, 'test');
    expect(await recoveryTable.find(store.read)).toMatchObject({ state: 'marked', markedAt: NOW + 1000 });
    await store.close();
  });

  it('serves where the database is gone', async () => {
    await taken();
    for (const end of ['', '-wal', '-shm']) await rm(join(folder, `gateway.db${end}`), { force: true });
    expect(await restored()).not.toHaveProperty('replaced');
    expect(words()).toEqual(['first']);
  });

  it('brings a gateway back whose whole folder was lost, from a backup with keys', async () => {
    await worked();
    await taken(true);
    await rm(folder, { recursive: true });
    const said = await runHere(['store', 'restore', backup, '--gateway', folder, '--json']);
    expect(JSON.parse(said.stdout)).toMatchObject({
      laid: ['keys', 'statement.jwt', 'gateway.yaml'].map((name) => join(folder, name)),
    });
    for (const name of ['gateway.yaml', 'statement.jwt'])
      expect(await readFile(join(folder, name))).toEqual(await readFile(join(made, name)));
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(folder, 'materials', 'cases', 'aa', 'file'), 'utf8')).toBe('material');
    for (const command of [
      ['store', 'check'],
      ['log', 'verify'],
      ['key', 'list'],
    ])
      expect(await runHere([...command, '--gateway', folder])).toMatchObject({ code: 0 });
    await worked();
    expect(words()).toContain('first');
  });

  it('says which keys to put back where they are gone, and puts nothing in place before', async () => {
    await worked();
    await taken();
    await rm(folder, { recursive: true });
    const restore = () => runHere(['store', 'restore', backup, '--gateway', folder, '--json']);
    const { error } = JSON.parse((await restore()).stdout);
    expect(error).toMatchObject({ code: 'KEY_MISSING', message: expect.stringContaining(join(folder, 'keys')) });
    expect(await readdir(folder)).toEqual([]);
    await cp(join(made, 'keys'), join(folder, 'keys'), { recursive: true });
    expect(JSON.parse((await restore()).stdout).laid).toEqual([
      join(folder, 'statement.jwt'),
      join(folder, 'gateway.yaml'),
    ]);
    await worked();
  });

  it('demands the storage key of the backup: a copy of the keys from before a rotation is not enough', async () => {
    await worked();
    const key = await createStorageKey(join(folder, 'keys'), { suite: 'ES256', passphrase: TEST_PASSPHRASE, now: NOW });
    await worked();
    expect(await taken()).toMatchObject({ storage_key: key.id });
    const file = join('keys', `storage-${key.id}.json`);
    await cp(join(folder, file), join(copies, 'rotated'));
    await rm(join(folder, file));
    await expect(restored()).rejects.toMatchObject({ code: 'KEY_MISSING', message: expect.stringContaining(key.id) });
    await cp(join(copies, 'rotated'), join(folder, file));
    await restored();
  });

  it('never replaces keys, statement or config that are there', async () => {
    await taken(true);
    const marks = { 'gateway.yaml': '# ours\n', 'keys/mark': 'ours', 'statement.jwt': '\n' };
    for (const [name, mark] of Object.entries(marks)) await writeFile(join(folder, name), mark, { flag: 'a' });
    const names = Object.keys(marks);
    const before = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    expect((await restored()).laid).toEqual([]);
    expect(await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).toEqual(before);
  });

  it('does not advise another identity where a lost config is not in the backup', async () => {
    await taken(true);
    for (const path of [folder, join(backup, 'gateway.yaml')]) await rm(path, { recursive: true });
    await expect(configToRestore(folder, backup)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    await mkdir(folder);
  });

  async function expectRefused(code: string): Promise<void> {
    await set('later');
    await expect(restored()).rejects.toMatchObject({ code });
    expect(words()).toEqual(['first', 'later']);
    expect((await readdir(folder)).filter((name) => /restored|replaced/.test(name))).toEqual([]);
  }

  it('refuses a backup whose bytes changed, and replaces nothing', async () => {
    await taken();
    const file = join(backup, 'gateway.db');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    await expectRefused('BACKUP_INVALID');
  });

  it('refuses a backup that lacks a file of a material', async () => {
    await taken();
    await rm(join(backup, 'materials', 'cases', 'aa', 'file'));
    await expectRefused('BACKUP_INVALID');
  });

  it('refuses a folder that is no backup, and one of another region', async () => {
    await expectRefused('BACKUP_INVALID');
    await taken();
    config = { ...config, region: '150626' };
    await expect(restored()).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    expect(words()).toEqual(['first', 'later']);
  });

  it('refuses a backup that a newer program wrote', async () => {
    await taken();
    const text = await readFile(join(backup, 'backup.json'), 'utf8');
    await writeFile(join(backup, 'backup.json'), text.replace(/"version": \d+/, '"version": 99'));
    await expectRefused('STORE_VERSION');
  });

  it('refuses a backup whose evidence log does not verify, whatever its digest says', async () => {
    await taken();
    await alterBackup("INSERT INTO log_entry (entry, leaf) VALUES (x'00', x'00')");
    await expectRefused('LOG_CORRUPT');
  });

  it('refuses while the gateway runs', async () => {
    await taken();
    const info = { pid: process.pid, http: 'http://127.0.0.1:1', peer: '127.0.0.1:2', startedAt: NOW };
    await writeRunFile(folder, info);
    await expectRefused('STORE_IN_USE');
    await expect(declareRestored(config, {}, NOW)).rejects.toMatchObject({ code: 'STORE_IN_USE' });
  });
});

if ('missing' in server) it.skip(`tongban store restored on PostgreSQL: ${server.missing}`);
else {
  afterAll(() => server.drop());

  it('tongban store restored marks a PostgreSQL database, when no gateway uses it', async () => {
    const environment = { TONGBAN_STORE_PASSWORD: server.password };
    const onServer: GatewayConfig = { ...config, store: await server.database() };
    const gateway = await openStore(onServer.store, environment, 'gateway');
    await expect(declareRestored(onServer, environment, NOW)).rejects.toMatchObject({ code: 'STORE_IN_USE' });
    await gateway.close();
    await declareRestored(onServer, environment, NOW);
    const store = await openStore(onServer.store, environment, 'gateway');
    expect(await recoveryTable.find(store.read)).toMatchObject({ state: 'marked', markedAt: NOW });
    await store.close();
    await expect(backupGateway(onServer, backup, { withKeys: false, now: NOW })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    await expect(restoreGateway(onServer, backup, NOW)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
}

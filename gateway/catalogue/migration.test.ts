import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { schema0001 } from '../store/migrations/0001-first.ts';
import { schema0002 } from '../store/migrations/0002-trust.ts';
import { schema0003 } from '../store/migrations/0003-certificates.ts';
import { schema0004 } from '../store/migrations/0004-library.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { catalogues } from './catalogue-table.ts';
import { itemDigest } from './item-digest.ts';
import { ItemReader } from './item-reader.ts';
import { itemVersions } from './item-versions.ts';

/** As the program wrote it before items had versions. */
const OLD = {
  code: 'EX014',
  name: '食品经营许可',
  department: '市场监督管理局',
  applicant: 'legal-person',
  modes: ['agency'],
  promisedWorkingDays: 5,
  statutoryWorkingDays: 20,
  materials: [{ name: '申请书', originalToBeChecked: true, mayFollowLater: false }],
  result: '食品经营许可证',
  departmentCode: '',
};

it('items and catalogues of an older store stay, as first versions and under their scopes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'items-'));
  const file = join(folder, 'gateway.db');
  const before = new DatabaseSync(file);
  for (const schema of [schema0001, schema0002, schema0003, schema0004]) before.exec(schema);
  const digest = Buffer.alloc(32, 7);
  const add = before.prepare('INSERT INTO item VALUES (?, ?, ?, ?, ?)');
  for (const region of ['320600', '150626']) add.run(region, 'EX014', digest, JSON.stringify(OLD), 1000);
  const publish = before.prepare('INSERT INTO catalogue VALUES (?, ?, ?, ?, ?, ?)');
  publish.run('150626', '320600', 3, '跨省通办', 'conversation', 2000);
  before.exec('PRAGMA user_version = 4');
  before.close();

  const store = await openSqliteStore(file);
  try {
    const row = await itemVersions.current(store.read, '150626', 'EX014');
    expect(row).toMatchObject({ n: 1, digest, valid_since: 1000, superseded_at: null });
    const item = new ItemReader().read(row!);
    expect(item).toMatchObject({ ...OLD, materials: [{ name: '申请书', copies: 0, specification: '' }], scopes: [] });
    expect(await catalogues.all(store.read)).toMatchObject([{ scope: '跨省通办', version: 3, part: 1, parts: 1 }]);
    const named = await itemVersions.namedBy(store.read, '150626', '320600', '跨省通办');
    expect(named.map(({ code }) => code)).toEqual(['EX014']);
    await store.write((tx) => itemVersions.save(tx, '150626', { ...item, name: '新' }, 3000));
    const history = await itemVersions.history(store.read, '150626', 'EX014', 10);
    expect(history.map(({ n, superseded_at: end }) => [n, end])).toEqual([
      [2, null],
      [1, 3000],
    ]);
    expect(history[0]!.digest).toEqual(itemDigest({ ...item, name: '新' }));
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

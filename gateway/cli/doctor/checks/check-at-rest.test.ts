import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../../store/store.ts';
import { checkAtRest } from './check-at-rest.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-at-rest-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

it('says that what is personal stands in the clear, once there is anything', async () => {
  expect(await checkAtRest(store.read)).toEqual([]);
  await store.write((tx) =>
    tx.run(
      `INSERT INTO outbox (peer, id, conversation, sequence, type, header, payload, leaf, expires_at, created_at, log_position)
       VALUES ('150626', 'a', 'c', 1, 'Ping', x'00', x'00', x'00', 1, 1, 1)`,
    ),
  );
  expect(await checkAtRest(store.read)).toMatchObject([{ level: 'warning', page: 'docs/runbooks/key-folder.md' }]);
});

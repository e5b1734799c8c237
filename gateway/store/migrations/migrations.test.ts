import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { OWN_TABLES } from '../postgres/postgres-migrate.ts';
import { postgresSchema } from '../postgres/postgres-schema.ts';
import { openPostgresStore } from '../postgres/postgres-store.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import type { Reader } from '../store.ts';
import { testPostgres } from '../testing/test-postgres.ts';
import { MIGRATIONS } from './migrations.ts';

const server = await testPostgres();

/** Rows of the first version whose data later versions move. */
const OLD_ROWS = `
INSERT INTO certificate (identifier, issuer, conversation, digest, document, text, created_at, updated_at) VALUES ('id-1', '320600', 'c-1', '', '${JSON.stringify(
  {
    typeCode: '11100000000013338W032',
    number: 'N-1',
    holder: { documentType: 'resident-identity-card', number: '11010519491231002x', name: '阿依•古丽' },
    otherHolders: [
      { documentType: 'passport', number: 'e1', name: 'A‧B' },
      { documentType: 'passport', name: '' },
    ],
  },
)}', 'sd-jwt', 1, 2);
INSERT INTO certificate (identifier, issuer, digest, document, text, created_at, updated_at)
  VALUES ('id-2', '320600', '', '{"holder":{"documentType":"passport"}}', 'sd-jwt', 1, 2);
INSERT INTO agreement (id, digest, peer, proposer, conversation, state, proposal, document, valid_from, valid_until, for_cause, created_at, updated_at)
  VALUES ('a-1', '', '150626', '320600', 'c-a', 'revoked', '{}', '{}', 1, 2, 1, 1, 2);
INSERT INTO item (region, code, digest, document, updated_at) VALUES ('150626', 'EX018', '', '{}', 7);
INSERT INTO catalogue (publisher, peer, version, scope, conversation, updated_at) VALUES ('150626', '150626', 3, '跨省通办', 'c-c', 7);
INSERT INTO case_file (conversation, number, role, peer, item, mode, state, authorization_id, document, created_at, updated_at)
  VALUES ('c-1', 'n-1', 'receiving', '150626', 'EX018', 'agency', 'rated', 'a-1', '{}', 1, 9);
INSERT INTO material (conversation, digest, size, state, updated_at) VALUES ('c-1', '', 5, 'held', 3);
INSERT INTO certificate_check (direction, peer, id, leaf, identifier, status, question, answer, expires_at, log_position, at)
  VALUES ('asked', '150626', 'q-1', '', 'id-9', 'CERTIFICATE_STATUS_VALID', '', '', 1, 1, 1);
INSERT INTO platform_event (id, type, subject, sequence, at, data) VALUES ('e-1', 't', 's', 1, 4, '{}');
INSERT INTO platform_held (adapter, position, subject, state, attempts, first_at, last_at, due_at, code, message)
  VALUES ('webhook', 1, 's', 'parked', 9, 4, 5, 0, 'PLATFORM_REFUSED', '')`;

/** What has become of those rows. */
const MOVED: readonly string[] = [
  'SELECT identifier, type_code, number, status, noticed_at FROM certificate ORDER BY identifier',
  'SELECT identifier, place, document_type, number, name FROM certificate_holder ORDER BY identifier, place',
  'SELECT id, state, lists, superseded_from FROM agreement',
  'SELECT code, n, valid_since, superseded_at FROM item_version',
  'SELECT scope, version, part, parts, updated_at FROM catalogue',
  'SELECT code, version FROM catalogue_item',
  'SELECT conversation, ended_at, erased_at FROM case_file',
  'SELECT examination, examination_tries FROM material',
  'SELECT subject, direction, peer FROM certificate_checked',
  'SELECT id, queue, place, subject, reason, since, dead_at FROM dead_letter',
];

async function movedRows(read: Reader): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const text of MOVED) rows.push(...(await read.all(text)));
  return rows;
}

/** Opens a SQLite file that a program of that version wrote. */
async function fromSqlite(version: number): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-migrations-'));
  const path = join(folder, 'gateway.db');
  try {
    const old = new DatabaseSync(path);
    MIGRATIONS.slice(0, version).forEach((step, n) => {
      old.exec(step);
      if (n === 0) old.exec(OLD_ROWS);
    });
    old.exec(`PRAGMA user_version = ${version}`);
    old.close();
    const store = await openSqliteStore(path);
    const rows = await movedRows(store.read);
    await store.close();
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const VERSIONS = MIGRATIONS.map((_, n) => n + 1);

describe('data of every older version', () => {
  it('is moved forward to what it is in a database of today', async () => {
    const [newest, ...others] = await Promise.all(VERSIONS.toReversed().map(fromSqlite));
    expect(newest).toContainEqual({ id: 'a-1', state: 'revoked-for-cause', lists: '[]', superseded_from: null });
    expect(newest).toContainEqual(expect.objectContaining({ place: 1, number: 'E1', name: 'A·B' }));
    for (const rows of others) expect(rows).toEqual(newest);
  }, 60_000);

  if ('missing' in server) it.skip(`on PostgreSQL too: ${server.missing}`);
  else {
    const { password } = server;
    afterAll(() => server.drop());

    it('is moved forward on PostgreSQL to the same', async () => {
      const expected = await fromSqlite(1);
      for (const version of VERSIONS) {
        const config = await server.database({ tables: false });
        const steps = MIGRATIONS.slice(0, version).map(postgresSchema);
        steps.splice(1, 0, OLD_ROWS);
        const text = [OWN_TABLES, ...steps, `UPDATE store_schema SET version = ${version}`].join(';\n');
        await server.admin(`${text}; ${OWNED}`, config.database);
        const store = await openPostgresStore({ config, password, name: 'gateway' });
        expect(await movedRows(store.read)).toEqual(expected);
        await store.close();
      }
    }, 60_000);

    it('is left as it was by a step that fails', async () => {
      const config = await server.database({ tables: false });
      // A table in the way of the sixth step, which has made another one by then.
      const version = 5;
      const steps = MIGRATIONS.slice(0, version).map(postgresSchema);
      const text = [OWN_TABLES, ...steps, 'CREATE TABLE dead_letter (n INTEGER)'];
      await server.admin(
        `${text.join(';\n')}; UPDATE store_schema SET version = ${version}; ${OWNED}`,
        config.database,
      );
      await expect(openPostgresStore({ config, password, name: 'gateway' })).rejects.toThrow('42P07');
      const [left] = await server.admin<{ version: string; bundles: string | null }>(
        "SELECT version, to_regclass('bundle_version') AS bundles FROM store_schema",
        config.database,
      );
      expect(left).toEqual({ version: String(version), bundles: null });
    });
  }
});

/** Gives what the administrator made to whom the database belongs. */
const OWNED = `DO $$ DECLARE one record; owner text := (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()); BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER TABLE %I OWNER TO %I', one.tablename, owner);
  END LOOP;
  EXECUTE format('ALTER FUNCTION json_extract(text, text) OWNER TO %I', owner);
END $$`;

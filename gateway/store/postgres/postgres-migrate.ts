import type pg from 'pg';
import { CodedError } from '#proto';
import { MIGRATIONS } from '../migrations/migrations.ts';
import { postgresSchema } from './postgres-schema.ts';

/**
 * What only this database needs: the version of the tables, whose they are, a row for cleaning up, and the one function
 * by which SQLite looks into a JSON document without reading it whole.
 */
export const OWN_TABLES = `
CREATE TABLE IF NOT EXISTS store_schema (id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS store_writer (id TEXT COLLATE "C" PRIMARY KEY, number BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS store_purge (id BIGINT PRIMARY KEY CHECK (id = 1), number BIGINT NOT NULL);
INSERT INTO store_schema (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING;
INSERT INTO store_purge (id, number) VALUES (1, 0) ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION json_extract(document TEXT, path TEXT) RETURNS TEXT LANGUAGE SQL IMMUTABLE STRICT AS
  $$ SELECT jsonb_path_query_first(document::jsonb, path::jsonpath) #>> '{}' $$`;

/** Milliseconds of one step: an index of a large table takes longer than any statement of a gateway at work may. */
const STEP_MS = 24 * 60 * 60 * 1000;

/**
 * Brings the tables to the newest version, each step as a whole or not at all.
 *
 * @param session holds the lock of the database
 * @throws CodedError STORE_VERSION when the data is newer than this program
 */
export async function migratePostgres(session: pg.Client): Promise<void> {
  const version = await postgresVersion(session);
  if (version > MIGRATIONS.length) throw new CodedError('STORE_VERSION');
  if (version === 0) await session.query(OWN_TABLES);
  for (let next = version; next < MIGRATIONS.length; next += 1) await step(session, MIGRATIONS[next]!, next + 1);
}

/** @returns the version of the tables; 0 for a database without any */
export async function postgresVersion(session: pg.Client): Promise<number> {
  const { rows: tables } = await session.query(`SELECT 1 WHERE to_regclass('store_schema') IS NOT NULL`);
  if (tables.length === 0) return 0;
  const { rows } = await session.query<{ version: number }>('SELECT version FROM store_schema');
  return rows[0]?.version ?? 0;
}

async function step(session: pg.Client, text: string, version: number): Promise<void> {
  await session.query('BEGIN; SET LOCAL statement_timeout = 0');
  try {
    const query = { text: `${postgresSchema(text)}; UPDATE store_schema SET version = ${version}` };
    await session.query(Object.assign(query, { query_timeout: STEP_MS }));
    await session.query('COMMIT');
  } catch (error) {
    await session.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

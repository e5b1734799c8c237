import { describe, expect, it } from 'vitest';
import type { Problem } from '#proto';
import { type StoreSection, storeOf, storeRule } from './store-config.ts';

const inData = (path: string) => `/data/${path}`;
const URL = 'postgres://tongban@db.example:5433/tongban';

function problemsOf(section: unknown): string[] {
  const problems: Problem[] = [];
  storeRule(section, '/store', problems);
  return problems.map(({ pointer, code }) => `${pointer} ${code}`);
}

describe('the store section', () => {
  it('is a SQLite file in the data folder when it says nothing', () => {
    expect(storeOf({}, inData)).toEqual({ kind: 'sqlite', path: '/data/gateway.db' });
  });

  it('names a PostgreSQL database; a server elsewhere proves who it is unless told otherwise', () => {
    const section = { postgres: { url: URL, password_file: 'db-password', ca_file: 'ca.pem', connections: 3 } };
    expect(problemsOf(section)).toEqual([]);
    expect(storeOf(section, inData)).toEqual({
      kind: 'postgres',
      host: 'db.example',
      port: 5433,
      database: 'tongban',
      user: 'tongban',
      passwordFile: '/data/db-password',
      tls: 'verify-full',
      caFile: '/data/ca.pem',
      connections: 3,
      connectTimeoutMs: 5_000,
      statementTimeoutMs: 30_000,
      lockTimeoutMs: 10_000,
    });
  });

  it.each([
    ['postgres://a@localhost/b', 'localhost', 'off'],
    ['postgres://a@127.0.0.1/b', '127.0.0.1', 'off'],
    ['postgresql://a@[::1]:5432/b', '::1', 'off'],
    ['postgres:///b?host=/run/postgresql&user=a', '/run/postgresql', 'off'],
    ['postgres://a@10.1.2.3/b', '10.1.2.3', 'verify-full'],
    ['postgres://a@localhost.example/b', 'localhost.example', 'verify-full'],
  ])('takes %s', (url, host, tls) => {
    expect(problemsOf({ postgres: { url } })).toEqual([]);
    const place = { host, tls, port: 5432, database: 'b', user: 'a' };
    expect(storeOf({ postgres: { url } } as StoreSection, inData)).toMatchObject(place);
  });

  it.each([
    [{ kind: 'oracle' }, '/store/kind NOT_IN_LIST'],
    [{ kind: 'postgres' }, '/store/postgres REQUIRED'],
    [{ kind: 'sqlite', postgres: { url: URL } }, '/store/postgres CONFLICT'],
    [{ path: 'gateway.db', postgres: { url: URL } }, '/store/path CONFLICT'],
    [{ postgres: { url: 'postgres://a:secret@db/b' } }, '/store/postgres/url SECRET'],
    [{ postgres: { url: 'mysql://a@db/b' } }, '/store/postgres/url FORMAT'],
    [{ postgres: { url: 'postgres://db/b' } }, '/store/postgres/url FORMAT'],
    [{ postgres: { url: 'postgres://a@db/' } }, '/store/postgres/url FORMAT'],
    [{ postgres: { url: 'postgres://a@db/b?sslmode=disable' } }, '/store/postgres/url FORMAT'],
    [{ postgres: { url: URL, tls: 'prefer' } }, '/store/postgres/tls NOT_IN_LIST'],
    [{ postgres: { url: URL, tls: 'off', ca_file: 'ca.pem' } }, '/store/postgres/ca_file CONFLICT'],
    [{ postgres: { url: 'postgres:///b?host=/run&user=a', tls: 'verify-full' } }, '/store/postgres/tls CONFLICT'],
    [{ postgres: { url: URL, connections: 0 } }, '/store/postgres/connections RANGE'],
    [{ postgres: { url: URL, pasword_file: 'x' } }, '/store/postgres/pasword_file UNKNOWN_FIELD'],
  ])('refuses %j', (section, problem) => {
    expect(problemsOf(section)).toEqual([problem]);
  });
});

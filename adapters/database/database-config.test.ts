import { describe, expect, it } from 'vitest';
import type { Problem } from '#proto';
import { databaseRules, readDatabaseUrl } from './database-config.ts';

const TABLE = { name: 'accept_in', key: 'row_guid', sequence: ['row_time'] };
const READ = { name: 'v_handled', key: 'id', watermark: 'changed' };
const CONFIG = { name: 'hall', url: 'postgres://tongban@db.example/exchange', in: { tables: [TABLE] } };

describe('the settings of a database', () => {
  it.each([
    ['postgres://a@db.example/b', { kind: 'postgres', host: 'db.example', port: 5432, database: 'b', user: 'a' }],
    ['mysql://a@10.1.2.3:3307/b', { kind: 'mysql', host: '10.1.2.3', port: 3307, database: 'b', user: 'a' }],
    ['mariadb://a%40x@[::1]/%E5%BA%93', { kind: 'mysql', host: '::1', port: 3306, database: '库', user: 'a@x' }],
  ])('name a server: %s', (url, place) => {
    expect(readDatabaseUrl(url)).toEqual(place);
  });

  it.each([
    [CONFIG],
    [{ ...CONFIG, in: { tables: [{ ...TABLE, name: 'dbo.受理信息', key: '行标识', case: '办件编号' }] } }],
    [{ ...CONFIG, in: null, out: { tables: [{ name: 'event_out', event: 'event_id' }] } }],
    [{ ...CONFIG, in: { tables: [{ ...READ, overlap: 0, since: '2026-01-01', version: ['state'] }] } }],
  ])('may be %#', (config) => {
    expect(problems(config)).toEqual([]);
  });

  it.each([
    [{ url: 'postgres://a:secret@db/b' }, ['/url SECRET']],
    [{ url: 'oracle://a@db/b' }, ['/url FORMAT']],
    [{ url: 'mysql://a@db/b?ssl=off' }, ['/url FORMAT']],
    [{ url: 'mysql://a@db/' }, ['/url FORMAT']],
    [{ url: 'mysql://db/b' }, ['/url FORMAT']],
    [{ url: undefined }, ['/url REQUIRED']],
    [{ in: null }, ['/ REQUIRED']],
    [{ tls: 'off', ca_file: '/ca.pem' }, ['/ca_file CONFLICT']],
    [{ tls: 'prefer' }, ['/tls NOT_IN_LIST']],
    [{ password: 'secret' }, ['/password UNKNOWN_FIELD']],
    [{ time_zone: "+08:00'; --" }, ['/time_zone TOO_LONG']],
    [{ time_zone: "'8:00'" }, ['/time_zone FORMAT']],
    [{ time_zone: 'UTC' }, ['/time_zone FORMAT']],
    [{ in: { tables: [] } }, ['/in/tables REQUIRED']],
    [{ in: { tables: [TABLE, TABLE] } }, ['/in/tables/1/name DUPLICATE']],
    [{ in: { tables: [TABLE, READ] } }, ['/in/tables/1/watermark CONFLICT']],
    [{ in: { tables: [{ ...READ, ...TABLE }] } }, ['/in/tables/0/sequence CONFLICT']],
    [{ in: { tables: [{ ...TABLE, sequence: undefined }] } }, ['/in/tables/0/sequence REQUIRED']],
    [
      { in: { tables: [{ ...TABLE, overlap: 1, since: 'x' }] } },
      ['/in/tables/0/overlap CONFLICT', '/in/tables/0/since CONFLICT'],
    ],
    [{ in: { tables: [{ ...TABLE, name: 'a; DROP TABLE b' }] } }, ['/in/tables/0/name FORMAT']],
    [{ in: { tables: [{ ...TABLE, key: 'a"b' }] } }, ['/in/tables/0/key FORMAT']],
    [{ in: { tables: [{ ...TABLE, case: 'a`b' }] } }, ['/in/tables/0/case FORMAT']],
    [{ in: { tables: [{ ...TABLE, sequence: ['1 DESC'] }] } }, ['/in/tables/0/sequence/0 FORMAT']],
    [
      { out: { tables: [{ name: 'a.b.c', event: 'e?' }] } },
      ['/out/tables/0/name FORMAT', '/out/tables/0/event FORMAT'],
    ],
    [
      { in: null, out: { tables: [{ name: 'a', event: 'e' }] }, materials: { name: 'm', key: 'k', bytes: 'b' } },
      ['/materials CONFLICT'],
    ],
  ])('may not be %j', (changes, expected) => {
    expect(problems({ ...CONFIG, ...changes })).toEqual(expected);
  });

  function problems(config: unknown): string[] {
    const found: Problem[] = [];
    databaseRules(config, '', found);
    return found.map(({ pointer, code }) => `${pointer || '/'} ${code}`);
  }
});

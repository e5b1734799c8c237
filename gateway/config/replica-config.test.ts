import { expect, it } from 'vitest';
import type { CodedError } from '#proto';
import { parseConfig } from './config.ts';

const POSTGRES = 'store: { postgres: { url: "postgres://tongban@db/tongban" } }';

function config(replica: string, more = POSTGRES) {
  const text = `region: "320600"\nname: 南通市\npeer: { endpoint: "10.32.6.1:7443" }\n${more}\nreplica: ${replica}\n`;
  return parseConfig(text, '/data/gateway.yaml');
}

function problemsOf(replica: string, more?: string): string[] {
  try {
    config(replica, more);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    return (error as CodedError).problems.map(({ pointer, code }) => `${pointer} ${code}`);
  }
}

it('says where a replica is reached by the others', () => {
  expect(config('{ name: a, listen: "10.32.6.11:7444" }').replica).toEqual({
    name: 'a',
    listen: { host: '10.32.6.11', port: 7444 },
    advertise: { host: '10.32.6.11', port: 7444 },
    probe: undefined,
  });
  const behind = config('{ name: a-2, listen: ":7444", advertise: "a.internal:7444", probe: "127.0.0.1:7445" }');
  expect(behind.replica).toMatchObject({
    listen: { host: '0.0.0.0', port: 7444 },
    advertise: { host: 'a.internal', port: 7444 },
    probe: { host: '127.0.0.1', port: 7445 },
  });
});

it.each([
  ['{ listen: "10.1.1.1:7444" }', undefined, '/replica/name TYPE'],
  ['{ name: A, listen: "10.1.1.1:7444" }', undefined, '/replica/name FORMAT'],
  ['{ name: a, listen: "nowhere" }', undefined, '/replica/listen FORMAT'],
  ['{ name: a, listen: "0.0.0.0:7444" }', undefined, '/replica/advertise FORMAT'],
  ['{ name: a, listen: "10.1.1.1:0" }', undefined, '/replica/advertise FORMAT'],
  ['{ name: a, listen: "10.1.1.1:7444", port: 1 }', undefined, '/replica/port UNKNOWN_FIELD'],
  ['{ name: a, listen: "10.1.1.1:7444" }', 'store: { kind: sqlite }', '/store/postgres REQUIRED'],
  [
    '{ name: a, listen: "10.1.1.1:7444" }',
    `${POSTGRES}\nkeys: { directory: /etc/tongban/keys }`,
    '/keys/directory CONFLICT',
  ],
])('refuses %s with %s', (replica, more, problem) => {
  expect(problemsOf(replica, more)).toEqual([problem]);
});

import type { lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import { Agent, createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Problem } from '#proto';
import { attempt } from './attempt.ts';
import { agentFor, post } from './post.ts';
import { guardedLookup, networksRule } from './targets.ts';

/** A resolver for which every name means these addresses. */
function resolver(...addresses: string[]): typeof systemLookup {
  const family = (address: string) => (address.includes(':') ? 6 : 4);
  const answer = addresses.map((address) => ({ address, family: family(address) }));
  return ((_name: string, _options: object, callback: (error: null, all: typeof answer) => void) =>
    callback(null, answer)) as unknown as typeof systemLookup;
}

function lookUp(addresses: readonly string[], listed: readonly string[] = [], name = 'hall.example.cn') {
  return new Promise((resolve, reject) => {
    guardedLookup(listed, resolver(...addresses))(name, { all: true }, (error, found) =>
      error ? reject(error) : resolve(found),
    );
  });
}

const INTERNAL = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.9.9.9',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.170',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  'fd00:ec2::254',
  'fe80::1',
  'ff02::1',
];

describe('a name of a platform', () => {
  test.each(INTERNAL)('that leads to %s is refused, alone or among others', async (address) => {
    const fault = { code: 'PLATFORM_UNREACHABLE', retryable: true, message: expect.stringContaining(address) };
    await expect(lookUp([address])).rejects.toMatchObject(fault);
    await expect(lookUp(['203.0.113.7', address])).rejects.toMatchObject(fault);
    await expect(lookUp([address], ['10.99.0.0/16'])).rejects.toMatchObject(fault);
  });

  test.each(['203.0.113.7', '59.255.1.2', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2400:3200::1'])(
    'that leads to %s passes',
    async (address) => {
      expect(await lookUp([address])).toMatchObject([{ address }]);
    },
  );

  test('leads into an internal network that is listed, and into no other', async () => {
    expect(await lookUp(['10.32.0.9', '10.32.0.10'], ['10.32.0.0/16'])).toHaveLength(2);
    expect(await lookUp(['::ffff:10.32.0.9'], ['10.32.0.0/16'])).toHaveLength(1);
    await expect(lookUp(['10.33.0.9'], ['10.32.0.0/16'])).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });

  test('that has no address is refused', async () => {
    await expect(lookUp([])).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });

  test('localhost is what it says, and nothing else', async () => {
    expect(await lookUp(['127.0.0.1', '::1'], [], 'localhost')).toHaveLength(2);
    await expect(lookUp(['10.0.0.1'], [], 'localhost')).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });
});

describe('a request to a platform', () => {
  let server: Server;
  let port: number;
  let arrived: string[];
  let agent: Agent;

  beforeEach(async () => {
    arrived = [];
    server = createServer((request, response) => {
      arrived.push(request.url ?? '');
      response.writeHead(302, { location: `http://169.254.169.254/`, connection: 'close' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  });

  afterEach(() => {
    agent.destroy();
    server.close();
  });

  const send = (name: string) => {
    const url = new URL(`http://${name}:${port}/hook`);
    return attempt(url.host, 5_000, new AbortController().signal, (limit) =>
      post(url, {}, Buffer.from('{}'), agent, limit),
    );
  };

  test('looks at the address of each new connection: a name that changes what it means gains nothing', async () => {
    let meaning = '127.0.0.1';
    const changing = ((...args: Parameters<typeof systemLookup>) =>
      resolver(meaning)(...args)) as unknown as typeof systemLookup;
    agent = new Agent({ keepAlive: true, lookup: guardedLookup(['127.0.0.1/32'], changing) });
    expect((await send('hall.example.cn')).status).toBe(302);
    meaning = '127.0.0.2';
    await expect(send('hall.example.cn')).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      message: expect.stringContaining('127.0.0.2'),
    });
    expect(arrived).toEqual(['/hook']);
  });

  test('follows no redirect, and reaches an address that stands in its URL', async () => {
    agent = agentFor(new URL(`http://127.0.0.1:${port}/`), undefined);
    expect((await send('127.0.0.1')).status).toBe(302);
    expect((await send('localhost')).status).toBe(302);
    expect(arrived).toEqual(['/hook', '/hook']);
  });
});

test.each<[unknown, boolean]>([
  [['10.32.0.0/16', 'fd00:1::/64', '10.0.0.7/32'], true],
  [['10.32.0.0'], false],
  [['10.32.0.0/0'], false],
  [['10.32.0.0/33'], false],
  [['hall.example.cn/16'], false],
  [['10.32.0.0/16/1'], false],
  [[7], false],
  ['10.32.0.0/16', false],
])('the setting %j is one: %s', (value, isOne) => {
  const problems: Problem[] = [];
  networksRule(value, '/networks', problems);
  expect(problems.length === 0).toBe(isOne);
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '#proto';
import { createAdapter } from '../catalog.ts';
import { testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { amqpRules, readBrokerUrl } from './amqp-config.ts';
import { codeOf } from './broker.ts';

const URL = 'amqp://tongban@mq.example.gov.cn';
const OUT = { exchange: 'tongban.events' };

function problemsOf(config: object): Problem[] {
  const problems: Problem[] = [];
  amqpRules({ name: 'mq', url: URL, password_file: '/etc/tongban/mq.password', ...config }, '', problems);
  return problems;
}

describe('the settings', () => {
  it.each<[string, object]>([
    ['out alone', { out: OUT }],
    ['the default exchange', { out: { exchange: '', routing_key: 'events' } }],
    ['in alone', { in: { queue: 'in' } }],
    [
      'everything',
      {
        url: 'amqps://tongban@10.32.8.4:5671/province%2Fhall',
        tls: { ca_file: '/etc/tongban/ca.pem' },
        networks: ['10.32.0.0/16'],
        heartbeat_s: 30,
        timeout_ms: 5000,
        in: {
          queue: 'in',
          key: ['id', 'version'],
          lane: { by: 'field', name: 'Case.no' },
          prefetch: 16,
          retry_ms: 1000,
          xml: { lists: ['Case.file'], prefixes: { c: 'urn:cases' }, encoding: 'gb18030' },
          reply: { to_sender: true, exchange: 'replies' },
          refused: { exchange: 'refused', routing_key: 'tongban' },
        },
        out: OUT,
      },
    ],
  ])('may have %s', (_, config) => {
    expect(problemsOf(config)).toEqual([]);
  });

  it.each<[string, object, string, string]>([
    ['neither in nor out', {}, '', 'REQUIRED'],
    ['a password in the URL', { url: 'amqp://tongban:secret@mq.example.gov.cn', out: OUT }, '/url', 'SECRET'],
    ['another protocol', { url: 'https://tongban@mq.example.gov.cn', out: OUT }, '/url', 'FORMAT'],
    ['nobody', { url: 'amqp://mq.example.gov.cn', out: OUT }, '/url', 'FORMAT'],
    ['certificates and no TLS', { out: OUT, tls: {} }, '/tls', 'CONFLICT'],
    ['a lane without a name', { in: { queue: 'in', lane: { by: 'header' } } }, '/in/lane/name', 'REQUIRED'],
    [
      'a name for the routing key',
      { in: { queue: 'in', lane: { by: 'routing-key', name: 'a' } } },
      '/in/lane/name',
      'CONFLICT',
    ],
    ['a key that nobody knows', { in: { queue: 'in', key: 'correlation-id' } }, '/in/key', 'NOT_IN_LIST'],
    ['a reply to nobody', { in: { queue: 'in', reply: {} } }, '/in/reply/exchange', 'REQUIRED'],
    [
      'a reply with a key alone',
      { in: { queue: 'in', reply: { to_sender: true, routing_key: 'a' } } },
      '/in/reply/routing_key',
      'CONFLICT',
    ],
    ['no bound', { in: { queue: 'in', prefetch: 0 } }, '/in/prefetch', 'RANGE'],
    ['a name of 256 bytes', { in: { queue: 'q'.repeat(256) } }, '/in/queue', 'TOO_LONG'],
  ])('must not have %s', (_, config, pointer, code) => {
    const problems = problemsOf(config);
    expect(problems).toMatchObject([{ pointer, code }]);
    expect(JSON.stringify(problems)).not.toContain('secret@');
  });

  it.each([
    ['amqp://u@h', { isSecure: false, host: 'h', port: 5672, user: 'u', vhost: '/' }],
    ['amqps://u@h/', { isSecure: true, host: 'h', port: 5671, user: 'u', vhost: '/' }],
    ['amqps://u%40x@[::1]:99/a%2Fb', { isSecure: true, host: '::1', port: 99, user: 'u@x', vhost: 'a/b' }],
    ['amqp://u@h/a/b', undefined],
    ['amqp://u@h/a?heartbeat=0', undefined],
    ['amqp://u@h/%ff', undefined],
  ])('say where the broker is: %s', (url, place) => {
    expect(readBrokerUrl(url)).toEqual(place);
  });
});

describe('an adapter', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'password'), 'secret\n');
  });
  afterEach(() => folder.remove());
  const config = (changes: object) => ({
    name: 'mq',
    url: 'amqps://tongban@127.0.0.1:1',
    password_file: join(folder.path, 'password'),
    ...changes,
  });

  it('is not made without its files, or with a way in and no mapping', async () => {
    const wrong = config({
      password_file: join(folder.path, 'none'),
      tls: { ca_file: join(folder.path, 'none') },
      in: { queue: 'in' },
    });
    await expect(createAdapter('amqp', wrong, testContext())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/tls/ca_file' }, { pointer: '/password_file' }, { pointer: '/mapping' }],
    });
  });

  it('is made while the broker is away, and closes', async () => {
    const mapping = join(folder.path, 'mapping.yaml');
    await writeFile(mapping, 'mapping: 1\nin: [{ ignore: "true" }]\n');
    const adapter = await createAdapter('amqp', config({ mapping, in: { queue: 'in' }, out: OUT }), testContext());
    await adapter.source!.start(() => Promise.reject(new Error('nothing comes')));
    await adapter.close();
    await adapter.close();
  });
});

it.each([
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new Error('Handshake terminated by server: 403 (ACCESS-REFUSED) with message "user x"'), 'AMQP_403'],
  [Object.assign(new Error('Channel closed by server'), { code: 404 }), 'AMQP_404'],
  [new Error('Unexpected close'), 'CONNECTION'],
])('a failure is named by its code alone', (error, code) => {
  expect(codeOf(error)).toBe(code);
});

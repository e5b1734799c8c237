import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '#proto';
import { createAdapter } from '../catalog.ts';
import { testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { codeOf } from './cluster.ts';
import { kafkaRules } from './kafka-config.ts';

const OUT = { topic: 'tongban.events' };
const IN = { topics: ['in'], group: 'tongban' };

function problemsOf(config: object): Problem[] {
  const problems: Problem[] = [];
  kafkaRules({ name: 'topics', brokers: ['kafka.example.gov.cn:9093'], ...config }, '', problems);
  return problems;
}

describe('the settings', () => {
  it.each<[string, object]>([
    ['out alone', { out: OUT }],
    ['in alone', { in: IN }],
    [
      'everything',
      {
        brokers: ['kafka-1:9093', '10.32.8.4:9093'],
        security: 'tls',
        tls: { ca_file: '/etc/tongban/ca.pem' },
        sasl: { mechanism: 'SCRAM-SHA-512', user: 'tongban', password_file: '/etc/tongban/kafka.password' },
        timeout_ms: 5000,
        in: {
          ...IN,
          key: ['id', 'version'],
          id_header: 'x-id',
          lane: { by: 'field', name: 'case.no' },
          in_hand: 16,
          retry_ms: 1000,
          xml: { lists: ['Case.file'], prefixes: { c: 'urn:cases' }, encoding: 'gb18030' },
          reply: { topic: 'replies' },
        },
        out: OUT,
      },
    ],
  ])('may have %s', (_, config) => {
    expect(problemsOf(config)).toEqual([]);
  });

  it.each<[string, object, string, string]>([
    ['no way', {}, '', 'REQUIRED'],
    ['no brokers', { brokers: [], out: OUT }, '/brokers', 'REQUIRED'],
    ['a broker without a port', { brokers: ['kafka'], out: OUT }, '/brokers/0', 'FORMAT'],
    ['certificates in the clear', { security: 'plaintext', tls: {}, out: OUT }, '/tls', 'CONFLICT'],
    ['a topic of no name', { out: { topic: '..' } }, '/out/topic', 'FORMAT'],
    ['a lane without a name', { in: { ...IN, lane: { by: 'header' } } }, '/in/lane/name', 'REQUIRED'],
    [
      'a lane with a name too many',
      { in: { ...IN, lane: { by: 'record-key', name: 'a' } } },
      '/in/lane/name',
      'CONFLICT',
    ],
    ['replies that come back', { in: { ...IN, reply: { topic: 'in' } } }, '/in/reply/topic', 'CONFLICT'],
    ['no bound', { in: { ...IN, in_hand: 0 } }, '/in/in_hand', 'RANGE'],
  ])('must not have %s', (_, config, pointer, code) => {
    expect(problemsOf(config)).toMatchObject([{ pointer, code }]);
  });
});

describe('an adapter', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const config = (changes: object) => ({ name: 'topics', brokers: ['127.0.0.1:1'], ...changes });

  it('is not made without its files, or with a way in and no mapping', async () => {
    const wrong = config({
      sasl: { mechanism: 'PLAIN', user: 'tongban', password_file: join(folder.path, 'none') },
      tls: { ca_file: join(folder.path, 'none') },
      in: IN,
    });
    await expect(createAdapter('kafka', wrong, testContext())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/tls/ca_file' }, { pointer: '/sasl/password_file' }, { pointer: '/mapping' }],
    });
  });

  it('is made while the brokers are away, and closes', async () => {
    const mapping = join(folder.path, 'mapping.yaml');
    await writeFile(mapping, 'mapping: 1\nin: [{ ignore: "true" }]\n');
    const adapter = await createAdapter('kafka', config({ mapping, in: IN, out: OUT }), testContext());
    await adapter.source!.start(() => Promise.reject(new Error('nothing comes')));
    await adapter.close();
    await adapter.close();
  });
});

it.each([
  [{ cause: { code: 'PLT_KFK_NETWORK', cause: { code: 'ECONNREFUSED' } }, code: 'PLT_KFK_MULTIPLE' }, 'ECONNREFUSED'],
  [{ code: 'PLT_KFK_MULTIPLE', errors: [{ apiId: 'MESSAGE_TOO_LARGE' }] }, 'KAFKA_MESSAGE_TOO_LARGE'],
  [{ code: 'PLT_KFK_USER', message: 'Unknown topic x.' }, 'KAFKA_UNKNOWN_TOPIC_OR_PARTITION'],
  [new Error('of a broker'), 'CONNECTION'],
])('a failure is named by its code alone', (error, code) => {
  expect(codeOf(error)).toBe(code);
});

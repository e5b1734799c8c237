import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter, Submission, SubmissionSource } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { type DoubleOptions, KafkaDouble } from '../testing/kafka-double/kafka-double.ts';
import { bodyOf, Ledger, REFUSED, tryAgain } from '../testing/ledger.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { sourceContract } from '../testing/source-contract.ts';
import { throwawayAuthority } from '../testing/throwaway-authority.ts';
import { kafkaKind } from './kafka-adapter.ts';
import type { IntakeConfig, KafkaConfig } from './kafka-config.ts';

const RETRY_MS = 20;
const SOON = { timeout: 15_000, interval: 10 };
/** What became of a submission when an operator tried it again. */
const LATE = { ok: true, conversation: 'conversation-9', caseNumber: '320600-2026-9' } as const;
const MAPPING = plainMapping((document) => {
  const { body } = document as { body?: unknown };
  if (!body) throw new Error('is required');
  return body;
});

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function placeOf(double: KafkaDouble) {
  return { name: 'topics', brokers: [`127.0.0.1:${double.port}`], security: 'plaintext', timeout_ms: 5_000 } as const;
}

async function opened(options: DoubleOptions = {}): Promise<KafkaDouble> {
  const double = await KafkaDouble.start(options);
  for (const topic of ['in', 'out', 'replies']) double.createTopic(topic);
  return double;
}

describe('topics of Kafka, at a protocol double: no real broker was tried', () => {
  const { signal } = new AbortController();
  let double: KafkaDouble;
  let ledger: Ledger;
  let context: ReturnType<typeof testContext>;
  const adapters: Adapter[] = [];
  beforeEach(async () => {
    double = await opened();
    ledger = new Ledger();
    context = testContext();
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.close();
    await double.close();
  });

  sourceContract('kafka, at a protocol double', async () => {
    const own = await opened();
    const made: Adapter[] = [];
    // A partition keeps the order in which things came: what waits before the first look comes in the order of its names.
    let early: [name: string, () => void][] | undefined = [];
    const put = async (name: string, value: Buffer, lane = 'one') => {
      const go = () => own.put('in', { key: lane, value, headers: { 'message-id': name } });
      if (early) early.push([name, go]);
      else go();
    };
    return {
      async open() {
        for (const [, go] of early?.sort(([one], [other]) => (one < other ? -1 : 1)) ?? []) go();
        early = undefined;
        const intake = { topics: ['in'], group: 'tongban', retry_ms: RETRY_MS, reply: { topic: 'replies' } };
        const adapter = await kafkaKind.create({ ...placeOf(own), in: intake }, testContext(), MAPPING);
        made.push(adapter);
        return adapter.source!;
      },
      put: (name, body) => put(name, json({ body })),
      putInLane: (lane, name, body) => put(name, json({ body }), lane),
      putWithMore: (name, body) => put(name, json({ body, newField: { deep: [1] } })),
      putRenamed: (name) => put(name, json({ content: { n: 1 } })),
      putPoison: (name) => put(name, Buffer.from('{"body":'), name),
      async state(name) {
        const reply = own.records('replies').find(({ headers }) => headers['correlation-id'] === name);
        if (!reply) return 'waiting';
        return JSON.parse(reply.value!).ok ? 'accepted' : 'refused';
      },
      async close() {
        for (const adapter of made) await adapter.close();
        await own.close();
      },
    };
  });

  sinkContract('kafka, at a protocol double', async () => {
    const own = await opened();
    const adapter = await kafkaKind.create({ ...placeOf(own), out: { topic: 'out' } }, testContext());
    return {
      sink: adapter.sink!,
      async received() {
        const events = own.records('out').map(({ value }) => JSON.parse(value!));
        return events.filter(({ id }, index) => events.findIndex((one) => one.id === id) === index);
      },
      breakDown: async () => own.cut(),
      recover: async () => own.mend(),
      refuse: async ({ id }) => {
        own.isRefused = ({ records }) => records.some(({ value }) => JSON.parse(String(value)).id === id);
      },
      async close() {
        await adapter.close();
        await own.close();
      },
    };
  });

  describe('in', () => {
    it('starts while the brokers are away, and takes what waits when they are there', async () => {
      double.cut();
      put({ body: { n: 1 } });
      await start();
      await vi.waitFor(() => expect(context.lines).toHaveLength(1), SOON);
      double.mend();
      await vi.waitFor(() => expect(ledger.cases.size).toBe(1), SOON);
    });

    it('waits for a topic that is missing', async () => {
      double.topics.delete('in');
      await start();
      const code = 'KAFKA_UNKNOWN_TOPIC_OR_PARTITION';
      await vi.waitFor(() => expect(context.lines).toMatchObject([{ fields: { code } }]), SOON);
      double.createTopic('in');
      put({ body: { n: 1 } });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(1), SOON);
    });

    it('commits only up to the lowest record without an end, and a restart brings the rest again: one effect', async () => {
      for (const n of [0, 1, 2, 3]) put({ body: { n } }, { key: `case-${n}` });
      const stuck = async (submission: Parameters<typeof ledger.submit>[0], aborted: AbortSignal) =>
        (bodyOf(submission) as { n: number }).n === 1 ? tryAgain('INTERNAL') : ledger.submit(submission, aborted);
      await start({}, MAPPING, stuck);
      await vi.waitFor(() => expect(ledger.cases.size).toBe(3), SOON);
      await adapters.pop()!.close();
      expect(committed()).toBe(1n);
      await start();
      await vi.waitFor(() => expect(committed()).toBe(4n), SOON);
      expect(ledger.cases.size).toBe(4);
      expect(ledger.calls).toHaveLength(6);
      await adapters.pop()!.close();
      await start();
      put({ body: { n: 4 } });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(5), SOON);
      expect(ledger.calls).toHaveLength(7);
    });

    it('does nothing twice and keeps the order of each case when the connection is cut in the middle', async () => {
      const names = Array.from({ length: 40 }, (_, index) => `${'abcd'[index % 4]}${10 + index}`);
      for (const name of names) put({ body: { name } }, { key: name[0]! });
      let isCut = false;
      await start({ in_hand: 8 }, MAPPING, async (submission, aborted) => {
        if (ledger.cases.size === 12 && !isCut) {
          isCut = true;
          double.cut();
          setTimeout(() => double.mend(), 50);
        }
        return ledger.submit(submission, aborted);
      });
      await vi.waitFor(() => expect(committed()).toBe(40n), SOON);
      expect(isCut).toBe(true);
      const done = [...ledger.cases.values()].map((one) => (bodyOf(one) as { name: string }).name);
      expect(done).toHaveLength(40);
      for (const lane of 'abcd')
        expect(done.filter((name) => name.startsWith(lane))).toEqual(names.filter((name) => name.startsWith(lane)));
    });

    it('shares partitions with a second member that joins and leaves, each record with one effect', async () => {
      double.createTopic('in', 2);
      await start();
      for (const n of [0, 1]) put({ body: { n } }, { partition: n });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(2), SOON);
      await start();
      await vi.waitFor(() => expect(double.group('tongban').generation).toBe(2), SOON);
      for (const n of [2, 3, 4, 5]) put({ body: { n } }, { partition: n % 2 });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(6), SOON);
      await adapters.shift()!.close();
      for (const n of [6, 7]) put({ body: { n } }, { partition: n % 2 });
      await vi.waitFor(() => expect([committed(0), committed(1)]).toEqual([4n, 4n]), SOON);
      expect(ledger.cases.size).toBe(8);
    }, 40_000);

    it('answers in a topic, by the key of the record and with what names it', async () => {
      await start({ reply: { topic: 'replies' } });
      put({ body: { n: 1 } }, { key: 'case-1', headers: { 'message-id': 'm1' } });
      put({ body: { refuse: true } }, { key: 'case-2' });
      await vi.waitFor(() => expect(double.records('replies')).toHaveLength(2), SOON);
      const replies = double.records('replies').sort((one, other) => (one.key! < other.key! ? -1 : 1));
      const told = replies.map(({ value }) => JSON.parse(value!));
      const { code, message, problems } = REFUSED as Extract<typeof REFUSED, { ok: false }>;
      expect(told).toEqual([
        { ok: true, conversation: 'conversation-1', caseNumber: '320600-2026-1' },
        { ok: false, code, message, problems },
      ]);
      expect(replies.map(({ key }) => key)).toEqual(['case-1', 'case-2']);
      const { key } = ledger.calls.find((one) => bodyOf(one) && !(bodyOf(one) as { refuse?: boolean }).refuse)!;
      expect(replies[0]!.headers).toMatchObject({
        'message-id': key,
        'correlation-id': 'm1',
        'tongban-topic': 'in',
        'tongban-partition': '0',
        'tongban-offset': '0',
      });
    });

    it('gives the reply to what is sent again, and taken, another id than the refusal had', async () => {
      await start({ reply: { topic: 'replies' } });
      ledger.answers.push(REFUSED);
      for (const told of [1, 2]) {
        put({ body: { n: 1 } }, { headers: { 'message-id': 'm1' } });
        await vi.waitFor(() => expect(double.records('replies')).toHaveLength(told), SOON);
      }
      const [{ key }, again] = ledger.calls as [Submission, Submission];
      expect(again.key).toBe(key);
      expect(double.records('replies').map(({ headers }) => headers['message-id'])).toEqual([`${key}-refused`, key]);
    });

    it('tells in the topic what an operator had taken after all, by the id of the reply that refused it', async () => {
      const source = await start({ reply: { topic: 'replies' } });
      put({ body: { refuse: true } }, { key: 'case-1', headers: { 'message-id': 'm1' } });
      await vi.waitFor(() => expect(double.records('replies')).toHaveLength(1), SOON);
      const { key, document } = ledger.calls[0]!;
      expect(double.records('replies')[0]!.headers).toMatchObject({
        'message-id': `${key}-refused`,
        'correlation-id': 'm1',
      });
      await source.told!(key, document, LATE);
      const late = double.records('replies')[1]!;
      expect(JSON.parse(late.value!)).toEqual(LATE);
      expect(late.key).toBe(key);
      expect(late.headers).toEqual({
        'message-id': key,
        'correlation-id': `${key}-refused`,
        'content-type': 'application/json',
      });
    });

    it('tells nobody of it where there is no topic for replies, and says so when the brokers do not take it', async () => {
      const source = await start();
      put({ body: { refuse: true } });
      await vi.waitFor(() => expect(committed()).toBe(1n), SOON);
      const { key, document } = ledger.calls[0]!;
      await source.told!(key, document, LATE);
      const intake = { topics: ['in'], group: 'other', reply: { topic: 'missing' } };
      const { source: unheard } = await open({ in: intake }, MAPPING);
      await expect(unheard!.told!(key, document, LATE)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
      expect(double.records('replies')).toEqual([]);
    });

    it('commits nothing before its outcome was told', async () => {
      double.topics.delete('replies');
      await start({ reply: { topic: 'replies' } });
      put({ body: {} });
      await vi.waitFor(() => expect(ledger.calls.length).toBeGreaterThan(1), SOON);
      expect(committed()).toBeUndefined();
      double.createTopic('replies');
      await vi.waitFor(() => expect(committed()).toBe(1n), SOON);
      expect(ledger.cases.size).toBe(1);
    });

    it('passes over tombstones and says how many', async () => {
      for (const key of ['a', 'b', 'c']) double.put('in', { key });
      put({ body: { n: 1 } });
      await start();
      await vi.waitFor(() => expect(committed()).toBe(4n), SOON);
      expect(ledger.calls).toHaveLength(1);
      await adapters.pop()!.close();
      expect(context.lines.map(({ fields }) => fields)).toEqual([
        { adapter: 'topics', count: 1 },
        { adapter: 'topics', count: 2 },
      ]);
    });

    it('has what is too large, is XML of no form or claims another encoding parked, and goes on', async () => {
      await start();
      put({ body: { text: "'; DROP TABLE cases; --".repeat(50_000) } });
      const bomb = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>';
      double.put('in', { value: Buffer.from(bomb), headers: { 'content-type': 'text/xml' } });
      // 办件 in GBK.
      const words = Buffer.from([0xb0, 0xec, 0xbc, 0xfe]);
      const gbk = Buffer.concat([Buffer.from('{"body":{"name":"'), words, Buffer.from('"}}')]);
      double.put('in', { value: gbk });
      double.put('in', { value: gbk, headers: { 'content-type': 'application/json; charset=gbk' } });
      await vi.waitFor(() => expect(committed()).toBe(4n), SOON);
      const codes = ledger.calls.map(({ problems }) => problems[0]?.code).filter((code) => code !== undefined);
      expect(codes.sort()).toEqual(['DOCTYPE', 'ENCODING', 'TOO_LARGE']);
      expect([...ledger.cases.values()].map(bodyOf)).toEqual([{ name: '办件' }]);
    });

    it.each<[string, IntakeConfig['key'], number]>([
      ['its message id', undefined, 3],
      ['its place', 'offset', 5],
      ['its value', 'value', 3],
      ['members of it', ['body.n'], 1],
    ])('knows a record by %s', async (_, key, different) => {
      await start({ ...(key && { key }) });
      put({ body: { n: 1 } }, { headers: { 'message-id': 'm1' } });
      put({ body: { n: 1, more: 1 } }, { headers: { 'message-id': 'm1' } });
      put({ body: { n: 1, more: 2 } }, { headers: { 'message-id': 'm2' } });
      put({ body: { more: 2, n: 1 } }, { headers: { 'message-id': 'm2' } });
      put({ body: { more: 2, n: 1 } });
      await vi.waitFor(() => expect(ledger.calls).toHaveLength(5), SOON);
      await vi.waitFor(() => expect(committed()).toBe(5n), SOON);
      expect(ledger.cases.size).toBe(different);
    });

    it.each<[string, NonNullable<IntakeConfig['lane']>]>([
      ['a member', { by: 'field', name: 'case.no' }],
      ['a header', { by: 'header', name: 'x-case' }],
    ])('keeps the order of a case that is told by %s', async (_, lane) => {
      const send = (no: string, name: string) => put({ case: { no }, body: { name } }, { headers: { 'x-case': no } });
      send('a', 'a1');
      send('a', 'a2');
      send('b', 'b1');
      let passed = false;
      await start({ lane }, MAPPING, async (submission, aborted) => {
        const { name } = bodyOf(submission) as { name: string };
        if (name === 'a1' && !passed) return tryAgain('INTERNAL');
        if (name === 'b1') passed = true;
        return ledger.submit(submission, aborted);
      });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(3), SOON);
      expect(ledger.calls.map(bodyOf)).toEqual([{ name: 'b1' }, { name: 'a1' }, { name: 'a2' }]);
    });
  });

  describe('out', () => {
    it('writes CloudEvents by the key of the case, with their attributes in headers', async () => {
      const { sink } = await open({ out: { topic: 'out' } });
      expect(sink!.atOnce).toBe(16);
      const event = testEvent(7);
      await sink!.deliver(event, signal);
      const [record] = double.records('out');
      expect(record).toMatchObject({
        key: event.subject,
        headers: { ce_specversion: '1.0', ce_id: event.id, ce_type: event.type, ce_subject: event.subject },
      });
      expect(record!.headers['content-type']).toBe('application/cloudevents+json');
    });

    it('leaves one record when the answer of the broker is lost', async () => {
      const { sink } = await open({ out: { topic: 'out' } });
      await sink!.deliver(testEvent(1), signal);
      double.answersToLose = 1;
      await sink!.deliver(testEvent(2), signal);
      await sink!.deliver(testEvent(3), signal);
      expect(double.answersToLose).toBe(0);
      expect(double.records('out').map(({ value }) => JSON.parse(value!).id)).toEqual(
        [1, 2, 3].map((n) => testEvent(n).id),
      );
    });

    it('loses nothing of many cases side by side while single records are refused', async () => {
      const { sink } = await open({ out: { topic: 'out' } });
      double.isRefused = ({ records }) => records.some(({ value }) => JSON.parse(String(value)).data.n % 4 === 0);
      const ends = await Promise.allSettled(
        Array.from({ length: 24 }, (_, n) =>
          sink!.deliver(testEvent(n + 1, { subject: `s${n}`, data: { n } }), signal),
        ),
      );
      expect(ends.map(({ status }) => status)).toEqual(ends.map((_, n) => (n % 4 === 0 ? 'rejected' : 'fulfilled')));
      expect(double.records('out')).toHaveLength(18);
    });

    it('brings documents in the platform’s words, where and by which key the mapping says', async () => {
      const document = { topic: 'replies', key: 'k', headers: { district: 150626 }, value: { projectNo: 7 } };
      const { sink } = await open({ out: { topic: 'out' } }, outOf(document));
      const event = testEvent(7);
      await sink!.deliver(event, signal);
      expect(double.records('out')).toEqual([]);
      expect(double.records('replies')).toMatchObject([
        { key: 'k', value: '{"projectNo":7}', headers: { district: '150626', 'message-id': event.id } },
      ]);
    });

    it.each<[string, unknown]>([
      ['no object', 'text'],
      ['no value', { topic: 'out' }],
      ['a member that nobody knows', { value: {}, partition: 1 }],
      ['a topic of no name', { value: {}, topic: '../in' }],
      ['an empty key', { value: {}, key: '' }],
      ['an id of its own', { value: {}, headers: { 'message-id': 'a' } }],
      ['headers without end', { value: {}, headers: { a: 'a'.repeat(40_000) } }],
    ])('refuses a document with %s', async (_, document) => {
      const { sink } = await open({ out: { topic: 'out' } }, outOf(document));
      await expect(sink!.deliver(testEvent(1), signal)).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' });
      expect(double.records('out')).toEqual([]);
    });

    it('waits while there is no such topic', async () => {
      const { sink } = await open({ out: { topic: 'later' } });
      const missing = { code: 'PLATFORM_UNREACHABLE', message: expect.stringContaining('UNKNOWN_TOPIC') };
      await expect(sink!.deliver(testEvent(1), signal)).rejects.toMatchObject(missing);
      double.createTopic('later');
      await sink!.deliver(testEvent(1), signal);
      expect(double.records('later')).toHaveLength(1);
    });
  });

  it('proves itself by certificate and password, each as its file has it now', async () => {
    const folder = await temporaryFolder();
    const inside = (name: string) => join(folder.path, name);
    const authority = await throwawayAuthority('broker');
    const [server, client] = [await authority.issue('broker'), await authority.issue('tongban')];
    for (const [name, content] of Object.entries({
      'ca.pem': authority.ca,
      'cert.pem': client.cert,
      'key.pem': client.key,
      password: 'not-this-one\n',
    }))
      await writeFile(inside(name), content);
    const guarded = await opened({
      tls: { ...server, ca: authority.ca, requestCert: true, rejectUnauthorized: true },
      credentials: { user: 'tongban', password: 'right-one' },
    });
    const adapter = await kafkaKind.create(
      {
        ...placeOf(guarded),
        security: 'tls',
        tls: { ca_file: inside('ca.pem'), certificate_file: inside('cert.pem'), key_file: inside('key.pem') },
        sasl: { mechanism: 'PLAIN', user: 'tongban', password_file: inside('password') },
        out: { topic: 'out' },
      },
      context,
    );
    const error = await adapter.sink!.deliver(testEvent(1), signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      message: expect.stringContaining('KAFKA_SASL_AUTHENTICATION_FAILED'),
    });
    expect(String(error)).not.toContain('not-this-one');
    await writeFile(inside('password'), 'right-one\n');
    await adapter.sink!.deliver(testEvent(1), signal);
    expect(guarded.records('out')).toHaveLength(1);
    await adapter.close();
    await guarded.close();
    await folder.remove();
  });

  function put(document: unknown, more: Omit<Parameters<KafkaDouble['put']>[1], 'value'> = {}): void {
    double.put('in', { ...more, value: json(document) });
  }

  function committed(partition = 0): bigint | undefined {
    return double.group('tongban').committed.get(`in:${partition}`);
  }

  async function start(
    intake: Partial<IntakeConfig> = {},
    mapping: Mapping = MAPPING,
    submit = ledger.submit,
  ): Promise<SubmissionSource> {
    const settings = { topics: ['in'], group: 'tongban', retry_ms: RETRY_MS, ...intake };
    const { source } = await open({ in: settings }, mapping);
    await source!.start(submit);
    return source!;
  }

  async function open(settings: Partial<KafkaConfig>, mapping?: Mapping): Promise<Adapter> {
    const adapter = await kafkaKind.create({ ...placeOf(double), ...settings }, context, mapping);
    adapters.push(adapter);
    return adapter;
  }

  function outOf(document: unknown): Mapping {
    return plainMapping(() => undefined, { out: async () => ({ ok: true, documents: [document] }) });
  }
});

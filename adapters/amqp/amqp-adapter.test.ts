import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Message } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter, AdapterContext, Submission, SubmissionSource } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { AmqpPlatform, overTls } from '../testing/amqp-platform.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { cuttableWay } from '../testing/cuttable-way.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { bodyOf, Ledger, REFUSED, tryAgain } from '../testing/ledger.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { NO_RABBITMQ, RabbitServer } from '../testing/rabbitmq-server.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { sourceContract } from '../testing/source-contract.ts';
import { amqpKind } from './amqp-adapter.ts';
import type { AmqpConfig, IntakeConfig } from './amqp-config.ts';

const RETRY_MS = 20;
const SOON = { timeout: 15_000, interval: 10 };
/** What became of a submission when an operator tried it again. */
const LATE = { ok: true, conversation: 'conversation-9', caseNumber: '320600-2026-9' } as const;
const MAPPING = plainMapping((document) => {
  const { body } = document as { body?: unknown };
  if (!body) throw new Error('is required');
  return body;
});

describe.skipIf(NO_RABBITMQ)(`a message broker${NO_RABBITMQ ? `: ${NO_RABBITMQ}` : ''}`, () => {
  const { signal } = new AbortController();
  let server: RabbitServer;
  let platform: AmqpPlatform;
  let ledger: Ledger;
  let context: ReturnType<typeof testContext>;
  const adapters: Adapter[] = [];
  beforeAll(async () => {
    server = await RabbitServer.start();
  }, 180_000);
  afterAll(() => server.close());
  beforeEach(async () => {
    platform = await AmqpPlatform.open(server);
    ledger = new Ledger();
    context = testContext();
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.close();
    await platform.close();
  });

  sourceContract('amqp over TLS', async () => {
    const own = await AmqpPlatform.open(server);
    const tls = await overTls(server);
    const replies = await own.collect();
    const opened: Adapter[] = [];
    // A queue keeps the order in which things came: what waits before the first look comes in the order of its names.
    let early: [name: string, () => Promise<void>][] | undefined = [];
    const put = async (name: string, content: unknown, lane = 'one') => {
      const go = () => own.put(content, { messageId: name, headers: { 'x-case': lane } });
      if (early) early.push([name, go]);
      else await go();
    };
    return {
      async open() {
        const waiting = early?.sort(([one], [other]) => (one < other ? -1 : 1)) ?? [];
        early = undefined;
        for (const [, go] of waiting) await go();
        const intake: IntakeConfig = {
          queue: own.queue,
          retry_ms: RETRY_MS,
          lane: { by: 'header', name: 'x-case' },
          reply: { exchange: '', routing_key: replies.queue },
        };
        const adapter = await amqpKind.create({ name: 'mq', ...tls.place, in: intake }, testContext(), MAPPING);
        opened.push(adapter);
        return adapter.source!;
      },
      put: (name, body) => put(name, { body }),
      putInLane: (lane, name, body) => put(name, { body }, lane),
      putWithMore: (name, body) => put(name, { body, newField: { deep: [1] } }),
      putRenamed: (name) => put(name, { content: { n: 1 } }),
      putPoison: (name) => put(name, Buffer.from('{"body":'), name),
      async state(name) {
        const reply = replies.messages.find(({ properties }) => properties.correlationId === name);
        if (!reply) return 'waiting';
        return JSON.parse(reply.content.toString()).ok ? 'accepted' : 'refused';
      },
      async close() {
        for (const adapter of opened) await adapter.close();
        await own.close();
        await tls.remove();
      },
    };
  });

  sinkContract('amqp', async () => {
    const own = await AmqpPlatform.open(server);
    const way = await cuttableWay(server.port);
    const { queue } = await own.channel.assertQueue('', { exclusive: true });
    const messages: Message[] = [];
    const place = { url: `amqp://guest@127.0.0.1:${way.port}`, password_file: server.passwordFile };
    const adapter = await amqpKind.create({ name: 'mq', ...place, out: { exchange: own.exchange } }, testContext());
    const binding = (sequence: number) => ({
      'x-match': 'all',
      cloudEvents_sequence: String(sequence).padStart(16, '0'),
    });
    for (const sequence of [1, 2, 7, 10, 11]) await own.channel.bindQueue(queue, own.exchange, '', binding(sequence));
    return {
      sink: adapter.sink!,
      async received() {
        messages.push(...(await own.drain(queue)));
        const events = messages.map(({ content }) => JSON.parse(content.toString()));
        return events.filter(({ id }, index) => events.findIndex((one) => one.id === id) === index);
      },
      breakDown: async () => way.cut(),
      recover: async () => way.mend(),
      refuse: async ({ sequence }) => {
        await own.channel.unbindQueue(queue, own.exchange, '', binding(sequence));
      },
      async close() {
        await adapter.close();
        await own.close();
        await way.close();
      },
    };
  });

  describe('in', () => {
    it('starts while the broker is away, and takes what waits when it is there', async () => {
      const way = await cuttableWay(server.port);
      way.cut();
      await platform.put({ body: { n: 1 } });
      await start({}, { url: `amqp://guest@127.0.0.1:${way.port}` });
      await vi.waitFor(() => expect(context.lines).toHaveLength(1), SOON);
      way.mend();
      await vi.waitFor(() => expect(ledger.cases.size).toBe(1), SOON);
      way.cut();
      await vi.waitFor(() => expect(context.lines).toHaveLength(2), SOON);
      way.mend();
      await platform.put({ body: { n: 2 } });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(2), SOON);
      await adapters.pop()!.close();
      await way.close();
    });

    it('waits for a queue that is missing, and for one that was deleted', async () => {
      await platform.channel.deleteQueue(platform.queue);
      await start({});
      await vi.waitFor(() => expect(context.lines).toMatchObject([{ fields: { code: 'AMQP_404' } }]), SOON);
      await platform.channel.assertQueue(platform.queue, { durable: true });
      await platform.put({ body: { n: 1 } });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(1), SOON);
      await platform.channel.deleteQueue(platform.queue);
      await vi.waitFor(() => expect(context.lines[1]).toMatchObject({ fields: { code: 'NO_QUEUE' } }), SOON);
      await platform.channel.assertQueue(platform.queue, { durable: true });
      await platform.put({ body: { n: 2 } });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(2), SOON);
    });

    it('is told in the log that the password is wrong, without it, and goes on when the file has the right one', async () => {
      const folder = await temporaryFolder();
      const file = join(folder.path, 'password');
      await writeFile(file, 'not-this-one\n');
      await start({}, { password_file: file });
      await vi.waitFor(() => expect(context.lines).toMatchObject([{ fields: { code: 'AMQP_403' } }]), SOON);
      expect(JSON.stringify(context.lines)).not.toContain('not-this-one');
      await writeFile(file, 'guest\n');
      await platform.put({ body: {} });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(1), SOON);
      await folder.remove();
    });

    it('answers whoever asks at the queue that he names, after the outcome', async () => {
      const { queue, messages } = await platform.collect();
      await start({ reply: { to_sender: true } });
      await platform.put({ body: { n: 1 } }, { replyTo: queue, correlationId: 'question-1', messageId: 'm1' });
      await vi.waitFor(() => expect(messages).toHaveLength(1), SOON);
      const [{ content, properties }] = messages as [(typeof messages)[0]];
      expect(JSON.parse(content.toString())).toEqual({
        ok: true,
        conversation: 'conversation-1',
        caseNumber: '320600-2026-1',
      });
      const { key } = ledger.calls[0]!;
      expect(properties).toMatchObject({ correlationId: 'question-1', messageId: key, deliveryMode: 2 });
      await platform.put({ body: { refuse: true } }, { replyTo: queue, messageId: 'm2' });
      await vi.waitFor(() => expect(messages).toHaveLength(2), SOON);
      const { code, message, problems } = REFUSED as Extract<typeof REFUSED, { ok: false }>;
      expect(JSON.parse(messages[1]!.content.toString())).toEqual({ ok: false, code, message, problems });
      const { key: refused } = ledger.calls[1]!;
      expect(messages[1]!.properties).toMatchObject({ correlationId: 'm2', messageId: `${refused}-refused` });
    });

    it('gives the reply to what is sent again, and taken, another id than the refusal had', async () => {
      const { queue, messages } = await platform.collect();
      await start({ reply: { to_sender: true } });
      ledger.answers.push(REFUSED);
      for (const told of [1, 2]) {
        await platform.put({ body: { n: 1 } }, { replyTo: queue, messageId: 'm1' });
        await vi.waitFor(() => expect(messages).toHaveLength(told), SOON);
      }
      const [{ key }, again] = ledger.calls as [Submission, Submission];
      expect(again.key).toBe(key);
      expect(messages.map(({ properties }) => properties.messageId)).toEqual([`${key}-refused`, key]);
    });

    it('is not held up by one who asked and went away', async () => {
      await start({ reply: { to_sender: true }, prefetch: 1 });
      await platform.put({ body: { n: 1 } }, { replyTo: 'gone' });
      await platform.put({ body: { n: 2 } });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(2), SOON);
      expect(context.lines).toMatchObject([{ fields: { adapter: 'mq', code: 'NO_QUEUE' } }]);
    });

    it('acknowledges nothing before its outcome was told', async () => {
      const { queue, messages } = await platform.collect();
      await start({ reply: { exchange: platform.exchange } });
      await platform.put({ body: {} }, { messageId: 'm1' });
      await vi.waitFor(() => expect(ledger.calls.length).toBeGreaterThan(1), SOON);
      await platform.channel.bindQueue(queue, platform.exchange, '', { 'x-match': 'all' });
      await vi.waitFor(() => expect(messages).toHaveLength(1), SOON);
      await adapters.pop()!.close();
      expect(await platform.left()).toBe(0);
      expect(ledger.cases.size).toBe(1);
    });

    it('tells at the exchange what an operator had taken after all, by the id of the reply that refused it', async () => {
      const [common, asker] = [await platform.collect(), await platform.collect()];
      const source = await start({ reply: { exchange: '', routing_key: common.queue, to_sender: true } });
      await platform.put({ body: { refuse: true } }, { messageId: 'm1' });
      await platform.put({ body: { refuse: true } }, { messageId: 'm2', replyTo: asker.queue });
      await vi.waitFor(() => expect([common.messages, asker.messages]).toMatchObject([[{}], [{}]]), SOON);
      for (const [index, refused] of [common.messages[0]!, asker.messages[0]!].entries()) {
        const about = refused.properties.messageId as string;
        const { key, document } = ledger.calls.find((one) => `${one.key}-refused` === about)!;
        await source.told!(key, document, LATE);
        await vi.waitFor(() => expect(common.messages).toHaveLength(index + 2), SOON);
        const { content, properties } = common.messages[index + 1]!;
        expect(JSON.parse(content.toString())).toEqual(LATE);
        expect(properties).toMatchObject({ correlationId: about, messageId: key, deliveryMode: 2 });
      }
      // Whoever asked is not known any more.
      expect(asker.messages).toHaveLength(1);
    });

    it('tells nobody of it where there is no exchange for replies, and says so when no queue takes it', async () => {
      const { queue, messages } = await platform.collect();
      const asked = await start({ reply: { to_sender: true } });
      await platform.put({ body: { refuse: true } }, { replyTo: queue });
      await vi.waitFor(() => expect(messages).toHaveLength(1), SOON);
      const { key, document } = ledger.calls[0]!;
      await asked.told!(key, document, LATE);
      const { source: unbound } = await open({ in: { queue, reply: { exchange: platform.exchange } } }, MAPPING);
      await expect(unbound!.told!(key, document, LATE)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
      expect(messages).toHaveLength(1);
    });

    it('sets a copy of what is refused aside, with the reason', async () => {
      const { queue, messages } = await platform.collect();
      await start({ refused: { exchange: '', routing_key: queue } });
      const content = Buffer.from('<a><b>1</b>');
      await platform.put(content, { contentType: 'text/xml', messageId: 'm1' });
      await vi.waitFor(() => expect(messages).toHaveLength(1), SOON);
      expect(messages[0]!.content).toEqual(content);
      const { headers, messageId, contentType } = messages[0]!.properties;
      expect({ messageId, contentType }).toEqual({ messageId: 'm1', contentType: 'text/xml' });
      expect(headers!['tongban-code']).toBe('VALIDATION_FAILED');
      expect(JSON.parse(headers!['tongban-problems'])).toMatchObject([{ code: 'MALFORMED' }]);
    });

    it('has what is too large parked, and given to the queue for dead letters', async () => {
      const dead = await platform.collect();
      const replies = await platform.collect();
      await platform.channel.deleteQueue(platform.queue);
      await platform.channel.assertQueue(platform.queue, {
        durable: true,
        deadLetterExchange: '',
        deadLetterRoutingKey: dead.queue,
      });
      await start({
        reply: { exchange: '', routing_key: replies.queue },
        refused: { exchange: '', routing_key: replies.queue },
      });
      const large = Buffer.from(JSON.stringify({ body: { text: "'; DROP TABLE cases; --".repeat(50_000) } }));
      await platform.put(large, { messageId: 'm1' });
      await vi.waitFor(() => expect(dead.messages).toHaveLength(1), SOON);
      expect(dead.messages[0]!.content.equals(large)).toBe(true);
      expect(ledger.calls).toMatchObject([{ document: null, wishes: [], problems: [{ code: 'TOO_LARGE' }] }]);
      expect(replies.messages).toHaveLength(1);
    });

    it('reads XML and JSON in the encoding that is declared', async () => {
      const mapping = plainMapping((document) => document);
      await start({ xml: { lists: ['Case.file'] } }, {}, mapping);
      // 办件 in GBK.
      const words = Buffer.from([0xb0, 0xec, 0xbc, 0xfe]);
      const xml = Buffer.concat([Buffer.from('<Case><name>'), words, Buffer.from('</name><file>1</file></Case>')]);
      await platform.put(xml, { contentType: 'application/xml; charset=GBK' });
      const json = Buffer.concat([Buffer.from('{"name":"'), words, Buffer.from('"}')]);
      await platform.put(json, { contentType: 'application/json', contentEncoding: 'gbk' });
      await platform.put(json, { contentType: 'application/json' });
      await platform.put(Buffer.from('{}'), { contentEncoding: 'gzip' });
      const bomb = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>';
      await platform.put(Buffer.from(bomb), { contentType: 'text/xml' });
      await vi.waitFor(() => expect(ledger.calls).toHaveLength(5), SOON);
      expect(ledger.calls.map((call) => bodyOf(call) ?? call.problems[0]?.code)).toEqual([
        { Case: { name: '办件', file: ['1'] } },
        { name: '办件' },
        'ENCODING',
        'ENCODING',
        'DOCTYPE',
      ]);
    });

    it.each<[string, IntakeConfig['key'], number]>([
      ['its message id', undefined, 2],
      ['its body', 'body', 3],
      ['members of it', ['body.n'], 1],
    ])('knows a message by %s', async (_, key, different) => {
      await start({ ...(key && { key }) });
      await platform.put({ body: { n: 1 } }, { messageId: 'm1' });
      await platform.put({ body: { n: 1, more: 1 } }, { messageId: 'm1' });
      await platform.put({ body: { n: 1, more: 2 } }, { messageId: 'm2' });
      await platform.put({ body: { more: 2, n: 1 } }, { messageId: 'm2' });
      await vi.waitFor(() => expect(ledger.calls).toHaveLength(4), SOON);
      expect(ledger.cases.size).toBe(different);
    });

    it.each<[string, IntakeConfig['lane'], object, object]>([
      ['a member', { by: 'field', name: 'case.no' }, { case: { no: 'a' } }, { case: { no: 'b' } }],
      ['the routing key', { by: 'routing-key' }, {}, {}],
    ])('keeps the order of a case that is told by %s', async (_, lane, held, other) => {
      const exchange = `direct-${platform.queue}`;
      await platform.channel.assertExchange(exchange, 'direct', { autoDelete: true });
      for (const key of ['a', 'b']) await platform.channel.bindQueue(platform.queue, exchange, key);
      const send = (key: string, document: object) =>
        platform.channel.publish(exchange, key, Buffer.from(JSON.stringify(document)));
      send('a', { ...held, body: { name: 'a1' } });
      send('a', { ...held, body: { name: 'a2' } });
      send('b', { ...other, body: { name: 'b1' } });
      ledger.answers.push(tryAgain('INTERNAL'), tryAgain('INTERNAL'));
      let passed = false;
      await start({ lane: lane! }, {}, MAPPING, async (submission, aborted) => {
        const { name } = bodyOf(submission) as { name: string };
        if (name === 'a1' && !passed) return tryAgain('INTERNAL');
        if (name === 'b1') passed = true;
        ledger.answers.length = 0;
        return ledger.submit(submission, aborted);
      });
      await vi.waitFor(() => expect(ledger.cases.size).toBe(3), SOON);
      expect(ledger.calls.map(bodyOf)).toEqual([{ name: 'b1' }, { name: 'a1' }, { name: 'a2' }]);
    });
  });

  describe('out', () => {
    it('brings documents in the platform’s words, where the mapping says, to be kept', async () => {
      const { queue, messages } = await platform.collect();
      const { sink } = await open({ out: { exchange: '', routing_key: 'nowhere' } }, mappingOf(queue));
      const event = testEvent(7);
      await sink!.deliver(event, signal);
      await vi.waitFor(() => expect(messages).toHaveLength(1), SOON);
      expect(JSON.parse(messages[0]!.content.toString())).toEqual({ projectNo: 7 });
      expect(messages[0]!.properties).toMatchObject({
        messageId: event.id,
        deliveryMode: 2,
        type: event.type,
        contentType: 'application/json',
        headers: { district: '150626' },
      });
    });

    it.each<[string, unknown]>([
      ['no object', 'text'],
      ['no body', { routingKey: 'a' }],
      ['a member that nobody knows', { body: {}, exchange: 'a' }],
      ['a header that sends copies elsewhere', { body: {}, headers: { CC: ['other'] } }],
      ['headers that fit into no frame', { body: {}, headers: { a: 'a'.repeat(40_000) } }],
      ['a routing key that is too long', { body: {}, routingKey: 'a'.repeat(256) }],
    ])('refuses a document with %s', async (_, document) => {
      const { queue, messages } = await platform.collect();
      const out = plainMapping(() => undefined, { out: async () => ({ ok: true, documents: [document] }) });
      const { sink } = await open({ out: { exchange: '', routing_key: queue } }, out);
      await expect(sink!.deliver(testEvent(1), signal)).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' });
      expect(messages).toEqual([]);
    });

    it('publishes side by side, and knows which message no queue takes', async () => {
      const { queue, messages } = await platform.collect();
      const out = plainMapping(() => undefined, {
        out: async ({ sequence }) => ({
          ok: true,
          documents: [{ routingKey: sequence % 2 ? queue : 'nowhere', body: { sequence } }],
        }),
      });
      const { sink } = await open({ out: { exchange: '' } }, out);
      expect(sink!.atOnce).toBe(16);
      const ends = await Promise.allSettled(
        Array.from({ length: 40 }, (_, sequence) => sink!.deliver(testEvent(sequence), signal)),
      );
      expect(ends.map(({ status }) => status)).toEqual(
        ends.map((_, sequence) => (sequence % 2 ? 'fulfilled' : 'rejected')),
      );
      await vi.waitFor(() => expect(messages).toHaveLength(20), SOON);
    });

    it('waits while there is no such exchange', async () => {
      const { queue, messages } = await platform.collect();
      const exchange = `later-${platform.exchange}`;
      const { sink } = await open({ out: { exchange } });
      const missing = { code: 'PLATFORM_UNREACHABLE', message: expect.stringContaining('AMQP_404') };
      await expect(sink!.deliver(testEvent(1), signal)).rejects.toMatchObject(missing);
      await platform.channel.assertExchange(exchange, 'fanout', { autoDelete: true });
      await platform.channel.bindQueue(queue, exchange, '');
      await sink!.deliver(testEvent(1), signal);
      await vi.waitFor(() => expect(messages).toHaveLength(1), SOON);
    });

    it('waits while the broker is short of memory, and nothing is lost', { timeout: 60_000 }, async () => {
      const { queue } = await platform.channel.assertQueue('', { exclusive: true });
      const { sink } = await open({ out: { exchange: '', routing_key: queue } });
      await sink!.deliver(testEvent(1), signal);
      await server.control('set_vm_memory_high_watermark', 'absolute', '1');
      try {
        const short = { code: 'PLATFORM_UNREACHABLE', message: expect.stringContaining('short of memory') };
        await expect(sink!.deliver(testEvent(2), signal)).rejects.toMatchObject(short);
        await expect(sink!.deliver(testEvent(2), signal)).rejects.toMatchObject(short);
      } finally {
        await server.control('set_vm_memory_high_watermark', '0.4');
      }
      await vi.waitFor(() => sink!.deliver(testEvent(2), signal), { timeout: 30_000, interval: 100 });
      expect(await platform.left(queue)).toBeGreaterThanOrEqual(2);
    });
  });

  it('loses nothing and does nothing twice when the broker is killed in the middle', { timeout: 200_000 }, async () => {
    const names = Array.from({ length: 40 }, (_, index) => `${'abcd'[index % 4]}${10 + index}`);
    for (const name of names) await platform.put({ lane: name[0], body: { name } }, { messageId: name });
    const outQueue = `kept-${platform.queue}`;
    await platform.channel.assertQueue(outQueue, { durable: true });
    const { sink } = await open({ out: { exchange: '', routing_key: outQueue } });
    await server.settle();
    await sink!.deliver(testEvent(1), signal);
    let killed: Promise<void> | undefined;
    await start({ lane: { by: 'field', name: 'lane' }, prefetch: 8 }, {}, MAPPING, async (submission, aborted) => {
      if (ledger.cases.size === 12) killed ??= server.kill();
      return ledger.submit(submission, aborted);
    });
    await vi.waitFor(() => expect(killed).toBeDefined(), SOON);
    await killed;
    await expect(sink!.deliver(testEvent(2), signal)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    await server.resume();
    await vi.waitFor(() => sink!.deliver(testEvent(2), signal), SOON);
    await vi.waitFor(() => expect(ledger.cases.size).toBe(names.length), { timeout: 60_000, interval: 20 });
    const done = [...ledger.cases.values()].map((one) => (bodyOf(one) as { name: string }).name);
    for (const lane of 'abcd')
      expect(done.filter((name) => name.startsWith(lane))).toEqual(names.filter((name) => name.startsWith(lane)));
    for (const adapter of adapters.splice(0)) await adapter.close();
    platform = await reopened(platform);
    expect(await platform.left()).toBe(0);
    expect(await platform.left(outQueue)).toBe(2);
  });

  async function start(
    intake: Partial<IntakeConfig>,
    place: Partial<AmqpConfig> = {},
    mapping: Mapping = MAPPING,
    submit = ledger.submit,
  ): Promise<SubmissionSource> {
    const { source } = await open({ ...place, in: { queue: platform.queue, retry_ms: RETRY_MS, ...intake } }, mapping);
    await source!.start(submit);
    return source!;
  }

  async function open(settings: Partial<AmqpConfig>, mapping?: Mapping, lent: AdapterContext = context) {
    const place = { url: `amqp://guest@127.0.0.1:${server.port}`, password_file: server.passwordFile };
    const adapter = await amqpKind.create({ name: 'mq', ...place, ...settings }, lent, mapping);
    adapters.push(adapter);
    return adapter;
  }

  /** The same queues after the server was away. */
  async function reopened(before: AmqpPlatform): Promise<AmqpPlatform> {
    await before.close();
    return AmqpPlatform.open(server, before.queue);
  }

  function mappingOf(queue: string): Mapping {
    return plainMapping(() => undefined, {
      out: async ({ sequence }) => ({
        ok: true,
        documents: [{ routingKey: queue, headers: { district: '150626' }, body: { projectNo: sequence } }],
      }),
    });
  }
});

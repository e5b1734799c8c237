import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Adapter, SubmissionOutcome } from '../../adapter.ts';
import { createAdapter } from '../../catalog.ts';
import { binaryEvent, STRUCTURED_TYPE, structuredEvent } from '../../cloud-event.ts';
import { NOW, testContext, testEvent } from '../../testing/context.ts';
import { temporaryFolder } from '../../testing/folders.ts';
import { Ledger, REFUSED, tryAgain } from '../../testing/ledger.ts';
import { plainMapping } from '../../testing/plain-mapping.ts';
import { httpKind } from '../http-adapter.ts';
import { signWebhook } from '../webhook-signature.ts';

const KEY = Buffer.alloc(32, 7);
const SECRET = KEY.toString('base64');
const JSON_TYPE = { 'content-type': 'application/json' };
const MAPPING = plainMapping((document) => {
  const { body, data } = document as { body?: unknown; data?: unknown };
  if (!body && !data) throw new Error('is required');
  return body ?? data;
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let ledger: Ledger;
let context: ReturnType<typeof testContext>;
const adapters: Adapter[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
  ledger = new Ledger();
  context = testContext();
  await writeFile(join(folder.path, 'secret'), `${SECRET}\n`);
});
afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.close();
  await folder.remove();
});

describe('a push', () => {
  it('that is signed is handed in; a repetition has the same key and the same outcome', async () => {
    await start();
    const request = signed({ body: { n: 1 } });
    const first = await push(request);
    expect(first).toMatchObject({ ok: true, conversation: 'conversation-1' });
    expect(await push(request)).toEqual(first);
    expect(new Set(ledger.calls.map(({ key }) => key)).size).toBe(1);
    expect(ledger.calls[0]!.key).toMatch(/^[0-9a-f]{64}$/);
    expect(ledger.cases.size).toBe(1);
    expect(await push(signed({ body: { n: 1 } }, 'other'))).toMatchObject({ conversation: 'conversation-2' });
  });

  it.each<[string, (request: Pushed) => Pushed]>([
    ['whose body was altered', (one) => ({ ...one, body: Buffer.from(one.body.toString().replace('1', '2')) })],
    ['with another id', (one) => ({ ...one, headers: { ...one.headers, 'webhook-id': 'x' } })],
    ['without a signature', ({ body }) => ({ headers: JSON_TYPE, body })],
    [
      'with a signature twice',
      (one) => ({ ...one, headers: { ...one.headers, 'webhook-signature': ['v1,a', 'v1,b'] } }),
    ],
    ['with attributes of an event, which its signature does not cover', (one) => withAttributes(one)],
    ['signed by another key', () => signed({ body: { n: 1 } }, 'id', NOW, Buffer.alloc(32, 8))],
    ['signed six minutes ago', () => signed({ body: { n: 1 } }, 'id', NOW - 360_000)],
    ['signed in six minutes', () => signed({ body: { n: 1 } }, 'id', NOW + 360_000)],
  ])('%s is not looked at', async (_, change) => {
    await start();
    expect(await push(change(signed({ body: { n: 1 } })))).toBeUndefined();
    expect(ledger.calls).toEqual([]);
  });

  it('that is not believed is in the log, once a minute whatever strangers do', async () => {
    await start();
    for (let times = 0; times < 5; times += 1)
      expect(await push({ headers: JSON_TYPE, body: Buffer.from('{}') })).toBeUndefined();
    expect(context.lines).toEqual([
      {
        level: 'warn',
        fields: { adapter: 'hall', code: 'UNAUTHORIZED' },
        message: expect.stringContaining('webhook-id'),
      },
    ]);
  });

  it('is not believed while the secret cannot be read, and is by the new one as soon as it is there', async () => {
    await start();
    await writeFile(join(folder.path, 'secret'), '');
    expect(await push(signed({ body: {} }))).toBeUndefined();
    const other = Buffer.alloc(24, 9);
    await writeFile(join(folder.path, 'secret'), other.toString('base64'));
    expect(await push(signed({ body: {} }))).toBeUndefined();
    expect(await push(signed({ body: {} }, 'id', NOW, other))).toMatchObject({ ok: true });
  });

  it.each([
    [
      'structured',
      (): Pushed => ({ headers: { 'content-type': STRUCTURED_TYPE }, body: structuredEvent(testEvent(3)) }),
    ],
    ['binary', (): Pushed => binaryEvent(testEvent(3, { subject: '办件/3' }))],
  ])('may be a CloudEvent in %s mode, known by source and id', async (_, make) => {
    await start({ auth: await bearer() });
    const { headers, body } = make();
    const request = { headers: { ...headers, authorization: `Bearer ${BEARER}` }, body };
    expect(await push(request)).toMatchObject({ ok: true });
    expect(await push(request)).toMatchObject({ ok: true, conversation: 'conversation-1' });
    const { document } = ledger.calls[0]!;
    const { id, data, type } = testEvent(3);
    expect(document).toMatchObject({ specversion: '1.0', id, type, data, sequence: '0000000000000003' });
    const changed = Buffer.from(body.toString().replace('150626-2026-3', '150626-2026-4'));
    expect(await push({ ...request, body: changed })).toMatchObject({ conversation: 'conversation-1' });
  });

  it.each<[string, Record<string, string>, Buffer, string]>([
    ['no JSON', {}, Buffer.from('{'), 'FORMAT'],
    ['no text', {}, Buffer.from([0x22, 0xff, 0x22]), 'ENCODING'],
    ['compressed', { 'content-encoding': 'gzip' }, Buffer.from('{}'), 'ENCODING'],
    ['nested without end', {}, Buffer.from('['.repeat(1000)), 'FORMAT'],
    ['a list', {}, Buffer.from('[]'), 'TYPE'],
    ['an event of no version', { 'content-type': STRUCTURED_TYPE }, Buffer.from('{"id":"1"}'), 'CLOUD_EVENT'],
    ['an event without an id', { 'content-type': STRUCTURED_TYPE }, Buffer.from('{"specversion":"1.0"}'), 'REQUIRED'],
    [
      'an event of bytes',
      { 'content-type': STRUCTURED_TYPE },
      Buffer.from('{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AA=="}'),
      'TYPE',
    ],
    ['an event with a bad header', { 'ce-specversion': '1.0', 'ce-id': '%ff' }, Buffer.from('{}'), 'ENCODING'],
    ['what the mapping does not understand', {}, Buffer.from('{}'), 'FORMAT'],
  ])('that is %s is handed in with its problems', async (_, more, body, code) => {
    await start({ auth: await bearer() });
    const headers = { ...JSON_TYPE, ...more, authorization: `Bearer ${BEARER}` };
    expect(await push({ headers, body })).toMatchObject({ ok: false, code: REFUSED.ok || REFUSED.code });
    expect(ledger.calls).toMatchObject([{ wishes: [], problems: [{ code }] }]);
    expect(await push({ headers, body })).toMatchObject({ ok: false });
    expect(ledger.calls[1]!.key).toBe(ledger.calls[0]!.key);
    expect(JSON.stringify(ledger.calls)).not.toContain(BEARER);
  });

  it('is known by the members that the settings name, or by an idempotency key', async () => {
    const { hook } = await start({ auth: await bearer(), key: ['body.id'] });
    const at = (id: number, more = {}) => ({
      headers: { ...JSON_TYPE, authorization: `Bearer ${BEARER}`, ...more },
      body: Buffer.from(JSON.stringify({ body: { id, at: Math.abs(id) * ledger.calls.length } })),
    });
    for (const id of [1, 1, 2]) await (await hook!.open(at(id)))!.submit();
    expect(ledger.cases.size).toBe(2);
    const other = await start({ auth: await bearer() });
    for (const key of ['a', 'a', 'b']) await (await other.hook!.open(at(1, { 'idempotency-key': key })))!.submit();
    expect(ledger.cases.size).toBe(4);
  });
});

describe('a token', () => {
  const token = (changes: Record<string, unknown> = {}, key = KEY) => {
    const iat = Math.floor(NOW / 1000);
    const claims = { iss: 'hall', aud: 'urn:tongban:region:150626', iat, exp: iat + 60, ...changes };
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
  };
  const iat = Math.floor(NOW / 1000);

  it.each<[string, Record<string, unknown>, Buffer<ArrayBuffer>, boolean]>([
    ['as it should be', {}, KEY, true],
    ['of another key', {}, Buffer.alloc(32, 8), false],
    ['of somebody else', { iss: 'x' }, KEY, false],
    ['for another region', { aud: 'urn:tongban:region:320600' }, KEY, false],
    ['that ended', { iat: iat - 600, exp: iat - 300 }, KEY, false],
    ['good for a year', { exp: iat + 31_536_000 }, KEY, false],
    ['from the future', { iat: iat + 300, exp: iat + 360 }, KEY, false],
    ['without an end', { exp: undefined }, KEY, false],
  ])('%s', async (_, claims, key, isGood) => {
    await start({ auth: { type: 'jwt', secret_file: join(folder.path, 'secret'), issuer: 'hall' } });
    const headers = { ...JSON_TYPE, authorization: `Bearer ${await token(claims, key)}` };
    const outcome = await push({ headers, body: Buffer.from('{"body":{}}') });
    expect(outcome?.ok ?? false).toBe(isGood);
    expect(ledger.calls).toHaveLength(isGood ? 1 : 0);
  });

  it('without a signature opens nothing', async () => {
    await start({ auth: { type: 'jwt', secret_file: join(folder.path, 'secret'), issuer: 'hall' } });
    const [, claims] = (await token()).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    expect(
      await push({ headers: { ...JSON_TYPE, authorization: `Bearer ${none}` }, body: Buffer.from('{}') }),
    ).toBeUndefined();
  });
});

it.each([
  ['authorization', `Bearer ${'s'.repeat(24)}`, undefined, true],
  ['authorization', 's'.repeat(24), undefined, false],
  ['authorization', `Bearer ${'s'.repeat(23)}`, undefined, false],
  ['x-hall-key', 's'.repeat(24), 'x-hall-key', true],
  ['x-hall-key', 'S'.repeat(24), 'x-hall-key', false],
  ['authorization', `Bearer ${'s'.repeat(24)}`, 'x-hall-key', false],
])('a shared secret in %s: %s', async (name, value, header, isGood) => {
  await start({ auth: { ...(await bearer()), ...(header && { header }) } });
  const outcome = await push({ headers: { ...JSON_TYPE, [name]: value }, body: Buffer.from('{"body":{}}') });
  expect(outcome !== undefined).toBe(isGood);
});

describe('the source', () => {
  it('takes records of one case one after another, others side by side', async () => {
    await start({ auth: await bearer(), lane: 'no', at_once: 3 });
    const ends = waiting(3);
    const first = push(bearing({ no: 'a', body: {} }));
    await expect.poll(numbers).toEqual(['a']);
    const outcomes = [first, ...['a', 'b'].map((no) => push(bearing({ no, body: {} })))];
    await expect.poll(numbers).toEqual(['a', 'b']);
    for (const end of ends.splice(0)) end();
    await expect.poll(numbers).toEqual(['a', 'b', 'a']);
    for (const end of ends.splice(0)) end();
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: 'INTERNAL' });
    expect(ledger.most).toBe(2);
  });

  it('takes no more than it may at once, and says so to the others', async () => {
    await start({ auth: await bearer(), lane: 'no', at_once: 2 });
    const ends = waiting(2);
    const outcomes = ['a', 'b'].map((no) => push(bearing({ no, body: {} })));
    await expect.poll(() => ends.length).toBe(2);
    const other = bearing({ no: 'c', body: {} });
    expect(await push(other)).toMatchObject({ ok: false, code: 'BACK_PRESSURE' });
    for (const end of ends.splice(0)) end();
    await Promise.all(outcomes);
    expect(await push(other)).toMatchObject({ ok: true });
    expect(ledger.most).toBe(2);
  });

  it('says to come again when nothing was decided, when it has not begun, and when it ends', async () => {
    const adapter = await start({ auth: await bearer() }, false);
    expect(await push(bearing({ body: {} }))).toMatchObject({ ok: false, code: 'SHUTTING_DOWN' });
    await adapter.source!.start(ledger.submit);
    ledger.answers.push(() => Promise.reject(new Error('the database of 张三 is away')));
    expect(await push(bearing({ body: {} }))).toMatchObject({ ok: false, code: 'TRY_LATER' });
    expect(JSON.stringify(context.lines)).not.toContain('张三');
    ledger.answers.push(
      (_, signal) => new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const waiting = push(bearing({ body: {} }));
    await expect.poll(() => ledger.calls.length).toBe(2);
    await adapter.source!.stop();
    expect(await waiting).toMatchObject({ ok: false, code: 'SHUTTING_DOWN' });
    expect(await push(bearing({ body: {} }))).toMatchObject({ ok: false, code: 'SHUTTING_DOWN' });
    expect(ledger.cases.size).toBe(0);
  });
});

it.each([
  [{ auth: { type: 'none' } }, '/hook/auth/type'],
  [{ auth: { type: 'hmac', secret_file: 'secret' } }, '/hook/auth/secret_file'],
  [{ auth: { type: 'jwt', secret_file: '/etc/secret' } }, '/hook/auth/issuer'],
  [{ auth: { type: 'bearer', secret_file: '/etc/secret' }, lane: 'a..b' }, '/hook/lane'],
])('the settings %j are refused', async (hook, pointer) => {
  const making = createAdapter('http', { name: 'hall', hook }, context);
  await expect(making).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: expect.arrayContaining([expect.objectContaining({ pointer })]),
  });
});

it('a hook without its secret or its mapping is refused', async () => {
  const hook = { auth: { type: 'bearer', secret_file: '/nowhere/secret' } };
  await expect(createAdapter('http', { name: 'hall', hook }, context)).rejects.toMatchObject({
    problems: [{ pointer: '/mapping' }, { pointer: '/hook/auth/secret_file', message: 'cannot be read (ENOENT)' }],
  });
  expect(httpKind.mapping).toBe('optional');
});

interface Pushed {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

const BEARER = 's'.repeat(24);

async function bearer() {
  const path = join(folder.path, 'bearer');
  await writeFile(path, BEARER);
  return { type: 'bearer', secret_file: path };
}

async function start(hook: Readonly<Record<string, unknown>> = {}, begin = true): Promise<Adapter> {
  const auth = { type: 'hmac', secret_file: join(folder.path, 'secret') };
  const adapter = await httpKind.create({ name: 'hall', hook: { auth, ...hook } } as never, context, MAPPING);
  adapters.push(adapter);
  if (begin) await adapter.source!.start(ledger.submit);
  return adapter;
}

async function push(request: Pushed): Promise<SubmissionOutcome | undefined> {
  return (await adapters.at(-1)!.hook!.open(request))?.submit();
}

function signed(document: unknown, id = 'msg-1', at = NOW, key = KEY): Pushed {
  const body = Buffer.from(JSON.stringify(document));
  return { headers: { ...JSON_TYPE, ...signWebhook(id, at, body, key) }, body };
}

function withAttributes({ headers, body }: Pushed): Pushed {
  const attributes = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 's', 'ce-type': 'cancelled' };
  return { headers: { ...headers, ...attributes }, body };
}

function bearing(document: unknown): Pushed {
  return { headers: { ...JSON_TYPE, authorization: `Bearer ${BEARER}` }, body: Buffer.from(JSON.stringify(document)) };
}

/** The next so many submissions wait until they are ended, and are to come again then. */
function waiting(count: number): (() => void)[] {
  const ends: (() => void)[] = [];
  for (let n = 0; n < count; n += 1)
    ledger.answers.push(() => new Promise((resolve) => ends.push(() => resolve(tryAgain('INTERNAL')))));
  return ends;
}

/** The `no` of every record that was handed to the gateway, in order. */
function numbers(): string[] {
  return ledger.calls.map(({ document }) => (document as { no: string }).no);
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Adapter, type DataQuery, PlatformError } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import { NOW, testContext } from '../testing/context.ts';
import { dataContract, testQuery } from '../testing/data-contract.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { PlatformServer } from '../testing/platform-server.ts';
import { verifyWebhook } from './webhook-signature.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const { signal } = new AbortController();

function config(platform: PlatformServer, changes: object = {}) {
  const url = `http://${platform.host}/query`;
  return { name: 'sharing', url, kinds: ['real-estate'], auth: { type: 'none' }, timeout_ms: 300, ...changes };
}

/** The question as the platform reads it, in the names of the port. */
function readQuery(body: Buffer): DataQuery {
  const { legal_basis: legalBasis, ...query } = JSON.parse(body.toString());
  return { ...query, legalBasis };
}

dataContract('http-query', async () => {
  const platform = await new PlatformServer().listen();
  const adapter = await createAdapter('http-query', config(platform), testContext());
  const records = new Map<string, Record<string, string>>();
  const asked: DataQuery[] = [];
  let state: 'well' | 'silent' | 'broken' = 'well';
  platform.handler = ({ body }, response) => {
    if (state === 'silent') return;
    if (state === 'broken') {
      response.writeHead(503).end();
      return;
    }
    const query = readQuery(body);
    asked.push(query);
    const fields = records.get(query.parameters[0]!.value);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(fields ? { found: true, fields } : { found: false }));
  };
  const become = (next: typeof state) => async () => {
    state = next;
  };
  return {
    source: adapter.data!,
    put: async (value, fields) => void records.set(value, { ...fields }),
    asked: async () => asked,
    fallSilent: become('silent'),
    breakDown: become('broken'),
    recover: become('well'),
    async close() {
      await adapter.close();
      await platform.close();
    },
  };
});

let platform: PlatformServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const adapters: Adapter[] = [];
beforeEach(async () => {
  platform = await new PlatformServer().listen();
  folder = await temporaryFolder();
});
afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.close();
  await platform.close();
  await folder.remove();
});

async function ask(changes: object = {}) {
  const adapter = await createAdapter('http-query', config(platform, changes), testContext());
  adapters.push(adapter);
  return adapter.data!.answer(testQuery(), signal);
}

async function failure(work: Promise<unknown>): Promise<PlatformError> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
}

it('signs a question so that the platform can verify who asks', async () => {
  await writeFile(join(folder.path, 'secret'), SECRET);
  platform.handler = (_, response) => response.writeHead(200).end('{"found":false}');
  await ask({ auth: { type: 'hmac', secret_file: join(folder.path, 'secret') } });
  const { headers, body } = platform.requests[0]!;
  expect(verifyWebhook(headers, body, SECRET, NOW, 0)).toEqual({ ok: true, id: testQuery().id });
});

it.each([
  [301, true],
  [400, false],
  [404, false],
  [408, true],
  [429, true],
  [500, true],
  [204, true],
])('%i is no answer; worth asking again: %s', async (status, retryable) => {
  platform.handler = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end();
  expect(await failure(ask())).toMatchObject({ retryable });
  expect(platform.requests).toHaveLength(1);
});

it.each([
  ['no JSON', '<html>'],
  ['without a word about the record', '{}'],
  ['with another member', '{"found":true,"record":{}}'],
  ['with fields that are no texts', '{"found":true,"fields":{"area":88}}'],
  ['with a field that is too long', JSON.stringify({ found: true, fields: { a: 'x'.repeat(4001) } })],
  ['endless', `{"found":true,"fields":{"a":"${' '.repeat(300_000)}"}}`],
])('an answer %s is none', async (_what, text) => {
  platform.handler = (_, response) => response.writeHead(200).end(text);
  expect(await failure(ask())).toMatchObject({ code: 'PLATFORM_REFUSED' });
});

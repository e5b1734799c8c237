import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Adapter, PlatformError } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import type { CreditFinding, CreditQuery } from '../credit.ts';
import { NOW, testContext } from '../testing/context.ts';
import { creditContract, creditQuery } from '../testing/credit-contract.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { PlatformServer } from '../testing/platform-server.ts';
import { verifyWebhook } from './webhook-signature.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const { signal } = new AbortController();

function config(platform: PlatformServer, changes: object = {}) {
  return { name: 'credit', url: `http://${platform.host}/check`, auth: { type: 'none' }, timeout_ms: 300, ...changes };
}

/** The question as the platform reads it, in the names of the port. */
function readQuery(body: Buffer): CreditQuery {
  const { document_type: documentType, document_number: documentNumber, ...query } = JSON.parse(body.toString());
  return { ...query, documentType, documentNumber };
}

creditContract('http-credit', async () => {
  const platform = await new PlatformServer().listen();
  const adapter = await createAdapter('http-credit', config(platform), testContext());
  const findings = new Map<string, CreditFinding>();
  const asked: CreditQuery[] = [];
  let state: 'well' | 'silent' | 'broken' = 'well';
  platform.handler = ({ body }, response) => {
    if (state === 'silent') return;
    if (state === 'broken') {
      response.writeHead(503).end();
      return;
    }
    const query = readQuery(body);
    asked.push(query);
    response.writeHead(200).end(JSON.stringify(findings.get(query.documentNumber) ?? { result: 'unknown' }));
  };
  return {
    source: adapter.credit!,
    put: async (number, finding) => void findings.set(number, finding),
    asked: async () => asked,
    fallSilent: async () => {
      state = 'silent';
    },
    breakDown: async () => {
      state = 'broken';
    },
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

async function ask(changes: object = {}): Promise<CreditFinding> {
  const adapter = await createAdapter('http-credit', config(platform, changes), testContext());
  adapters.push(adapter);
  return adapter.credit!.check(creditQuery, signal);
}

it('signs a question so that the platform can verify who asks', async () => {
  await writeFile(join(folder.path, 'secret'), SECRET);
  platform.handler = (_, response) => response.writeHead(200).end('{"result":"good"}');
  expect(await ask({ auth: { type: 'hmac', secret_file: join(folder.path, 'secret') } })).toEqual({
    result: 'good',
    code: '',
  });
  const { headers, body } = platform.requests[0]!;
  expect(verifyWebhook(headers, body, SECRET, NOW, 0)).toEqual({ ok: true, id: creditQuery.id });
});

it.each([
  ['a redirect', 301, '', true],
  ['a refusal', 403, '', false],
  ['a full queue', 429, '', true],
  ['no content', 204, '', true],
  ['no JSON', 200, '<html>', false],
  ['no result', 200, '{}', false],
  ['a word that is none', 200, '{"result":"fine"}', false],
  ['a code with words', 200, '{"result":"restricted","code":"失信:王某"}', false],
  ['another member', 200, '{"result":"good","name":"王某"}', false],
  ['an endless answer', 200, `{"result":"good"${' '.repeat(20_000)}}`, false],
])('%s is no answer', async (_what, status, text, retryable) => {
  platform.handler = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end(text);
  const error = await ask().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlatformError);
  expect(error).toMatchObject({ retryable });
  expect(platform.requests).toHaveLength(1);
});

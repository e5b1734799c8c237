import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Adapter, PlatformError } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import { NOW, testContext, testEvent } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { PlatformServer, type ReceivedRequest } from '../testing/platform-server.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { verifyWebhook } from './webhook-signature.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const { signal } = new AbortController();

/** What the attributes of a request in either mode say. */
function readEvent({ headers, body }: ReceivedRequest): Record<string, unknown> {
  if (headers['content-type'] === 'application/cloudevents+json') return JSON.parse(body.toString());
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice(3), decodeURIComponent(String(value))]);
  return {
    ...Object.fromEntries(attributes),
    datacontenttype: headers['content-type'],
    data: JSON.parse(body.toString()),
  };
}

for (const mode of ['structured', 'binary'] as const) {
  sinkContract(`http in ${mode} mode`, async () => {
    const platform = await new PlatformServer().listen();
    const config = { name: 'window', url: `http://${platform.host}/events`, mode, auth: { type: 'none' } };
    const adapter = await createAdapter('http', config, testContext());
    const taken = new Map<unknown, Record<string, unknown>>();
    const refused = new Set<unknown>();
    let broken = false;
    platform.handler = (request, response) => {
      const event = readEvent(request);
      const status = broken ? 503 : refused.has(event['id']) ? 422 : 202;
      if (status === 202) taken.set(event['id'], event);
      response.writeHead(status).end('{"said": "ignored"}');
    };
    return {
      sink: adapter.sink!,
      received: async () => [...taken.values()],
      breakDown: async () => {
        broken = true;
      },
      recover: async () => {
        broken = false;
      },
      refuse: async (event) => void refused.add(event.id),
      async close() {
        await adapter.close();
        await platform.close();
      },
    };
  });
}

describe('the http adapter', () => {
  let platform: PlatformServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const adapters: Adapter[] = [];
  beforeEach(async () => {
    platform = await new PlatformServer().listen();
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'secret'), `${SECRET}\n`);
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.close();
    await platform.close();
    await folder.remove();
  });

  it('signs so that a platform can verify', async () => {
    await deliver({ auth: secretAuth('hmac') });
    const { headers, body } = only(platform.requests);
    expect(verifyWebhook(headers, body, SECRET, NOW, 0)).toEqual({ ok: true, id: testEvent(1).id });
  });

  it('sends a short-lived token for exactly this platform', async () => {
    await deliver({ auth: secretAuth('jwt') });
    const token = only(platform.requests).headers.authorization?.replace('Bearer ', '') ?? '';
    const options = {
      algorithms: ['HS256'],
      audience: platform.host,
      issuer: 'urn:tongban:region:150626',
      requiredClaims: ['iat', 'exp'],
      currentDate: new Date(NOW + 59_000),
    };
    await jwtVerify(token, Buffer.from(SECRET, 'base64'), options);
    const late = { ...options, currentDate: new Date(NOW + 61_000) };
    await expect(jwtVerify(token, Buffer.from(SECRET, 'base64'), late)).rejects.toMatchObject({
      code: 'ERR_JWT_EXPIRED',
    });
  });

  it('uses a new secret at once, and waits while there is none', async () => {
    const { sink } = await open({ auth: secretAuth('hmac') });
    const other = Buffer.alloc(24, 9).toString('base64');
    await writeFile(join(folder.path, 'secret'), other);
    await sink!.deliver(testEvent(1), signal);
    const { headers, body } = only(platform.requests);
    expect(verifyWebhook(headers, body, other, NOW, 0).ok).toBe(true);
    await writeFile(join(folder.path, 'secret'), '');
    expect(await failure(sink!.deliver(testEvent(2), signal))).toMatchObject({ retryable: true });
    expect(platform.requests).toHaveLength(1);
  });

  it.each([
    [400, false],
    [401, false],
    [404, false],
    [409, false],
    [410, false],
    [413, false],
    [302, true],
    [304, true],
    [408, true],
    [429, true],
    [500, true],
    [501, true],
    [503, true],
    [599, true],
  ])('after %i: retryable %s', async (status, retryable) => {
    platform.handler = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end();
    const error = await failure(deliver());
    expect(error).toMatchObject({ retryable, retryAfterMs: undefined });
    expect(error.message).toContain(String(status));
    expect(platform.requests.map(({ path }) => path)).toEqual(['/events']);
  });

  it.each([
    ['90', 90_000],
    ['0', 0],
    ['99999999999999', 86_400_000],
    [new Date(NOW + 45_000).toUTCString(), 45_000],
    [new Date(NOW - 45_000).toUTCString(), 0],
    ['soon', undefined],
    ['-5', undefined],
  ])('leaves the platform alone as long as it asks: Retry-After %s', async (value, expected) => {
    platform.handler = (_, response) => response.writeHead(429, { 'retry-after': value }).end();
    expect(await failure(deliver())).toMatchObject({ retryable: true, retryAfterMs: expected });
  });

  it('gives up when no answer comes in time', async () => {
    platform.handler = () => {};
    const error = await failure(deliver({ timeout_ms: 50 }));
    expect(error).toMatchObject({ retryable: true });
    expect(error.message).toContain('50 ms');
  });

  it('gives up when it is told to while the platform thinks', async () => {
    const controller = new AbortController();
    platform.handler = () => controller.abort();
    const { sink } = await open();
    const error = await failure(sink!.deliver(testEvent(1), controller.signal));
    expect(error).toMatchObject({ retryable: true });
    expect(error.message).toContain('broken off');
  });

  it('calls a platform that is away, hangs up or speaks nonsense unreachable', async () => {
    const { sink } = await open();
    platform.handler = (_, response) => response.socket?.destroy();
    expect(await failure(sink!.deliver(testEvent(1), signal))).toMatchObject({ retryable: true });
    platform.handler = (_, response) => response.socket?.end('220 mail.example ESMTP\r\n\r\n');
    expect(await failure(sink!.deliver(testEvent(1), signal))).toMatchObject({ retryable: true });
    await platform.close();
    const error = await failure(sink!.deliver(testEvent(1), signal));
    expect(error).toMatchObject({ retryable: true });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('does not swallow an endless answer', async () => {
    let sent = 0;
    let hungUp = false;
    platform.handler = (_, response) => {
      const chunk = Buffer.alloc(16 * 1024);
      response.on('close', () => {
        hungUp = true;
      });
      response.writeHead(200);
      const flood = async () => {
        while (!hungUp) {
          sent += chunk.length;
          if (response.write(chunk)) await setImmediate();
          else await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
        }
      };
      void flood();
    };
    await deliver();
    await vi.waitFor(() => expect(hungUp).toBe(true));
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('keeps its connection', async () => {
    const sockets = new Set<unknown>();
    platform.handler = (_, response) => {
      sockets.add(response.socket);
      response.writeHead(200).end('{"status": "ok"}');
    };
    const { sink } = await open();
    await vi.waitFor(async () => {
      await sink!.deliver(testEvent(1), signal);
      expect(sockets.size).toBeLessThan(platform.requests.length);
    });
  });

  it('says where it failed without path, query or secret', async () => {
    platform.handler = (_, response) => response.writeHead(400).end();
    const error = await failure(
      deliver({ url: `http://${platform.host}/hook/t0ken?key=v4lue`, auth: secretAuth('hmac') }),
    );
    expect(error.message).toContain(platform.host);
    expect(error.message).not.toMatch(/t0ken|v4lue/);
    expect(error.message).not.toContain(SECRET);
  });

  async function open(changes: Record<string, unknown> = {}): Promise<Adapter> {
    const config = { name: 'window', url: `http://${platform.host}/events`, auth: { type: 'none' }, ...changes };
    const adapter = await createAdapter('http', config, testContext());
    adapters.push(adapter);
    return adapter;
  }

  async function deliver(changes: Record<string, unknown> = {}): Promise<void> {
    const { sink } = await open(changes);
    await sink!.deliver(testEvent(1), signal);
  }

  function secretAuth(type: 'hmac' | 'jwt') {
    return { type, secret_file: join(folder.path, 'secret') };
  }
});

async function failure(delivery: Promise<void>): Promise<PlatformError> {
  const error = await delivery.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
}

function only(requests: readonly ReceivedRequest[]): ReceivedRequest {
  expect(requests).toHaveLength(1);
  return requests[0]!;
}

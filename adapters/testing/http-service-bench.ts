import type { Adapter } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import { testContext } from './context.ts';
import { PlatformServer, type ReceivedRequest } from './platform-server.ts';
import type { OrderBench, QuestionBench } from './service-contract.ts';

/** A service over HTTP and the adapter to it. */
interface HttpServiceBench extends Omit<OrderBench, 'order'>, Pick<QuestionBench, 'asked'> {
  readonly server: PlatformServer;
  readonly adapter: Adapter;
}

/**
 * A service that remembers what it did by the idempotency key.
 *
 * @param settings beside name, url and auth
 * @param answer what it says when all is well
 */
export async function httpServiceBench(
  kind: string,
  settings: object = {},
  answer: (request: ReceivedRequest) => unknown = () => ({}),
): Promise<HttpServiceBench> {
  const server = await new PlatformServer().listen();
  const context = testContext();
  const url = `http://${server.host}/service`;
  const config = { name: 'service', url, auth: { type: 'none' }, timeout_ms: 200, ...settings };
  const adapter = await createAdapter(kind, config, context);
  const done = new Set<string>();
  let state: 'well' | 'silent' | 'broken' | 'refusing' | 'babbling' = 'well';
  server.handler = (request, response) => {
    if (state === 'silent') return;
    if (state === 'broken') return void response.writeHead(503, { 'retry-after': '7' }).end();
    if (state === 'refusing') return void response.writeHead(422).end('{"mobile":"13800000000"}');
    if (state === 'babbling') return void response.writeHead(200).end('<html>');
    done.add(String(request.headers['idempotency-key']));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(request)));
  };
  const become = (next: typeof state) => () => {
    state = next;
  };
  return {
    server,
    adapter,
    lines: context.lines,
    done: () => [...done],
    asked: () => server.requests.length,
    fallSilent: become('silent'),
    breakDown: become('broken'),
    recover: become('well'),
    refuse: become('refusing'),
    babble: become('babbling'),
    async close() {
      await adapter.close();
      await server.close();
    },
  };
}

import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { guardedSocket } from './guarded-socket.ts';

it('dials what its own way to look names up says, and nothing that it refuses', async () => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const asked: string[] = [];
  const good = guardedSocket((name, options, callback) => {
    asked.push(name);
    if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  });
  good.connect(port, 'staging.example.gov.cn');
  const [said] = (await once(good, 'data')) as [Buffer];
  expect([said.toString(), asked]).toEqual(['hello', ['staging.example.gov.cn']]);

  const bad = guardedSocket((_name, _options, callback) => callback(new Error('leads into a network of ours'), ''));
  bad.connect(port, 'staging.example.gov.cn');
  const [error] = (await once(bad, 'error')) as [Error];
  expect(error.message).toBe('leads into a network of ours');
  good.destroy();
  server.close();
});

import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiKey } from '../api/token.ts';
import { removeRunFile, writeRunFile } from '../config/run-file.ts';
import { writeConfig } from '../config/write-config.ts';
import { runTongban } from '../testing/gateway-process.ts';

const PDF = Buffer.from('%PDF-1.7 example');

let server: Server;
let folder: string;

/** A gateway that knows one certificate. */
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/v1/certificates/1.2.3/pdf')
      return response.writeHead(200, { 'content-type': 'application/pdf' }).end(PDF);
    const problem = { code: 'RENDITION_UNSUPPORTED', detail: 'so it is', errors: [] };
    return response.writeHead(409, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'tongban-pdf-'));
  await writeConfig(join(folder, 'gateway.yaml'), { region: '320600', name: '南通', peerEndpoint: '127.0.0.1:7443' });
  await createApiKey(join(folder, 'keys'));
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeRunFile(folder, { pid: process.pid, http, peer: '127.0.0.1:7443', startedAt: Date.now() });
});

afterAll(async () => {
  await removeRunFile(folder, process.pid);
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test('the PDF is saved for its owner alone', async () => {
  const file = join(folder, 'licence.pdf');
  const { code, stdout } = await pdf('1.2.3', file);
  expect({ code, json: JSON.parse(stdout) }).toEqual({
    code: 0,
    json: { identifier: '1.2.3', out: file, size: PDF.length },
  });
  expect(await readFile(file)).toEqual(PDF);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('when there is none, no file is left', async () => {
  const before = await readdir(folder);
  const { code, stdout } = await pdf('9.9.9', join(folder, 'none.pdf'));
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'RENDITION_UNSUPPORTED' } });
  expect(await readdir(folder)).toEqual(before);
});

function pdf(identifier: string, out: string) {
  return runTongban('certificate', 'pdf', identifier, '--out', out, '--gateway', folder, '--json');
}

import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApiKey } from '../api/token.ts';
import { writeRunFile } from '../config/run-file.ts';
import { writeConfig } from '../config/write-config.ts';
import { runTongban } from '../testing/gateway-process.ts';

it('a watermarked copy is asked for by its name and saved, although it has not the digest of the material', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-copy-'));
  let asked = '';
  const server = createServer((request, response) => {
    asked = request.url!;
    response.end('%PDF-copy');
  }).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    await writeConfig(join(folder, 'gateway.yaml'), { region: '320600', name: '南通', peerEndpoint: '127.0.0.1:7443' });
    await createApiKey(join(folder, 'keys'));
    const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeRunFile(folder, { pid: process.pid, http, peer: '127.0.0.1:7443', startedAt: Date.now() });
    const [digest, out] = ['ab'.repeat(32), join(folder, 'copy.pdf')];
    const gateway = ['--gateway', folder];
    const { code, stdout } = await runTongban('material', 'get', 'N1', digest, '--watermark', '--out', out, ...gateway);
    expect({ code, asked }).toEqual({ code: 0, asked: `/v1/cases/N1/materials/${digest}?copy=watermarked` });
    expect(stdout).toContain('水印件已保存');
    expect(await readFile(out, 'utf8')).toBe('%PDF-copy');
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
});

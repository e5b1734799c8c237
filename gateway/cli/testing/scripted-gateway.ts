import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKey } from '../../api/token.ts';
import { writeRunFile } from '../../config/run-file.ts';
import { writeConfig } from '../../config/write-config.ts';

/** The folder of a gateway that seems to run: whoever asks it gets what a test says. Must be stopped by the caller. */
export interface ScriptedGateway {
  readonly folder: string;
  stop(): Promise<void>;
}

/** Makes the folder, and answers in its name: what is tested is what the command line asks and prints. */
export async function startScriptedGateway(answer: RequestListener): Promise<ScriptedGateway> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'tongban-scripted-'));
  await writeConfig(join(folder, 'gateway.yaml'), { region: '320600', name: '南通', peerEndpoint: '127.0.0.1:7443' });
  await createApiKey(join(folder, 'keys'));
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeRunFile(folder, { pid: process.pid, http, peer: '127.0.0.1:7443', startedAt: Date.now() });
  return {
    folder,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

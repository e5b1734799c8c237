import { readFile, stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** A web server on the loopback that serves a folder and nothing else, as any would. */
export interface FolderSite {
  /** With a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function serveFolder(folder: string): Promise<FolderSite> {
  const server: Server = createServer((request, response) => {
    void answer(join(folder, normalize(`/${request.url}`)), request.headers['if-none-match'], response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(file: string, known: string | undefined, response: ServerResponse): Promise<void> {
  try {
    const { mtimeMs, size } = await stat(file);
    const etag = `"${Math.round(mtimeMs)}-${size}"`;
    if (known === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { etag }).end(await readFile(file));
  } catch {
    response.writeHead(404).end();
  }
}

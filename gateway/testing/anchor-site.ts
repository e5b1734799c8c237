import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ThrowawayAnchor } from '../../trust/testing/index.ts';

/** How a site behaves: as it should, or as web servers do on bad days. */
type Mood = 'serves' | 'hangs' | 'drips' | 'fails' | 'garbage' | 'huge' | 'breaks off';

/** A web server on the loopback that holds the files of an anchor. */
export interface AnchorSite {
  /** Folder of the files, with a slash at the end. */
  readonly url: string;
  /** What it serves, by path. */
  readonly files: Map<string, string>;
  mood: Mood;
  /** What was asked and answered, `GET path status`. */
  readonly asked: string[];
  /** Lets the anchor publish, and serves that. */
  publish(anchor: ThrowawayAnchor, changes?: Parameters<ThrowawayAnchor['publish']>[0]): Promise<void>;
  /** Goes away, with every connection. */
  stop(): Promise<void>;
  /** Comes back at the same address. */
  restart(): Promise<void>;
}

/** Starts a site without files. */
export async function startAnchorSite(): Promise<AnchorSite> {
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const site: AnchorSite = {
    url: `http://127.0.0.1:${port}/anchor/`,
    files: new Map(),
    mood: 'serves',
    asked: [],
    publish: async (anchor, changes) => {
      const { index } = await anchor.publish(changes);
      site.files.clear();
      for (const [path, text] of anchor.files) site.files.set(path, text);
      site.files.set('index.jwt', index);
    },
    stop: () => close(server),
    restart: async () => {
      server = await listen(port);
    },
  };
  return site;

  function listen(at: number): Promise<Server> {
    const made = createServer((request, response) => {
      const path = (request.url ?? '').replace('/anchor/', '');
      answer(site, path, request.headers['if-none-match'], response);
      site.asked.push(`GET ${path} ${site.mood === 'hangs' ? 'nothing' : response.statusCode}`);
    });
    return new Promise((resolve) => made.listen(at, '127.0.0.1', () => resolve(made)));
  }
}

function answer({ mood, files }: AnchorSite, path: string, known: string | undefined, response: ServerResponse): void {
  if (mood === 'hangs') return;
  if (mood === 'garbage') return void response.end('<html>404</html>');
  if (mood === 'huge') return void response.end('x'.repeat(8 * 1024 * 1024));
  if (mood === 'fails') return void response.writeHead(503).end();
  const text = files.get(path);
  if (text === undefined) return void response.writeHead(404).end();
  const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
  if (known === etag) return void response.writeHead(304, { etag }).end();
  response.writeHead(200, { etag, ...(mood === 'breaks off' && { 'content-length': text.length + 1 }) });
  if (mood === 'breaks off') response.write(text, () => response.destroy());
  else if (mood === 'drips') response.write(text.slice(0, 10));
  else response.end(text);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

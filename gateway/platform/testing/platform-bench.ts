import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformServer } from '../../../adapters/testing/platform-server.ts';
import type { PlatformConfig } from '../../config/config.ts';
import { eventId } from './test-gateway.ts';

/** What a platform has of an event. */
export interface ReceivedEvent {
  readonly id: string;
  readonly subject: string;
  readonly sequence: string;
}

/** One event of a test: the nth of the world, with its place in its subject. */
export interface EventPlace {
  readonly n: number;
  readonly subject: string;
  readonly sequence: number;
}

/** A platform at the other end of an adapter. */
export interface PlatformBench {
  readonly config: PlatformConfig;
  /** In the order of arrival, repetitions left out. */
  received(): Promise<ReceivedEvent[]>;
  breakDown(): Promise<void>;
  recover(): Promise<void>;
  /** Never takes this event … */
  refuse(place: EventPlace): Promise<void>;
  /** … or takes it after all. */
  permit(place: EventPlace): Promise<void>;
  close(): Promise<void>;
}

export interface HttpBench extends PlatformBench {
  readonly server: PlatformServer;
  /** Ids of all requests, repetitions included. */
  requested(): string[];
}

/** A platform that takes webhooks. */
export async function httpBench(name = 'hall'): Promise<HttpBench> {
  const server = await new PlatformServer().listen();
  const { port } = server;
  const taken = new Map<string, ReceivedEvent>();
  const refused = new Set<string>();
  let broken = false;
  server.handler = (request, response) => {
    const event: ReceivedEvent = JSON.parse(request.body.toString());
    const status = broken ? 503 : refused.has(event.id) ? 422 : 204;
    if (status === 204 && !taken.has(event.id)) taken.set(event.id, event);
    response.writeHead(status).end();
  };
  return {
    server,
    config: { kind: 'http', name, settings: { url: `http://127.0.0.1:${port}/events`, auth: { type: 'none' } } },
    requested: () => server.requests.map(({ body }) => JSON.parse(body.toString()).id),
    received: async () => [...taken.values()],
    breakDown: async () => {
      broken = true;
    },
    recover: async () => {
      broken = false;
    },
    refuse: async ({ n }) => void refused.add(eventId(n)),
    permit: async ({ n }) => void refused.delete(eventId(n)),
    close: () => server.close(),
  };
}

/** A platform that takes files. */
export async function directoryBench(folder: string, name = 'counter'): Promise<PlatformBench> {
  const out = join(folder, name);
  await mkdir(out);
  const fileOf = ({ n, subject, sequence }: EventPlace) =>
    join(out, `${String(sequence).padStart(16, '0')}-${subject}-${eventId(n)}.json`);
  return {
    config: { kind: 'directory', name, settings: { out } },
    async received() {
      const names = (await readdir(out)).filter((file) => file.endsWith('.json') && !file.startsWith('.'));
      const files = await Promise.all(
        names.map(async (file) => {
          const { mtimeNs } = await stat(join(out, file), { bigint: true });
          return { mtimeNs, event: JSON.parse(await readFile(join(out, file), 'utf8')) };
        }),
      );
      // File systems tell times only to some milliseconds: within those, by id.
      files.sort((a, b) => Number(a.mtimeNs - b.mtimeNs) || (a.event.id < b.event.id ? -1 : 1));
      return files.map(({ event }) => event).filter(({ id }) => id !== undefined);
    },
    breakDown: () => rename(out, `${out}.away`),
    recover: () => rename(`${out}.away`, out),
    refuse: (place) => writeFile(fileOf(place), '{}'),
    permit: (place) => rm(fileOf(place)),
    close: async () => {},
  };
}

import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openPostgresStore } from '../postgres/postgres-store.ts';
import { startOwnPostgres } from './own-postgres.ts';
import { configOf, type ServerFacts } from './server-facts.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Port at which tests ask for the PostgreSQL server of the run. */
    postgresDoor: number;
  }
}

interface RunningServer {
  readonly facts: ServerFacts;
  stop(): Promise<void>;
}

/** One for all projects of the run, which are all set up by the same process. */
let door: { readonly port: number; close(): Promise<void> } | undefined;

/**
 * Lends one PostgreSQL server to all tests of a run: the one that TONGBAN_TEST_POSTGRES_URL names (whose user may make
 * databases), or else an own one in a temporary folder. It is started when the first test asks for it.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const isFirst = door === undefined;
  door ??= await openDoor();
  project.provide('postgresDoor', door.port);
  return isFirst ? () => door!.close() : undefined;
}

async function openDoor(): Promise<{ port: number; close(): Promise<void> }> {
  let server: Promise<RunningServer> | undefined;
  const listener = createServer((socket) => {
    socket.on('error', () => {});
    server ??= startServer();
    server.then(
      ({ facts }) => socket.end(JSON.stringify(facts)),
      // Only where its program is not installed are its tests left out: a server that does not start fails them.
      (error: { code?: string }) => {
        const isAbsent = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'ENOENT';
        socket.end(JSON.stringify({ [isAbsent ? 'missing' : 'failed']: String(error) }));
      },
    );
  });
  const port = await listening(listener);
  return {
    port,
    async close() {
      listener.close();
      await (await server?.catch(() => undefined))?.stop();
    },
  };
}

function listening(listener: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', () => resolve((listener.address() as { port: number }).port));
  });
}

async function startServer(): Promise<RunningServer> {
  const url = process.env['TONGBAN_TEST_POSTGRES_URL'];
  const { admin, stop } = url ? { admin: url, stop: async () => {} } : await startOwnPostgres();
  const template = `tongban_template_${process.pid}`;
  const owner = url ? decodeURIComponent(new URL(url).username) : 'tongban';
  const password = url ? decodeURIComponent(new URL(url).password) : randomBytes(12).toString('hex');
  const facts = { admin, owner, password, template };
  try {
    await asAdmin(admin, async (client) => {
      // Not the administrator: what a gateway does must not need more than its own database.
      if (!url) await client.query(`CREATE ROLE tongban LOGIN PASSWORD '${password}'`);
      await client.query(`CREATE DATABASE ${template} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8'`);
    });
    const config = configOf(facts, template);
    await (await openPostgresStore({ config, password, name: 'template' })).close();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    facts,
    async stop() {
      if (url) await asAdmin(admin, (client) => client.query(`DROP DATABASE ${template} WITH (FORCE)`));
      await stop();
    },
  };
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

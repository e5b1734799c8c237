import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import pg from 'pg';
import { inject } from 'vitest';
import type { PostgresConfig } from '../../config/store-config.ts';
import { configOf, type ServerFacts } from './server-facts.ts';

/** The PostgreSQL server of a test run. */
export interface TestPostgres {
  readonly password: string;
  /** Makes a database that is dropped by {@link drop}; without `tables` an empty one. */
  database(options?: { tables?: boolean }): Promise<PostgresConfig>;
  /** For the administrator. */
  urlOf(database: string): string;
  /** Runs statements as the administrator, in a database or beside all. @returns the rows of the last one */
  admin<R extends pg.QueryResultRow>(text: string, database?: string): Promise<R[]>;
  /** Ends the connections to a database whose names match (SQL LIKE), as a crash of their server processes would. */
  terminate(database: string, names?: string): Promise<number>;
  /** Drops every database that was made here. */
  drop(): Promise<void>;
}

/**
 * Asks for the server, which the first question starts.
 *
 * @returns why there is none, where its program is not installed
 */
export async function testPostgres(): Promise<TestPostgres | { readonly missing: string }> {
  const facts = await askDoor(inject('postgresDoor'));
  if ('failed' in facts) throw new Error(`the PostgreSQL server of the tests did not start: ${facts.failed}`);
  return 'missing' in facts ? facts : new LentServer(facts);
}

function askDoor(port: number): Promise<ServerFacts | { readonly missing: string } | { readonly failed: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('end', () => resolve(JSON.parse(text)));
    socket.on('error', reject);
  });
}

class LentServer implements TestPostgres {
  readonly #facts: ServerFacts;
  readonly #made: string[] = [];

  constructor(facts: ServerFacts) {
    this.#facts = facts;
  }

  get password(): string {
    return this.#facts.password;
  }

  async database({ tables = true } = {}): Promise<PostgresConfig> {
    const name = `t_${randomBytes(8).toString('hex')}`;
    const { owner, template } = this.#facts;
    await this.admin(`CREATE DATABASE ${name} OWNER ${owner} TEMPLATE ${tables ? template : 'template0'}`);
    this.#made.push(name);
    return configOf(this.#facts, name);
  }

  urlOf(database: string): string {
    const url = new URL(this.#facts.admin);
    url.pathname = `/${database}`;
    return url.href;
  }

  async admin<R extends pg.QueryResultRow>(text: string, database?: string): Promise<R[]> {
    const client = new pg.Client(database === undefined ? this.#facts.admin : this.urlOf(database));
    await client.connect();
    try {
      return (await client.query<R>(text)).rows;
    } finally {
      await client.end();
    }
  }

  async terminate(database: string, names = '%'): Promise<number> {
    const ended = await this.admin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name LIKE '${names}'`,
    );
    return ended.length;
  }

  async drop(): Promise<void> {
    for (const name of this.#made.splice(0)) await this.admin(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}

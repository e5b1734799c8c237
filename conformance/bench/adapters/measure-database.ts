import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PostgresServer } from '../../faults/stage/postgres-server.ts';
import type { Children } from '../children.ts';
import type { AdapterFigure } from './adapter-figure.ts';

const PROGRAM = fileURLToPath(new URL('../../../adapters/bench/database-bench.ts', import.meta.url));

/** Drains staging tables of a PostgreSQL server through a mapping. */
export async function measureDatabase(children: Children, folder: string, cases: number): Promise<AdapterFigure> {
  // PostgreSQL runs as a user of its own.
  await chmod(folder, 0o755);
  const server = await PostgresServer.start(children, join(folder, 'postgres'));
  await server.createDatabase('staging');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, server.password, { mode: 0o600 });
  const child = children.add(fork(PROGRAM, [server.urlOf('staging'), passwordFile, String(cases)]));
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the benchmark of the database adapter ended (exit ${code})`);
  });
  gone.catch(() => {});
  const [figure] = (await Promise.race([once(child, 'message'), gone])) as [AdapterFigure];
  return figure;
}

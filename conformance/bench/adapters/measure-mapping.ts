import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import type { AdapterFigure } from './adapter-figure.ts';

const PROGRAM = fileURLToPath(new URL('../../../adapters/bench/mapping-bench.ts', import.meta.url));

/** Puts records of forty fields through a mapping, in a process of its own and nothing else. */
export async function measureMapping(children: Children, records: number): Promise<AdapterFigure> {
  const child = children.add(fork(PROGRAM, [String(records)]));
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the benchmark of mappings ended (exit ${code})`);
  });
  gone.catch(() => {});
  const [figure] = (await Promise.race([once(child, 'message'), gone])) as [AdapterFigure];
  return figure;
}

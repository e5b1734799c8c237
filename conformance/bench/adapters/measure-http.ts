import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import type { AdapterFigure } from './adapter-figure.ts';

const PROGRAM = fileURLToPath(new URL('../../../adapters/bench/http-bench.ts', import.meta.url));

/** Polls the records of a platform, or sends it events, through a mapping. */
export async function measureHttp(children: Children, direction: 'in' | 'out', cases: number): Promise<AdapterFigure> {
  const child = children.add(fork(PROGRAM, [direction, String(cases)]));
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the benchmark of the http adapter ended (exit ${code})`);
  });
  gone.catch(() => {});
  const [figure] = (await Promise.race([once(child, 'message'), gone])) as [AdapterFigure];
  return figure;
}

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds that a process has to end by itself. */
const GRACE_MS = 10_000;

/** The processes that a benchmark started; all of them end with it. */
export class Children {
  readonly #alive = new Set<ChildProcess>();
  #ended = false;

  /** Takes a process into care. @throws Error after the end; the process is gone then */
  add<C extends ChildProcess>(child: C): C {
    if (this.#ended) {
      child.kill('SIGKILL');
      throw new Error('the benchmark has ended');
    }
    this.#alive.add(child);
    child.once('exit', () => this.#alive.delete(child));
    return child;
  }

  /** Asks each to end, and makes those end that do not. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#alive].map(endOne));
  }
}

/** The answer to a message of ours. @throws Error when the process ends first, naming it */
export async function ask<T>(child: ChildProcess, name: string, message: object): Promise<T> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    child.send(message);
    const gone = once(child, 'exit', { signal }).then(([code, by]) => {
      throw new Error(`${name} ended (${by ?? `exit ${code}`})`);
    });
    const [answer] = (await Promise.race([once(child, 'message', { signal }), gone])) as [T];
    return answer;
  } finally {
    ended.abort();
  }
}

async function endOne(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exit;
  clearTimeout(timer);
}

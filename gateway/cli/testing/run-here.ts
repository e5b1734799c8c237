import { vi } from 'vitest';
import { runCli } from '../program.ts';

/** How a command ended, and what it said. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is said is told apart by the time at which it is said: the commands of a test go one after another. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `tongban …` in this process, which is a second faster than in one of its own; when those before it have ended.
 *
 * @param stdin what is piped in
 * @param environment of the process, as the command sees it
 */
export function runHere(args: readonly string[], stdin = '', environment: NodeJS.ProcessEnv = {}): Promise<Said> {
  const turn = last.then(() => run(args, stdin, environment));
  last = turn.catch(() => {});
  return turn;
}

async function run(args: readonly string[], stdin: string, environment: NodeJS.ProcessEnv): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    }),
  );
  try {
    const context = { clock: { now: Date.now }, passphrase: undefined, environment, stdin: async () => stdin };
    return { code: await runCli([...args], context), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

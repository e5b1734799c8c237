import { vi } from 'vitest';
import { runCli } from '../program.ts';

/** How a command ended, and what it said. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `tongban …` in this process, which is a second faster than in one of its own. One at a time.
 *
 * @param stdin what is piped in
 * @param environment of the process, as the command sees it
 */
export async function runHere(
  args: readonly string[],
  stdin = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<Said> {
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

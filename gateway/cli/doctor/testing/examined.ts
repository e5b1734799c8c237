import { TEST_PASSPHRASE } from '../../../testing/live-region.ts';
import type { Cli } from '../../command.ts';
import { type DoctorOptions, examine } from '../doctor.ts';
import type { Finding } from '../finding.ts';

/** What the doctor said. */
export interface Examined {
  readonly exit: number;
  readonly healthy: boolean;
  readonly findings: readonly Finding[];
  readonly text: string;
  /** Names of the findings of a level, each once. */
  named(level: Finding['level']): string[];
  /** Findings of a name that are not fine. */
  troubles(what: string): Finding[];
}

/** Lets the doctor look at a folder as the command does, with the passphrase of tests and the real time unless told. */
export async function examined(
  gateway: string,
  options: Partial<DoctorOptions> & { passphrase?: string | undefined; now?: number } = {},
): Promise<Examined> {
  const { now, ...given } = options;
  const cli: Cli = {
    clock: { now: () => now ?? Date.now() },
    passphrase: 'passphrase' in options ? options.passphrase : TEST_PASSPHRASE,
    stdin: async () => '',
    answer: () => {},
  };
  const { json, text = '', exit = 0 } = await examine({ gateway, ...given }, cli);
  const { healthy, findings } = json as { healthy: boolean; findings: Finding[] };
  return {
    exit,
    healthy,
    findings,
    text,
    named: (level) => [...new Set(findings.filter((one) => one.level === level).map(({ what }) => what))],
    troubles: (what) => findings.filter((one) => one.what === what && one.level !== 'fine'),
  };
}

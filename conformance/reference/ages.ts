import { type Checkpoint, type Statement, stateOf, verifyCosignature } from './documents.ts';
import { beginsWith, demand, Refused } from './wire.ts';

/** How old an exporter's log is by the words of witnesses, and what that means for keys that were revoked. */

/** An earlier state of the log as a bundle has it, its hashes as bytes. */
export interface Witnessed {
  readonly checkpoint: string;
  readonly consistency: readonly Buffer[];
  readonly timestamp: boolean;
}

/** One good word about the log: by `at` (milliseconds) it had `size` leaves. */
export interface Word {
  readonly size: number;
  readonly at: number;
}

/** Codes after which a countersignature does not count, which is no fault of the bundle. */
const NOT_COUNTED = ['KEY_UNKNOWN', 'KEY_REVOKED', 'KEY_NOT_VALID'];
const WITNESS = /^\u2014 tongban\/witness\/(\d{6,12}) /;

/**
 * Reads one witnessed state.
 *
 * @param note is told what does not count
 * @throws Refused CHECKPOINT_INVALID, KEY_UNKNOWN, BUNDLE_INVALID, LOG_PROOF_INVALID
 */
export function wordsOf(
  { checkpoint, consistency, timestamp }: Witnessed,
  log: Checkpoint,
  owner: Statement,
  given: ReadonlyMap<string, Statement>,
  note: (text: string) => void,
): Word[] {
  const lines = checkpoint.split('\n');
  const own = `${lines.slice(0, 5).join('\n')}\n`;
  const state = stateOf(own, owner);
  demand(state.epoch === log.epoch, 'BUNDLE_INVALID', 'a state of another log');
  demand(beginsWith(log.H, state, log, consistency), 'LOG_PROOF_INVALID', 'the log does not continue this state');
  demand(lines.at(-1) === '', 'CHECKPOINT_INVALID', 'the last line does not end');
  const words: Word[] = [];
  for (const line of lines.slice(5, -1)) {
    const [, region] = WITNESS.exec(line) ?? [];
    demand(region !== undefined, 'CHECKPOINT_INVALID', 'a line that is no countersignature');
    const witness = given.get(region);
    if (region === owner.region || witness === undefined) {
      note(`the countersignature of ${region} does not count here`);
      continue;
    }
    try {
      words.push({ size: state.size, at: verifyCosignature(own, line, witness) });
    } catch (error) {
      if (!(error instanceof Refused) || !NOT_COUNTED.includes(error.code)) throw error;
      note(`the countersignature of ${region} does not count: ${error.code}`);
    }
  }
  if (timestamp) note('this verifier judges no RFC 3161 timestamps');
  return words;
}

/** By when the leaf was in the log; undefined when nobody says. */
export function ageOf(words: readonly Word[], index: number | undefined): number | undefined {
  if (index === undefined) return undefined;
  return earliest(words.filter(({ size }) => size > index).map(({ at }) => at));
}

export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** @throws Refused KEY_REVOKED when what the key signed is not known to be older than its revocation */
export function demandOlder({ revokedAt }: { readonly revokedAt?: number | undefined }, age: number | undefined): void {
  const stands = revokedAt === undefined || (age !== undefined && age < revokedAt);
  demand(stands, 'KEY_REVOKED', 'the key was revoked and nobody shows that this is older');
}

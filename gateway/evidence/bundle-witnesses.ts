import { type BundleInput, parseCheckpoint, WITNESSED_MAX } from '#trust';
import type { Sql } from '../store/store.ts';
import type { EvidenceLog } from './evidence-log.ts';

type Witnessed = NonNullable<BundleInput['witnessed']>[number];

/** An earlier state of our log and what others gave to it. */
interface SeenState {
  readonly size: number;
  readonly note: string;
  /** Lines of witnesses, each with its line end. */
  readonly lines: Set<string>;
  readonly witnesses: Set<string>;
  token: Buffer | undefined;
}

interface CosignedRow {
  readonly size: number;
  readonly note: string;
  readonly line: string;
  readonly witness: string;
}

/**
 * Finds what shows how old the entries of a bundle are: for each the oldest state of our log that covers it and was
 * countersigned by the other region of the case, by any other region, and stamped by an authority. A verifier needs
 * them once a key is revoked, and nobody knows which one will be.
 *
 * @param indexes places of the entries in the log
 * @param checkpoint the state that the bundle ends with
 * @param peer the other region of the case
 * @returns what goes into the bundle, and the regions whose statements a verifier needs for it
 */
export async function witnessesOf(
  indexes: readonly number[],
  checkpoint: string,
  { read, log, peer }: { readonly read: Sql; readonly log: EvidenceLog; readonly peer: string },
): Promise<{ witnessed: Witnessed[]; regions: string[] }> {
  const { epoch, size: end } = parseCheckpoint(checkpoint);
  const states = new Map<string, SeenState>();
  const stateOf = ({ size, note }: { size: number; note: string }): SeenState => {
    const fresh = { size, note, lines: new Set<string>(), witnesses: new Set<string>(), token: undefined };
    const state = states.get(note) ?? fresh;
    states.set(note, state);
    return state;
  };
  for (const whose of ['witness = ?', 'witness <> ?']) {
    const next = (from: number) =>
      read.get<CosignedRow>(
        `SELECT size, note, line, witness FROM cosignature WHERE epoch = ? AND size > ? AND size <= ? AND ${whose}
         ORDER BY size LIMIT 1`,
        epoch,
        from,
        end,
        peer,
      );
    for await (const row of oldestCovering(indexes, next)) {
      const state = stateOf(row);
      state.lines.add(row.line);
      state.witnesses.add(row.witness);
    }
  }
  const stamped = (from: number) =>
    read.get<{ size: number; note: string; token: Buffer }>(
      'SELECT size, note, token FROM log_timestamp WHERE epoch = ? AND size > ? AND size <= ? ORDER BY size LIMIT 1',
      epoch,
      from,
      end,
    );
  for await (const row of oldestCovering(indexes, stamped)) stateOf(row).token = row.token;
  const witnessed: Witnessed[] = [];
  const regions = new Set<string>();
  for (const state of thinned([...states.values()])) {
    // What does not fit our log would spoil the bundle: `log verify` says more about it.
    if (!(await log.contains(parseCheckpoint(state.note)))) continue;
    witnessed.push({
      checkpoint: state.note + [...state.lines].join(''),
      consistency: await log.consistency(state.size, end),
      ...(state.token ? { timestamp: state.token } : {}),
    });
    for (const witness of state.witnesses) regions.add(witness);
  }
  return { witnessed, regions: [...regions] };
}

/** For each entry the first state that covers it; one that covers several comes once. */
async function* oldestCovering<R extends { readonly size: number }>(
  indexes: readonly number[],
  next: (from: number) => Promise<R | undefined>,
): AsyncGenerator<R> {
  let covered = 0;
  for (const index of indexes.toSorted((a, b) => a - b)) {
    if (index < covered) continue;
    const row = await next(index);
    if (!row) return;
    covered = row.size;
    yield row;
  }
}

/** At most as many as a bundle takes, in the order of their size, spread evenly and with the last. */
function thinned(states: readonly SeenState[]): SeenState[] {
  const step = Math.ceil(states.length / WITNESSED_MAX);
  const sorted = states.toSorted((a, b) => a.size - b.size);
  return sorted.filter((_, index) => (sorted.length - 1 - index) % step === 0);
}

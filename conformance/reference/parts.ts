import { type LogText, raw } from './bundle-text.ts';
import type { Authorization, Checkpoint } from './documents.ts';
import { demand, type Header, logLeaf, pathLeadsTo, Refused, readLogEntry } from './wire.ts';

/** What bundles of both kinds demand of a message and of the log. */

/** The value of a run, or the fault that it was refused with. */
export function attempt<T>(run: () => T): { readonly value?: T; readonly error?: Refused } {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof Refused) return { error };
    throw error;
  }
}

/** @throws Refused AUTHORIZATION_UNKNOWN, AUTHORIZATION_INVALID */
export function demandAuthorization(header: Header, documents: readonly (Authorization | undefined)[]): void {
  if (header.authorizationId === '') return;
  const cited = documents.find(
    (one) => one?.id === header.authorizationId && one.digest.equals(header.authorizationDigest),
  );
  demand(cited, 'AUTHORIZATION_UNKNOWN', `no authorization ${header.authorizationId}`);
  const fits = [header.sender, header.recipient].every((side) => cited.parties.includes(side));
  demand(fits, 'AUTHORIZATION_INVALID', 'the authorization is between other regions');
}

/** Kind and subject that an entry of the log must have. */
export type ExpectedEntry = readonly [kind: number, subject: Buffer];

/**
 * @param peer the other region
 * @returns the places of the entries that are proved to be in the log
 * @throws Refused BUNDLE_INVALID, MALFORMED, LOG_PROOF_INVALID
 */
export function demandEntries(
  log: readonly LogText[],
  expected: readonly ExpectedEntry[],
  peer: string,
  checkpoint: Checkpoint | undefined,
): number[] {
  demand(log.length === expected.length, 'BUNDLE_INVALID', `${expected.length} log entries are needed`);
  const places: number[] = [];
  for (const [index, { entry, index: at, inclusion_path: path }] of log.entries()) {
    const [kind, subject] = expected[index] ?? [];
    const read = readLogEntry(raw(entry));
    const fits = subject && read.version === 1 && read.kind === kind && read.subject.equals(subject);
    demand(fits && read.peer === peer, 'LOG_PROOF_INVALID', `log entry ${index} is about something else`);
    if (checkpoint === undefined) continue;
    const { H, root, size } = checkpoint;
    const under = pathLeadsTo(H, root, logLeaf(H, raw(entry)), at, size, path.map(raw));
    demand(under, 'LOG_PROOF_INVALID', `log entry ${index} is not under the checkpoint`);
    places.push(at);
  }
  return places;
}

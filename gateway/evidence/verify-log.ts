import type { X509Certificate } from 'node:crypto';
import type { RegionStatement } from '#trust';
import type { Reader } from '../store/store.ts';
import type { ArchivedRecords } from './log-claims.ts';
import type { LogFault, OnFault } from './log-fault.ts';
import { checkRecords } from './verify-log-records.ts';
import { checkTree } from './verify-log-tree.ts';
import { checkWitnesses, type WitnessReport } from './verify-log-witnesses.ts';

/** What recomputing a log found. It is sound only when there are no faults. */
export interface LogReport extends WitnessReport {
  readonly region: string;
  readonly epoch: number;
  /** Leaves under the checkpoint. */
  readonly size: number;
  /** Entries that are committed but not in the tree yet. */
  readonly waiting: number;
  /** Records of envelopes, receipts and checks that were held against their entries. */
  readonly records: number;
  /** Sealed values of records that could not be looked at, for want of their keys. */
  readonly locked: number;
  /** Newest signed checkpoint; empty for an empty log. */
  readonly checkpoint: string;
  /** At most 1,000. */
  readonly faults: readonly LogFault[];
}

const MAX_FAULTS = 1000;

/**
 * Recomputes the evidence log (存证日志) of a gateway from its database: every leaf, every node, the signed checkpoint,
 * that entries and the records of envelopes, receipts and checks answer to each other one to one, and what witnesses
 * said of the log and we of theirs.
 *
 * @param read one snapshot of the database, such as a connection inside a transaction
 * @param statement the region whose log key must have signed
 * @param authorities timestamp authorities that are trusted; timestamps are not judged without any
 * @param archived what the archive has of records that left the database; without it they are missed
 * @param now milliseconds; without it the time is that of the newest entry
 */
export async function verifyLog(
  read: Reader,
  statement: RegionStatement,
  authorities: readonly X509Certificate[] = [],
  archived: ArchivedRecords = nothing,
  now: number = Number.POSITIVE_INFINITY,
): Promise<LogReport> {
  const faults: LogFault[] = [];
  const onFault: OnFault = (where, code, message) => {
    if (faults.length < MAX_FAULTS) faults.push({ where, code, message });
  };
  const tree = await checkTree(read, statement, onFault);
  const { records, locked } = await checkRecords(read, statement.region, archived, now, onFault);
  const witnesses = await checkWitnesses(read, statement, tree, authorities, onFault);
  return { region: statement.region, ...tree, records, locked, ...witnesses, faults };
}

async function* nothing(): AsyncGenerator<never> {}

import type { RegionStatement } from '#trust';
import type { Sql } from '../store/store.ts';
import type { LogFault, OnFault } from './log-fault.ts';
import { checkRecords } from './verify-log-records.ts';
import { checkTree } from './verify-log-tree.ts';

/** What recomputing a log found. It is sound only when there are no faults. */
export interface LogReport {
  readonly region: string;
  readonly epoch: number;
  /** Leaves under the checkpoint. */
  readonly size: number;
  /** Entries that are committed but not in the tree yet. */
  readonly waiting: number;
  /** Records of envelopes, receipts and checks that were held against their entries. */
  readonly records: number;
  /** Newest signed checkpoint; empty for an empty log. */
  readonly checkpoint: string;
  /** At most 1,000. */
  readonly faults: readonly LogFault[];
}

const MAX_FAULTS = 1000;

/**
 * Recomputes the evidence log (存证日志) of a gateway from its database: every leaf, every node, the signed checkpoint,
 * and that entries and the records of envelopes, receipts and checks answer to each other one to one.
 *
 * @param read one snapshot of the database, such as a connection inside a transaction
 * @param statement the region whose log key must have signed
 */
export async function verifyLog(read: Sql, statement: RegionStatement): Promise<LogReport> {
  const faults: LogFault[] = [];
  const onFault: OnFault = (where, code, message) => {
    if (faults.length < MAX_FAULTS) faults.push({ where, code, message });
  };
  const tree = await checkTree(read, statement, onFault);
  const records = await checkRecords(read, onFault);
  return { region: statement.region, ...tree, records, faults };
}

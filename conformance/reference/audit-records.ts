import { type Statement, verifyCheckpoint } from './documents.ts';
import { list, object, text, whole } from './shape.ts';
import { decoded, demand, leafOf, logLeaf, pathLeadsTo, readLogEntry } from './wire.ts';

/** OPERATOR_ACTION of `LogEntryKind`. */
const OPERATOR_ACTION = 8;
const CODE = 'BUNDLE_INVALID';

const page = object({
  checkpoint: text(1),
  records: list(object({ record: text(1), entry: text(1), index: whole(), path: list(text(1), 0, 64) })),
});

interface Page {
  readonly checkpoint: string;
  readonly records: readonly {
    readonly record: string;
    readonly entry: string;
    readonly index: number;
    readonly path: readonly string[];
  }[];
}

/**
 * A page of exported audit records, held against the log of their region.
 *
 * @param at milliseconds: when it was exported
 * @returns how many records
 * @throws Refused BUNDLE_INVALID, LOG_PROOF_INVALID, or as the checkpoint is refused
 */
export function verifyAuditRecords(exported: unknown, statement: Statement, at: number): number {
  page(exported, CODE);
  const { checkpoint, records } = exported as Page;
  const { H, size, root, region } = verifyCheckpoint(checkpoint, statement, at);
  for (const { record, entry, index, path } of records) {
    const bytes = demandBytes(entry);
    const { version, kind, subject, peer } = readLogEntry(bytes);
    const fits = version === 1 && kind === OPERATOR_ACTION && peer === region;
    demand(
      fits && subject.equals(leafOf(H, Buffer.from(record))),
      'LOG_PROOF_INVALID',
      `entry ${index} is of no such act`,
    );
    const leads = pathLeadsTo(H, root, logLeaf(H, bytes), index, size, path.map(demandBytes));
    demand(leads, 'LOG_PROOF_INVALID', `entry ${index} is not under the checkpoint`);
  }
  return records.length;
}

function demandBytes(base64: string): Buffer {
  const bytes = decoded(base64, 'base64');
  demand(bytes, CODE, 'base64 is needed');
  return bytes;
}

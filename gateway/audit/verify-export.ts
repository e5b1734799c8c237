import { CodedError, decode, fields, integer, list, logLeaf, type Problem, text } from '#proto';
import { type RegionStatement, verifyCheckpoint, verifyLogInclusion } from '#trust';
import { recordLeaf } from './audit-record.ts';

/** Records (审计记录) with the proofs that they are in the log under one checkpoint; hashes and entries in base64. */
export interface AuditExport {
  /** Signed note. */
  readonly checkpoint: string;
  readonly records: readonly {
    readonly record: string;
    readonly entry: string;
    readonly index: number;
    readonly path: readonly string[];
  }[];
}

/** Records of one page. */
export const EXPORTED_AT_ONCE = 200;

const base64 = text(4096, { pattern: /^[A-Za-z0-9+/]*={0,2}$/, hint: 'must be base64' });
const exportRule = fields({
  checkpoint: text(10_000, { lines: true }),
  records: list(
    fields({ record: text(10_000), entry: base64, index: integer(0), path: list(base64, 64) }),
    EXPORTED_AT_ONCE,
  ),
});

/**
 * Holds exported records against the log of their region, with nothing but its statement.
 *
 * @param page as it was exported
 * @returns how many records
 * @throws CodedError BUNDLE_INVALID for another form; LOG_PROOF_INVALID when a record is not the one that was logged;
 *   CHECKPOINT_INVALID, KEY_UNKNOWN
 */
export function verifyAuditExport(page: unknown, statement: RegionStatement): number {
  const problems: Problem[] = [];
  exportRule(page, '', problems);
  if (problems.length > 0) throw new CodedError('BUNDLE_INVALID', 'is no export of audit records', problems);
  const { checkpoint, records } = page as AuditExport;
  const { hash, size, root } = verifyCheckpoint(checkpoint, statement);
  for (const { record, entry, index, path } of records) {
    const bytes = Buffer.from(entry, 'base64');
    const { kind, subject, peer } = decode('LogEntry', bytes);
    const fits = kind === 'LOG_ENTRY_KIND_OPERATOR_ACTION' && peer === statement.region;
    if (!fits || !recordLeaf(hash, record).equals(subject))
      throw new CodedError('LOG_PROOF_INVALID', `the entry ${index} of the log says something else than its record`);
    const steps = path.map((step) => Buffer.from(step, 'base64'));
    verifyLogInclusion(hash, logLeaf(hash, bytes), index, size, steps, root);
  }
  return records.length;
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyAuditRecords } from './audit-records.ts';
import { readStatement } from './documents.ts';

interface Recorded {
  readonly statement: string;
  readonly page: { checkpoint: string; records: { record: string; entry: string; index: number; path: string[] }[] };
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`testing/${name}.json`, import.meta.url), 'utf8')) as Recorded;

describe.each(['audit-export', 'audit-export-sm2'])('exported audit records (%s)', (name) => {
  const { statement, page } = read(name);
  const region = readStatement(statement);
  const at = (JSON.parse(page.records[0]!.record) as { at: number }).at;
  const altered = (change: (copy: Recorded['page']) => void) => {
    const copy = structuredClone(page);
    change(copy);
    return () => verifyAuditRecords(copy, region, at);
  };

  it('are each in the log of their region', () => {
    expect(verifyAuditRecords(page, region, at)).toBe(page.records.length);
    expect(page.records.length).toBeGreaterThan(3);
  });

  it('are refused when a word, a place or a proof is another', () => {
    const proofs = [
      altered(({ records }) =>
        Object.assign(records[0]!, { record: records[0]!.record.replace('secadmin', 'auditor') }),
      ),
      altered(({ records }) => Object.assign(records[0]!, { record: records[1]!.record })),
      altered(({ records }) => Object.assign(records[0]!, { index: 1 })),
      altered(({ records }) => records[0]!.path.pop()),
      altered(({ records }) => records[0]!.path.reverse()),
    ];
    for (const proof of proofs) expect(proof).toThrow(expect.objectContaining({ code: 'LOG_PROOF_INVALID' }));
    expect(altered((copy) => Object.assign(copy, { more: 1 }))).toThrow(
      expect.objectContaining({ code: 'BUNDLE_INVALID' }),
    );
    expect(altered((copy) => Object.assign(copy, { checkpoint: copy.checkpoint.replace(/\d+\n/, '2\n') }))).toThrow();
  });
});

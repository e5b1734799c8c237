import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyStatement } from '#trust';
import { type AuditExport, verifyAuditExport } from './verify-export.ts';

/** What gateways exported once, which has to verify for ever: the reference verifier is held against the same. */
const RECORDED = new URL('../../conformance/reference/testing/', import.meta.url);
const read = (name: string): { statement: string; page: AuditExport } =>
  JSON.parse(readFileSync(new URL(`${name}.json`, RECORDED), 'utf8'));

describe.each(['audit-export', 'audit-export-sm2'])('exported records (%s)', (name) => {
  const { statement, page } = read(name);

  it('verify with the statement of their region', async () => {
    expect(verifyAuditExport(page, await verifyStatement(statement))).toBe(page.records.length);
  });

  it('do not when anything is another', async () => {
    const region = await verifyStatement(statement);
    const wrong: [object, string][] = [
      [{ records: [{ ...page.records[0]!, record: page.records[1]!.record }] }, 'LOG_PROOF_INVALID'],
      [{ records: [{ ...page.records[0]!, index: 1 }] }, 'LOG_PROOF_INVALID'],
      [{ records: [{ ...page.records[0]!, path: [] }] }, 'LOG_PROOF_INVALID'],
      [{ records: [{ ...page.records[0]!, entry: '%' }] }, 'BUNDLE_INVALID'],
      [{ checkpoint: page.checkpoint.replace('320600', '150626') }, 'CHECKPOINT_INVALID'],
      [{ more: 1 }, 'BUNDLE_INVALID'],
    ];
    for (const [change, code] of wrong)
      expect(() => verifyAuditExport({ ...page, ...change }, region)).toThrow(expect.objectContaining({ code }));
  });
});

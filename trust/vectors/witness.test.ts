import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyBundle } from '../evidence/bundle.ts';
import { verifyCheckpoint } from '../evidence/checkpoint.ts';
import { verifyCosignature } from '../evidence/cosignature.ts';
import { verifyStatement } from '../region/statement.ts';

interface CosignatureVector {
  owner: string;
  statement: string;
  note_text: string;
  line: string;
  witness: string;
  at: number;
  bad: { what: string; note_text: string; line: string; code: string }[];
}

interface WitnessedVector {
  statements: string[];
  bundle: Record<string, unknown>;
  timeline: object[];
  bad: { what: string; path: string[]; value: unknown; where: string; code: string }[];
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));

describe.each(['cosignature-ed25519', 'cosignature-sm2-sm3'])('%s', (name) => {
  const { owner, statement, note_text, line, witness, at, bad } = read<CosignatureVector>(name);

  it('says who saw the log and when', async () => {
    verifyCheckpoint(note_text, await verifyStatement(owner));
    expect(verifyCosignature(note_text, line, await verifyStatement(statement))).toEqual({ witness, at });
  });

  it.each(bad)('is refused: $what ($code)', async ({ code, ...one }) => {
    const region = await verifyStatement(statement);
    expect(() => verifyCosignature(one.note_text, one.line, region)).toThrow(expect.objectContaining({ code }));
  });
});

describe.each(['witnessed-es256', 'witnessed-sm2-sm3'])('%s', (name) => {
  const { statements, bundle, timeline, bad } = read<WitnessedVector>(name);
  const verify = async (changed: unknown) =>
    verifyBundle(JSON.stringify(changed), await Promise.all(statements.map(verifyStatement)));

  it('proves its case under keys that were revoked later', async () => {
    const report = await verify(bundle);
    expect(report.faults).toEqual([]);
    expect(report.timeline).toEqual(timeline);
  });

  it.each(bad)('fails with: $what ($code at $where)', async ({ value, where, code }) => {
    const report = await verify({ ...bundle, witnessed: value });
    expect(report.verified).toBe(false);
    expect(report.faults[0]).toMatchObject({ where, code });
  });
});

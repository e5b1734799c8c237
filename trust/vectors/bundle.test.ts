import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyBundle } from '../evidence/bundle.ts';
import { verifyStatement } from '../region/statement.ts';

interface Vector {
  statements: string[];
  bundle: Record<string, unknown>;
  timeline: object[];
  bad: { what: string; path: (string | number)[]; value: unknown; where: string; code: string }[];
}

const read = (name: string): Vector => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));

describe.each(['bundle-es256', 'bundle-ed25519', 'bundle-sm2-sm3'])('%s', (name) => {
  const { statements, bundle, timeline, bad } = read(name);
  const verify = async (changed: unknown) =>
    verifyBundle(JSON.stringify(changed), await Promise.all(statements.map(verifyStatement)));

  it('proves its case', async () => {
    const report = await verify(bundle);
    expect(report.faults).toEqual([]);
    expect(report.verified).toBe(true);
    expect(report.timeline).toEqual(timeline);
  });

  it.each(bad)('fails with: $what ($code at $where)', async ({ path, value, where, code }) => {
    const changed = structuredClone(bundle);
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((inner, step) => inner[step] as never, changed);
    parent[path.at(-1)!] = value;
    const report = await verify(changed);
    expect(report.verified).toBe(false);
    expect(report.faults[0]).toMatchObject({ where, code });
  });
});

describe.each(['check-es256', 'check-ed25519', 'check-sm2-sm3'])('%s', (name) => {
  const { statements, bundle, bad, ...rest } = read(name);
  const { check } = rest as unknown as { check: object };
  const verify = async (changed: unknown) =>
    verifyBundle(JSON.stringify(changed), await Promise.all(statements.map(verifyStatement)));

  it('proves its check', async () => {
    const report = await verify(bundle);
    expect(report.faults).toEqual([]);
    expect(report.verified).toBe(true);
    expect(report.check).toEqual(check);
  });

  it.each(bad)('fails with: $what ($code at $where)', async ({ path, value, where, code }) => {
    const changed = structuredClone(bundle);
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((inner, step) => inner[step] as never, changed);
    parent[path.at(-1)!] = value;
    const report = await verify(changed);
    expect(report.verified).toBe(false);
    expect(report.faults[0]).toMatchObject({ where, code });
  });
});

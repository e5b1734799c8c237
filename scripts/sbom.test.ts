import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

interface Bom {
  readonly bomFormat: string;
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
}

const ROOT = resolve(import.meta.dirname, '..');

test('the list of parts names every package that runs, with the version that is pinned and its digest, and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tongban-sbom-'));
  try {
    const out = join(folder, 'below', 'sbom.cdx.json');
    // A registry that is not there: nothing is asked of one.
    const env = { ...process.env, npm_config_registry: 'http://127.0.0.1:9/' };
    const made = spawnSync(process.execPath, [join(ROOT, 'scripts/sbom.ts'), out], { env, encoding: 'utf8' });
    expect([made.status, made.stderr]).toEqual([0, '']);
    const { bomFormat, components } = JSON.parse(readFileSync(out, 'utf8')) as Bom;
    expect(bomFormat).toBe('CycloneDX');
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const known = components.map(({ name, version }) => `${name}@${version}`);
    for (const [name, version] of Object.entries(dependencies)) expect(known).toContain(`${name}@${version}`);
    for (const name of ['vitest', 'typescript', 'fast-check'])
      expect(known).not.toContain(`${name}@${devDependencies[name]}`);
    const without = components.filter(({ hashes = [] }) => !hashes.some(({ alg }) => alg === 'SHA-512'));
    expect(without.map(({ name }) => name)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

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

interface Locked {
  /** Where the folder has another name than the package in it. */
  readonly name?: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const ROOT = resolve(import.meta.dirname, '..');

/** `name@version` of what the gateway needs, and what that needs, looked up in the lock file as Node looks in folders. */
function closure(): Set<string> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const [visited, found] = [new Set(['']), new Set<string>()];
  // A set gives what is added while it is walked through, too.
  for (const place of visited) {
    const { dependencies, optionalDependencies, peerDependencies } = packages[place]!;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const parts = place === '' ? [] : place.split('/node_modules/');
      const above = parts.map((_, n) => `${parts.slice(0, parts.length - n).join('/node_modules/')}/`);
      const at = [...above, ''].map((folder) => `${folder}node_modules/${name}`).find((one) => packages[one]);
      // What is optional may be absent.
      if (at === undefined) continue;
      visited.add(at);
      found.add(`${packages[at]!.name ?? name}@${packages[at]!.version}`);
    }
  }
  return found;
}

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
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const known = components.map(({ name, version }) => `${name}@${version}`);
    for (const [name, version] of Object.entries(dependencies)) expect(known).toContain(`${name}@${version}`);
    expect(known.toSorted()).toEqual([...closure()].toSorted());
    const without = components.filter(({ hashes = [] }) => !hashes.some(({ alg }) => alg === 'SHA-512'));
    expect(without.map(({ name }) => name)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

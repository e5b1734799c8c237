import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Writes what a gateway is made of (SBOM, CycloneDX) into a file: the packages that run, with versions and digests, as the
 * lock file has them. It needs no network.
 */
const out = resolve(process.argv[2] ?? 'tmp/sbom.cdx.json');
const ARGUMENTS = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only', '--offline'];
const ROOT = resolve(import.meta.dirname, '..');

interface Bom {
  readonly components: readonly { readonly 'bom-ref': string; readonly name: string; readonly version: string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const made = spawnSync('npm', ['sbom', ...ARGUMENTS], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
if (made.status !== 0) {
  process.stderr.write(made.stderr);
  process.exitCode = 1;
} else {
  const bom = withoutDevelopment(JSON.parse(made.stdout) as Bom);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(bom, undefined, 2)}\n`);
  process.stdout.write(`${out}: ${bom.components.length} 个组件 / components\n`);
}

/**
 * npm can leave these out itself (`--omit dev`), and then leaves out what a test needs as well as the gateway; and it marks a
 * package as one for development when one of several copies is. The lock file knows each copy.
 */
function withoutDevelopment(bom: Bom): Bom {
  const running = packagesThatRun();
  const isDevelopment = (component: Bom['components'][number]) => !running.has(component['bom-ref']);
  const gone = new Set(bom.components.filter(isDevelopment).map((component) => component['bom-ref']));
  return {
    ...bom,
    components: bom.components
      .filter((component) => !isDevelopment(component))
      // npm calls a package by its folder, which may have the name of another one; the reference has its own.
      .map((component) => ({ ...component, name: component['bom-ref'].slice(0, -`@${component.version}`.length) })),
    dependencies: bom.dependencies
      .filter(({ ref }) => !gone.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => !gone.has(on)) })),
  };
}

/** `name@version` of all that the lock file does not keep for development. */
function packagesThatRun(): Set<string> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { name?: string; version: string; dev?: boolean }>;
  };
  const running = Object.entries(packages).filter(([place, { dev }]) => place !== '' && dev !== true);
  return new Set(running.map(([place, { name, version }]) => `${name ?? nameAt(place)}@${version}`));
}

function nameAt(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

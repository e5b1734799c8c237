import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Writes what a gateway is made of (SBOM, CycloneDX) into a file: the packages that run, with versions and digests, as the
 * lock file has them. It needs no network.
 */
const out = resolve(process.argv[2] ?? 'tmp/sbom.cdx.json');
const ARGUMENTS = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only', '--offline'];
const DEVELOPMENT = 'cdx:npm:package:development';

interface Bom {
  readonly components: readonly { readonly 'bom-ref': string; readonly properties?: readonly { name: string }[] }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const made = spawnSync('npm', ['sbom', ...ARGUMENTS], {
  cwd: resolve(import.meta.dirname, '..'),
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

/** npm can leave these out itself (`--omit dev`), and then leaves out what a test needs as well as the gateway. */
function withoutDevelopment(bom: Bom): Bom {
  const isDevelopment = ({ properties = [] }: Bom['components'][number]) =>
    properties.some(({ name }) => name === DEVELOPMENT);
  const gone = new Set(bom.components.filter(isDevelopment).map((component) => component['bom-ref']));
  return {
    ...bom,
    components: bom.components.filter((component) => !isDevelopment(component)),
    dependencies: bom.dependencies
      .filter(({ ref }) => !gone.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => !gone.has(on)) })),
  };
}

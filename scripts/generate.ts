import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Writes the TypeScript types of the wire messages to proto/generated.
 * With `--check` it writes nothing and exits 1 when the files there differ from what the .proto files say.
 */
const PROTO = resolve(import.meta.dirname, '../proto');
const GENERATED = join(PROTO, 'generated');

/** The same decoding options as the codec's, so that the types tell the truth about decoded messages. */
const OPTIONS = [
  '--longs=Number',
  '--enums=String',
  '--defaults',
  '--oneofs',
  '--includeComments',
  '--grpcLib=@grpc/grpc-js',
  '--importFileExtension=.ts',
];

const fresh = mkdtempSync(join(tmpdir(), 'tongban-generated-'));
try {
  generateInto(fresh);
  if (process.argv.includes('--check')) reportDifferences(differences(fresh, GENERATED));
  else replace(GENERATED, fresh);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

function generateInto(folder: string): void {
  const files = globSync('tongban/v1/*.proto', { cwd: PROTO }).sort();
  if (files.length === 0) throw new Error(`no .proto file in ${join(PROTO, 'tongban/v1')}`);
  const generator = resolve(import.meta.dirname, '../node_modules/.bin/proto-loader-gen-types');
  execFileSync(generator, [...OPTIONS, '--includeDirs=.', `--outDir=${folder}`, ...files], {
    cwd: PROTO,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function replace(target: string, source: string): void {
  rmSync(target, { recursive: true, force: true });
  cpSync(source, target, { recursive: true });
  process.stdout.write(`${filesIn(target).length} files written to proto/generated\n`);
}

function differences(expected: string, actual: string): string[] {
  const names = [...new Set([...filesIn(expected), ...filesIn(actual)])].sort();
  return names.flatMap((name) => {
    const [want, have] = [contents(join(expected, name)), contents(join(actual, name))];
    if (want === have) return [];
    if (have === undefined) return [`missing: proto/generated/${name}`];
    return [`${want === undefined ? 'has no source' : 'out of date'}: proto/generated/${name}`];
  });
}

function reportDifferences(lines: string[]): void {
  for (const line of lines) process.stdout.write(`✗ ${line}\n`);
  process.stdout.write(lines.length === 0 ? 'generated files are fresh\n' : 'run `npm run generate`\n');
  process.exitCode = lines.length === 0 ? 0 : 1;
}

function filesIn(folder: string): string[] {
  return globSync('**/*.ts', { cwd: folder });
}

function contents(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

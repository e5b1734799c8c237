import { globSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { ICruiseResult, IViolation } from 'dependency-cruiser';
import { cruise } from 'dependency-cruiser';
import { hasRoom, LAYERS, layerRules } from './layer-rules.ts';

/**
 * Checks that imports between the layers, and between the rooms of gateway/, go only where layer-rules.ts allows.
 * Usage: `node scripts/check-layers.ts [ROOT]`; exits 1 when something is wrong.
 */
const root = resolve(process.argv[2] ?? '.');
const files = typescriptFiles(root);
const seen = await cruiseLayers(root);
const problems = [...unseenFiles(files, seen), ...filesWithoutRoom(files), ...violations(seen)];
report(problems, files.length);

/** Every TypeScript file of every layer, relative to the root, with forward slashes. */
function typescriptFiles(cwd: string): string[] {
  const pattern = `{${folders().join(',')}}/**/*.ts`;
  return globSync(pattern, { cwd, exclude: (name) => name === 'node_modules' }).map((file) =>
    file.split(sep).join('/'),
  );
}

async function cruiseLayers(baseDir: string): Promise<ICruiseResult> {
  const present = folders().filter((folder) => files.some((file) => file.startsWith(`${folder}/`)));
  const { output } = await cruise(
    present,
    {
      baseDir,
      validate: true,
      ruleSet: layerRules(),
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
    },
    { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  );
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text instead of its result object');
  return output;
}

/** dependency-cruiser sees no .ts file at all, and says that all is well, when it cannot use the installed TypeScript. */
function unseenFiles(existing: string[], result: ICruiseResult): string[] {
  const cruised = new Set(result.modules.map((module) => module.source));
  const unseen = existing.filter((file) => !cruised.has(file));
  if (existing.length === 0) return ['there is no TypeScript file in any layer: nothing was checked'];
  if (unseen.length === 0) return [];
  const examples = unseen.slice(0, 5).join(', ');
  return [
    `dependency-cruiser saw ${existing.length - unseen.length} of ${existing.length} files (not seen: ${examples}${unseen.length > 5 ? ', …' : ''}): ` +
      'check that it supports the installed version of typescript',
  ];
}

function filesWithoutRoom(existing: string[]): string[] {
  return existing
    .filter((file) => file.startsWith('gateway/') && !hasRoom(file))
    .map((file) => `${file} is in no room: give it one in GATEWAY_ROOMS of scripts/layer-rules.ts`);
}

function violations(result: ICruiseResult): string[] {
  return result.summary.violations.map((violation) => {
    const comment = layerRules().forbidden?.find((rule) => rule.name === violation.rule.name)?.comment;
    return `${violation.rule.name}: ${way(violation)} (${comment})`;
  });
}

function way({ from, to, cycle }: IViolation): string {
  return [from, ...(cycle ? cycle.map((step) => step.name) : [to])].join(' → ');
}

function folders(): string[] {
  return [...Object.keys(LAYERS), 'scripts'];
}

function report(lines: string[], count: number): void {
  for (const line of lines) process.stdout.write(`✗ ${line}\n`);
  process.stdout.write(`${count} files in the layers, ${lines.length} problem(s)\n`);
  process.exitCode = lines.length === 0 ? 0 : 1;
}

import type { Problem } from '#proto';
import { withEnding } from '../../media-types.ts';
import type { Compiler } from '../compiler.ts';
import type { Expression } from '../expressions/expression.ts';
import type { Work } from '../expressions/sandbox.ts';
import { compileBody } from '../fields/compile-field.ts';
import { type Field, fill, type Source } from '../fields/field.ts';
import { safeFileNames } from '../file-names.ts';
import type { OutFileSpec } from '../format/mapping-shape.ts';
import type { MappedMaterial } from '../mapping.ts';
import { newStandIn } from '../stand-in.ts';
import { entriesOf, FILES_MOST } from './file-entries.ts';

/** How the materials that go out with a document are named (随件材料), compiled. */
export interface OutFilePlan {
  readonly each: Expression | undefined;
  /** name, material */
  readonly fields: readonly Field[];
  /** Further columns of its row; undefined where the mapping names none. */
  readonly row: readonly Field[] | undefined;
}

type Named = Omit<MappedMaterial, 'file' | 'content' | 'reference'>;

export function compileOutFiles(
  compiler: Compiler,
  specs: readonly OutFileSpec[] | undefined,
  pointer: string,
): readonly OutFilePlan[] {
  return (specs ?? []).map(({ each, name, material, row }, index) => {
    const at = `${pointer}/${index}`;
    const fields = { material, ...(name !== undefined && { name }) };
    return {
      each: each === undefined ? undefined : compiler.expression(each, `${at}/each`),
      fields: compileBody(compiler, fields, [], at, 'out').map((field) => ({ ...field, type: 'text' as const })),
      row: row && compileBody(compiler, row, [], `${at}/row`, 'out'),
    };
  });
}

/** The materials of one document; one without a digest is not there. Each must be a material of the case. */
export function* outFiles(
  plans: readonly OutFilePlan[],
  source: Source,
  pointer: string,
  problems: Problem[],
): Work<readonly MappedMaterial[]> {
  const found: Named[] = [];
  for (const [index, { each, fields, row }] of plans.entries()) {
    for (const input of each ? yield* entriesOf(each, source, `${pointer}/${index}`, problems) : [source.input]) {
      const at = `${pointer}/${found.length}`;
      const entry = { ...source, input };
      const { name, material } = (yield* fill(fields, entry, at, problems)) as Partial<Named>;
      if (material === undefined) continue;
      const known = materialOf(source.record, material);
      if (!known) {
        const message = 'is the digest of no material of the case; write material: digest with each: case.materials';
        problems.push({ pointer: `${at}/material`, code: 'NO_MATERIAL', message });
        continue;
      }
      const columns = row && ((yield* fill(row, entry, `${at}/row`, problems)) as MappedMaterial['row']);
      found.push({ ...known, ...(name !== undefined && { name }), ...(columns && { row: columns }) });
    }
  }
  if (found.length > FILES_MOST) {
    problems.push({ pointer, code: 'TOO_MANY', message: `has more than ${FILES_MOST} entries` });
    return [];
  }
  const names = safeFileNames(found.map(({ name, mediaType }) => withEnding(name, mediaType)));
  return found.map((one, index) => {
    return { ...one, file: names[index]!, content: newStandIn(), reference: newStandIn() };
  });
}

/** What the case in full says of a material. */
function materialOf(record: unknown, digest: string): Named | undefined {
  const { case: found } = record as { case?: { materials?: unknown } };
  const materials = Array.isArray(found?.materials) ? (found.materials as readonly unknown[]) : [];
  const known = materials.find((one) => (one as Readonly<Record<string, unknown>> | null)?.['digest'] === digest);
  const { name, size, mediaType } = (known ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof size !== 'number' || typeof mediaType !== 'string') return undefined;
  return { name, material: digest, size, mediaType };
}

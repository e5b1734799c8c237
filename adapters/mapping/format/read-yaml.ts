import { readFile, stat } from 'node:fs/promises';
import { isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { CodedError } from '#proto';

/** Size of a mapping file. */
export const MAPPING_FILE_BYTES = 1024 * 1024;

/**
 * Reads the YAML of a mapping file. Codes and words of tables stay as they are written: `01` is not the number one.
 *
 * @throws CodedError CONFIG_INVALID with the line and column of the first mistake in the YAML
 */
export async function readMappingYaml(file: string): Promise<unknown> {
  const lines = new LineCounter();
  const document = parseDocument(await readBounded(file), {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
    // Codes of a table differ by how they are written.
    uniqueKeys: (one, other) => isScalar(one) && isScalar(other) && one.source === other.source,
  });
  // One slip makes a hundred others.
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw notYaml(file, `line ${line}, column ${col}: ${fault.message}`);
  }
  if (isMap(document.contents)) asWritten(document.contents.get('tables', true));
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw notYaml(file, 'aliases (*name) are not allowed; use parts and with', cause);
  }
}

function notYaml(file: string, message: string, cause?: unknown): CodedError {
  return new CodedError('CONFIG_INVALID', `${file}: ${message}`, [{ pointer: '', code: 'YAML', message }], { cause });
}

function asWritten(tables: unknown): void {
  if (!isMap(tables)) return;
  visit(tables as Node, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value !== 'string' && node.source) node.value = node.source;
    },
  });
}

async function readBounded(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAPPING_FILE_BYTES) throw new CodedError('CONFIG_INVALID', `${file} is larger than 1 MiB`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CodedError('CONFIG_INVALID', `cannot read ${file} (${reason})`, [], { cause });
  }
}

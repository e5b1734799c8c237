import { isNode, LineCounter, parseDocument } from 'yaml';
import { type Place, type PlacedProblem, SheetFault } from './sheet.ts';

/** Names of things that a document may repeat by reference, at most: a few lines of YAML can stand for gigabytes. */
const MAX_ALIASES = 100;

/** A document of items, and where its parts stand. */
export interface StructuredItems {
  readonly document: unknown;
  /** Line and character of what a pointer names, or of what is around it. */
  readonly placeOf: (pointer: string) => Place | undefined;
  readonly problems: readonly PlacedProblem[];
}

/**
 * Reads JSON or YAML 1.2: `{items: [...]}`, or the list alone.
 *
 * @throws SheetFault SYNTAX with line and character
 */
export function readStructured(text: string, format: 'json' | 'yaml'): StructuredItems {
  const parsed = format === 'json' ? readJson(text) : readYaml(text);
  const isList = Array.isArray(parsed);
  const document = isList ? { items: parsed as unknown[] } : parsed;
  let find: ((path: readonly string[]) => Place | undefined) | undefined;
  return {
    document,
    problems: [],
    placeOf: (pointer) => {
      find ??= finder(text);
      const path = pointer.split('/').slice(isList ? 2 : 1);
      return find(path.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')));
    },
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // The other reader names the place.
    readYaml(text);
    throw new SheetFault('SYNTAX', error instanceof Error ? error.message : 'not JSON');
  }
}

function readYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error) {
    const [start] = error.linePos ?? [];
    const place = start && { row: start.line, column: String(start.col) };
    throw new SheetFault('SYNTAX', error.message.split('\n', 1)[0]!, place);
  }
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch {
    throw new SheetFault('SYNTAX', 'the document repeats too much by reference');
  }
}

/** Every JSON text is YAML too, so that one reader tells where things stand in both. */
function finder(text: string): (path: readonly string[]) => Place | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, keepSourceTokens: false });
  return (path) => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (!isNode(node) || !node.range) continue;
      const { line, col } = lines.linePos(node.range[0]);
      return { row: line, column: String(col) };
    }
    return undefined;
  };
}

import type { Problem } from '#proto';
import { type PlacedProblem, SheetFault } from '../files/sheet.ts';
import { readStructured } from '../files/structured.ts';

/** A file of bundles, and where its parts stand. */
export interface BundleFile {
  /** As the import takes it; undefined where the text cannot be read. */
  readonly document: unknown;
  /** Problems with their line and character, in the order of the file. */
  readonly placed: (problems: readonly Problem[]) => PlacedProblem[];
  /** Why the text cannot be read. */
  readonly problems: readonly PlacedProblem[];
}

/** Reads the text of a file of bundles (一件事) in JSON or YAML; what it says is judged by the import. */
export function readBundleFile(text: string): BundleFile {
  try {
    const { document, placeOf } = readStructured(text, /^\s*\{/.test(text) ? 'json' : 'yaml');
    const placed = (problems: readonly Problem[]) =>
      problems
        .map((problem): PlacedProblem => {
          const place = placeOf(problem.pointer);
          return place ? { ...problem, place } : problem;
        })
        .sort((a, b) => (a.place?.row ?? 0) - (b.place?.row ?? 0));
    return { document, placed, problems: [] };
  } catch (error) {
    if (!(error instanceof SheetFault)) throw error;
    const { code, message, place } = error;
    const problem = { pointer: '', code, message, ...(place && { place }) };
    return { document: undefined, placed: (problems) => [...problems], problems: [problem] };
  }
}

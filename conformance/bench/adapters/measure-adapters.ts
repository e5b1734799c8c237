import type { Children } from '../children.ts';
import type { AdapterFigure } from './adapter-figure.ts';
import { measureDatabase } from './measure-database.ts';
import { measureHttp } from './measure-http.ts';
import { measureMapping } from './measure-mapping.ts';

/** By kind. */
export type AdapterFigures = Readonly<Record<string, AdapterFigure>>;

const KINDS: Readonly<Record<string, (children: Children, folder: string, cases: number) => Promise<AdapterFigure>>> = {
  mapping: (children, _, cases) => measureMapping(children, cases),
  database: measureDatabase,
  'http in': (children, _, cases) => measureHttp(children, 'in', cases),
  'http out': (children, _, cases) => measureHttp(children, 'out', cases),
};

/** @param cases of three records each */
export async function measureAdapters(
  children: Children,
  folder: string,
  { cases, say }: { readonly cases: number; readonly say: (text: string) => void },
): Promise<AdapterFigures> {
  const figures: Record<string, AdapterFigure> = {};
  for (const [kind, measureKind] of Object.entries(KINDS)) {
    say(`${kind}: ${cases} 件办件 / cases`);
    figures[kind] = await measureKind(children, folder, cases);
  }
  return figures;
}

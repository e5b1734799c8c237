import { DocumentFault } from '../findings.ts';
import type { PdfFile } from './file.ts';

const MAX_PAGES = 10_000;

/**
 * Numbers of the objects of the pages, in their order (ISO 32000-1, 7.7.3).
 *
 * @throws DocumentFault pdf-malformed
 */
export function pagesOf(file: PdfFile): number[] {
  const pages: number[] = [];
  const waiting = [file.catalog.entries.get('Pages')?.value];
  const seen = new Set<number>();
  while (waiting.length > 0) {
    const value = waiting.shift();
    if (value?.kind !== 'reference' || seen.has(value.number) || seen.size > MAX_PAGES)
      throw new DocumentFault('pdf-malformed', 'the pages are no tree');
    seen.add(value.number);
    const kids = file.resolve(file.dictionary(value).entries.get('Kids')?.value);
    if (kids?.kind === 'array') waiting.unshift(...kids.items);
    else pages.push(value.number);
  }
  if (pages.length === 0) throw new DocumentFault('pdf-malformed', 'it has no page');
  return pages;
}

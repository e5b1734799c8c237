import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PDFDocument, PDFFont } from 'pdf-lib';
import { alignedFont } from './aligned-font.ts';

export interface RenditionFont {
  /** Whether it has a glyph for a character. */
  covers(codePoint: number): boolean;
  /** Puts it into a document, of which it then holds only the characters that are drawn. */
  embed(document: PDFDocument): Promise<PDFFont>;
}

/**
 * Reads the font of our PDFs, Noto Sans SC (SIL Open Font License): some 10 MB, once a process. It has no Arabic and no
 * Mongolian script, and of the rare characters (生僻字) only some.
 */
export async function openFont(): Promise<RenditionFont> {
  const bytes = alignedFont(
    await readFile(
      fileURLToPath(import.meta.resolve('@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf')),
    ),
  );
  // Loaded with the font: a gateway that draws nothing starts without it.
  const { default: fontkit } = await import('@pdf-lib/fontkit');
  const font = fontkit.create(bytes);
  return {
    covers: (codePoint) => font.hasGlyphForCodePoint(codePoint),
    embed: (document) => {
      document.registerFontkit(fontkit);
      return document.embedFont(bytes, { subset: true });
    },
  };
}

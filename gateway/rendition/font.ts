import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fontkit from '@pdf-lib/fontkit';
import type { PDFDocument, PDFFont } from 'pdf-lib';
import { alignedFont } from './aligned-font.ts';

/** The font of our PDFs (Noto Sans SC, SIL Open Font License): GB 18030 to the most part, no Arabic and no Mongolian script. */
const FILE = '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf';

export interface RenditionFont {
  /** Whether it has a glyph for a character. */
  covers(codePoint: number): boolean;
  /** Puts it into a document, of which it then holds only the characters that are drawn. */
  embed(document: PDFDocument): Promise<PDFFont>;
}

/** Reads the font that comes with the program: some 10 MB, once a process. */
export async function openFont(): Promise<RenditionFont> {
  const bytes = alignedFont(await readFile(fileURLToPath(import.meta.resolve(FILE))));
  const font = fontkit.create(bytes);
  return {
    covers: (codePoint) => font.hasGlyphForCodePoint(codePoint),
    embed: (document) => {
      document.registerFontkit(fontkit);
      return document.embedFont(bytes, { subset: true });
    },
  };
}

/** One table of a TrueType file (ISO/IEC 14496-22, 4.5): where its entry of the directory stands, and its bytes. */
interface Table {
  readonly tag: string;
  readonly entry: number;
  readonly bytes: Buffer;
}

/** Bytes of the directory before its entries, and of each entry. */
const DIRECTORY = { head: 12, entry: 16 } as const;
const ALIGNMENT = 4;
/** Place of indexToLocFormat in the table `head`; 1: long offsets. */
const LOCA_FORMAT_AT = 50;

/**
 * Rewrites a TrueType font so that every glyph begins at an even place. The library that makes subsets writes the halves
 * of their places and takes no care that there are any: of a font whose glyphs stand closely, half of the characters of
 * a subset would be blank, although text can be copied from the page.
 *
 * @throws TypeError for a font that is not TrueType with long offsets
 */
export function alignedFont(font: Buffer): Buffer {
  const tables = tablesOf(font);
  const find = (tag: string) => {
    const table = tables.find((candidate) => candidate.tag === tag);
    if (!table) throw new TypeError(`the font has no table ${tag}`);
    return table.bytes;
  };
  if (find('head').readUInt16BE(LOCA_FORMAT_AT) !== 1) throw new TypeError('the font has short offsets of its glyphs');
  const aligned = alignGlyphs(find('glyf'), find('loca'));
  return withTables(
    font.subarray(0, DIRECTORY.head + DIRECTORY.entry * tables.length),
    tables.map((table) => ({ ...table, bytes: aligned.get(table.tag) ?? table.bytes })),
  );
}

function tablesOf(font: Buffer): Table[] {
  return Array.from({ length: font.readUInt16BE(4) }, (_, index) => {
    const entry = DIRECTORY.head + DIRECTORY.entry * index;
    const offset = font.readUInt32BE(entry + 8);
    const bytes = font.subarray(offset, offset + font.readUInt32BE(entry + 12));
    return { tag: font.toString('latin1', entry, entry + 4), entry, bytes };
  });
}

/** The tables `glyf` and `loca` anew. */
function alignGlyphs(glyf: Buffer, loca: Buffer): Map<string, Buffer> {
  const places = Buffer.alloc(loca.length);
  const glyphs: Buffer[] = [];
  let place = 0;
  for (let at = 4; at < loca.length; at += 4) {
    const glyph = padded(glyf.subarray(loca.readUInt32BE(at - 4), loca.readUInt32BE(at)));
    glyphs.push(glyph);
    place += glyph.length;
    places.writeUInt32BE(place, at);
  }
  return new Map([
    ['glyf', Buffer.concat(glyphs)],
    ['loca', places],
  ]);
}

function withTables(head: Buffer, tables: readonly Table[]): Buffer {
  const directory = Buffer.from(head);
  let place = directory.length;
  const parts = tables.map(({ entry, bytes }) => {
    directory.writeUInt32BE(place, entry + 8);
    directory.writeUInt32BE(bytes.length, entry + 12);
    const part = padded(bytes);
    place += part.length;
    return part;
  });
  return Buffer.concat([directory, ...parts]);
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % ALIGNMENT;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(ALIGNMENT - rest)]);
}

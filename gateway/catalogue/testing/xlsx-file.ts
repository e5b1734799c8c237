import { crc32, deflateRawSync } from 'node:zlib';

/** A cell of a test workbook: a text, a number, or what stands inside `<c …>` and its type. */
export type TestCell = string | number | { readonly type: string; readonly xml: string };

/** A workbook (.xlsx) with the sheets, texts shared as Excel shares them. */
export function xlsxFile(sheets: Readonly<Record<string, readonly (readonly TestCell[])[]>>): Buffer {
  const texts: string[] = [];
  const names = Object.keys(sheets);
  const worksheets = Object.values(sheets).map((rows, n): [string, string] => [
    `xl/worksheets/sheet${n + 1}.xml`,
    `<?xml version="1.0" encoding="UTF-8"?>\n<worksheet><sheetData>${rows.map((row, r) => rowXml(row, r, texts)).join('')}</sheetData></worksheet>`,
  ]);
  const listed = names.map((name, n) => `<sheet name="${escaped(name)}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`);
  const related = names.map((_, n) => `<Relationship Id="rId${n + 1}" Target="worksheets/sheet${n + 1}.xml"/>`);
  return zipFile([
    [
      'xl/workbook.xml',
      `<x:workbook><x:sheets>${listed.join('').replaceAll('<sheet ', '<x:sheet ')}</x:sheets></x:workbook>`,
    ],
    ['xl/_rels/workbook.xml.rels', `<Relationships>${related.join('')}</Relationships>`],
    ...worksheets,
    ['xl/sharedStrings.xml', `<sst>${texts.map((text) => `<si>${text}</si>`).join('')}</sst>`],
  ]);
}

function rowXml(row: readonly TestCell[], r: number, texts: string[]): string {
  const cells = row.map((cell, c) => {
    const at = `r="${String.fromCharCode(65 + c)}${r + 1}"`;
    if (typeof cell === 'object') return `<c ${at} t="${cell.type}">${cell.xml}</c>`;
    if (typeof cell === 'number') return `<c ${at} s="3"><v>${cell}</v></c>`;
    if (cell === '') return `<c ${at} s="1"/>`;
    // As two runs, with a reading that is no part of the text.
    const half = Math.floor(cell.length / 2);
    const runs = [cell.slice(0, half), cell.slice(half)].map(
      (run) => `<r><t xml:space="preserve">${escaped(run)}</t></r>`,
    );
    texts.push(`${runs.join('')}<rPh sb="0" eb="1"><t>pinyin</t></rPh>`);
    return `<c ${at} t="s"><v>${texts.length - 1}</v></c>`;
  });
  return `<row r="${r + 1}">${cells.join('')}</row>`;
}

/** A ZIP container; `size` lies about the size of each file. */
export function zipFile(files: readonly (readonly [name: string, content: string | Buffer])[], size?: number): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of files) {
    const bytes = Buffer.from(content);
    const packed = deflateRawSync(bytes);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x0800, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size ?? bytes.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), fields, tail, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll('\r', '_x000D_');
}

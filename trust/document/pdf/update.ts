import { DocumentFault } from '../findings.ts';
import type { PdfFile } from './file.ts';
import type { PdfDictionary } from './objects.ts';

/** A part of an object of the file that becomes another text. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

interface WrittenObject {
  readonly number: number;
  readonly generation: number;
  readonly body: string;
}

/** An update of a PDF (ISO 32000-1, 7.5.6): objects that are new, and objects that are written again with a change. */
export class PdfUpdate {
  readonly #file: PdfFile;
  readonly #added: string[] = [];
  readonly #edits = new Map<number, Edit[]>();

  constructor(file: PdfFile) {
    this.#file = file;
  }

  /** Adds an object. @param body told its own number @returns its number */
  add(body: (number: number) => string): number {
    const number = this.#file.free + this.#added.length;
    this.#added.push(body(number));
    return number;
  }

  /** Gives a dictionary a value under a key. @param holder number of the object that the dictionary is, or is inside of */
  set(holder: number, dictionary: PdfDictionary, key: string, text: string): void {
    const value = dictionary.entries.get(key)?.value;
    if (value) this.#edit(holder, { from: value.from, to: value.to, text });
    else this.#edit(holder, { from: dictionary.to - 2, to: dictionary.to - 2, text: `/${key} ${text} ` });
  }

  /** Puts a reference at the end of the list that a dictionary has under a key, which may be an object of its own. */
  append(holder: number, dictionary: PdfDictionary, key: string, number: number): void {
    const value = dictionary.entries.get(key)?.value;
    const list = this.#file.resolve(value);
    if (!value) this.set(holder, dictionary, key, `[${number} 0 R]`);
    else if (list?.kind !== 'array') throw new DocumentFault('pdf-malformed', `${key} is no list`);
    else {
      const place = value.kind === 'reference' ? value.number : holder;
      this.#edit(place, { from: list.to - 1, to: list.to - 1, text: ` ${number} 0 R` });
    }
  }

  /** The file with the update at its end. */
  written(): Buffer {
    const { bytes, revisions, free } = this.#file;
    const objects = [
      ...[...this.#edits].map(([number, edits]) => this.#edited(number, edits)),
      ...this.#added.map((body, index) => ({ number: free + index, generation: 0, body })),
    ];
    const start = bytes.at(-1) === 0x0a ? '' : '\n';
    let at = bytes.length + start.length;
    const table: string[] = [];
    const texts = objects.map(({ number, generation, body }) => {
      const text = `${number} ${generation} obj\n${body}\nendobj\n`;
      table.push(`${number} 1\n${String(at).padStart(10, '0')} ${String(generation).padStart(5, '0')} n \n`);
      at += text.length;
      return text;
    });
    const kept = ['Root', 'Info', 'ID'].map((key) => this.#kept(key)).join('');
    const size = free + this.#added.length;
    const trailer = `trailer\n<< /Size ${size} ${kept}/Prev ${revisions[0].table} >>\nstartxref\n${at}\n%%EOF\n`;
    return Buffer.concat([bytes, Buffer.from([start, ...texts, 'xref\n', ...table, trailer].join(''), 'latin1')]);
  }

  #edit(number: number, edit: Edit): void {
    this.#edits.set(number, [...(this.#edits.get(number) ?? []), edit]);
  }

  #edited(number: number, edits: readonly Edit[]): WrittenObject {
    const found = this.#file.find(number);
    if (!found || found.isStream) throw new DocumentFault('pdf-malformed', `object ${number} cannot be written again`);
    const parts: string[] = [];
    let at = found.object.from;
    for (const { from, to, text } of edits.toSorted((a, b) => a.from - b.from)) {
      parts.push(this.#file.bytes.toString('latin1', at, from), text);
      at = to;
    }
    const body = [...parts, this.#file.bytes.toString('latin1', at, found.object.to)].join('');
    return { number, generation: found.generation, body };
  }

  #kept(key: string): string {
    const value = this.#file.revisions[0].trailer.entries.get(key)?.value;
    return value ? `/${key} ${this.#file.bytes.toString('latin1', value.from, value.to)} ` : '';
  }
}

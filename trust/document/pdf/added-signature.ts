import { PdfFile, type PdfRevision } from './file.ts';
import type { PdfDictionary, PdfObject } from './objects.ts';
import { pagesOf } from './pages.ts';

type Entries = PdfDictionary['entries'];

/** Points of a side of what a signature may show: a round seal (公章) has 119, and one that covers a page shows another. */
const MAX_SIDE = 200;
const NOTHING: Entries = new Map();
/** What may differ: where signatures are listed, and what says when a program wrote last. */
const MAY_DIFFER = {
  catalog: ['AcroForm', 'Extensions'],
  form: ['Fields', 'SigFlags', 'DR', 'DA'],
  page: ['Annots'],
  information: ['ModDate', 'Producer'],
} as const;
/** What makes a field do something, or makes several of one. */
const REFUSED_IN_FIELD = ['A', 'AA', 'Kids', 'Parent'];

/**
 * Demands that a PDF is another one to which exactly one signature was appended, with at most a picture of it of the
 * size of a seal: pages, attachments and everything else are what they were, whichever program shows it.
 *
 * @param before as our own programs write it: with plain tables
 * @returns the place of the signature, as in its report
 * @throws RangeError saying what else was changed; DocumentFault when the file cannot be read as strictly as that needs
 */
export function addedSignature(before: Buffer, after: Buffer): string {
  if (after.length <= before.length || !after.subarray(0, before.length).equals(before))
    throw new RangeError('it does not begin with the bytes that were to be signed');
  const [old, file] = [new PdfFile(before), new PdfFile(after)];
  demandAppended(old, file);
  const field = addedField(old, file);
  const signature = file.dictionary(field.entries.get('V')?.value);
  if (signature.entries.has('Reference')) other('what may follow the signature');
  const range = signature.entries.get('ByteRange') ?? other('a signature');
  return `byte ${range.at}`;
}

/** Every newer table leads to what was appended, the oldest of them to the last one of before. */
function demandAppended(old: PdfFile, file: PdfFile): void {
  const last = old.revisions[0];
  const count = file.revisions.findIndex(({ table }) => table === last.table);
  const newer = file.revisions.slice(0, Math.max(count, 0));
  if (newer.length === 0) throw new RangeError('its tables do not go on from those of what was to be signed');
  for (const revision of newer) demandNewPlaces(revision, old);
  if (file.root !== old.root) other('the catalog');
}

function demandNewPlaces({ table, places, trailer }: PdfRevision, old: PdfFile): void {
  const from = old.bytes.length;
  if (table < from) throw new RangeError('a table of it stands in what was to be signed');
  for (const [number, place] of places) {
    const isNew = number === 0 || number >= old.free;
    if (place && place.at < from) other(`object ${number}`);
    // One that was free before may be referred to; one that goes, or gets another generation, is missing where it is.
    if (!isNew && (!place || place.generation !== old.placeOf(number)?.generation)) other(`object ${number}`);
  }
  const was = old.revisions[0].trailer.entries.get('Info')?.value;
  const is = trailer.entries.get('Info')?.value;
  if (is && !same(was, is)) other('the information about the document');
}

/** The field of the signature, which is all that was added. */
function addedField(old: PdfFile, file: PdfFile): PdfDictionary {
  const judged = new Set<number>([old.root]);
  const [was, is] = [old.catalog.entries, file.catalog.entries];
  demandSame('the catalog', was, is, MAY_DIFFER.catalog);
  const forms = [formOf(old, was, judged), file.dictionary(is.get('AcroForm')?.value).entries] as const;
  demandSame('the form', ...forms, MAY_DIFFER.form);
  const [field, ...more] = added(
    'fields',
    old,
    file,
    forms.map((form) => form.get('Fields')?.value),
    judged,
  );
  const shown = pagesOf(old).flatMap((number) => addedToPage(number, old, file, judged));
  demandInformation(old, file, judged);
  demandUntouched(old, file, judged);
  if (field?.kind !== 'reference' || more.length > 0 || old.placeOf(field.number)) other('fields');
  if (shown.length > 1 || shown.some((annotation) => !same(annotation, field))) other('annotations');
  const widget = file.dictionary(field);
  demandSignatureField(widget);
  return widget;
}

function formOf(old: PdfFile, catalog: Entries, judged: Set<number>): Entries {
  const value = catalog.get('AcroForm')?.value;
  if (!value) return NOTHING;
  if (value.kind === 'reference') judged.add(value.number);
  return old.dictionary(value).entries;
}

function addedToPage(number: number, old: PdfFile, file: PdfFile, judged: Set<number>): readonly PdfObject[] {
  judged.add(number);
  const pages = [old, file].map((of) => of.find(number));
  if (pages.some((page) => page?.isStream !== false || page.object.kind !== 'dictionary'))
    other(`page object ${number}`);
  const [was, is] = pages.map((page) => (page!.object as PdfDictionary).entries) as [Entries, Entries];
  demandSame(`page object ${number}`, was, is, MAY_DIFFER.page);
  return added(
    'annotations',
    old,
    file,
    [was, is].map((page) => page.get('Annots')?.value),
    judged,
  );
}

/** What a list has at its end that it did not have before. */
function added(
  what: string,
  old: PdfFile,
  file: PdfFile,
  [was, is]: readonly (PdfObject | undefined)[],
  judged: Set<number>,
): readonly PdfObject[] {
  if (was?.kind === 'reference') judged.add(was.number);
  const [before, after] = [listOf(old, was), listOf(file, is)];
  if (!before.every((item, index) => same(item, after[index]))) other(what);
  return after.slice(before.length);
}

function listOf(file: PdfFile, value: PdfObject | undefined): readonly PdfObject[] {
  if (!value) return [];
  const list = file.resolve(value);
  return list?.kind === 'array' ? list.items : other('a list');
}

function demandInformation(old: PdfFile, file: PdfFile, judged: Set<number>): void {
  const value = old.revisions[0].trailer.entries.get('Info')?.value;
  if (value?.kind !== 'reference') return;
  judged.add(value.number);
  const [was, is] = [old, file].map((of) => of.dictionary(value).entries);
  demandSame('the information about the document', was!, is!, MAY_DIFFER.information);
}

/** Whatever else was written again must be what it was. */
function demandUntouched(old: PdfFile, file: PdfFile, judged: ReadonlySet<number>): void {
  const from = old.bytes.length;
  const written = file.revisions.flatMap(({ places }) => [...places]).filter(([, place]) => place && place.at >= from);
  for (const number of new Set(written.map(([number]) => number))) {
    if (judged.has(number) || !old.placeOf(number)) continue;
    const [was, is] = [old.find(number), file.find(number)];
    if (was?.isStream !== false || is?.isStream !== false || !same(was.object, is.object)) other(`object ${number}`);
  }
}

function demandSignatureField({ entries }: PdfDictionary): void {
  const type = entries.get('FT')?.value;
  if (type?.kind !== 'name' || type.text !== 'Sig' || REFUSED_IN_FIELD.some((key) => entries.has(key)))
    other('a field that is not a signature alone');
  const place = entries.get('Rect')?.value;
  const [left, bottom, right, top] = place?.kind === 'array' ? place.items.map(numberOf) : [];
  const sides = [right! - left!, top! - bottom!].map(Math.abs);
  if (!sides.every((side) => side <= MAX_SIDE)) other(`a picture with a side of more than ${MAX_SIDE} points`);
}

function demandSame(what: string, was: Entries, is: Entries, mayDiffer: readonly string[]): void {
  for (const key of new Set([...was.keys(), ...is.keys()]))
    if (!mayDiffer.includes(key) && !same(was.get(key)?.value, is.get(key)?.value)) other(`${what} (${key})`);
}

/** Whether two objects say the same; a reference leads to the same number. */
function same(one: PdfObject | undefined, two: PdfObject | undefined): boolean {
  if (!one || one.kind !== two?.kind) return false;
  switch (one.kind) {
    case 'dictionary': {
      const others = (two as PdfDictionary).entries;
      const keys = [...one.entries.keys()];
      return (
        keys.length === others.size && keys.every((key) => same(one.entries.get(key)?.value, others.get(key)?.value))
      );
    }
    case 'array': {
      const { items } = two as typeof one;
      return one.items.length === items.length && one.items.every((item, index) => same(item, items[index]));
    }
    case 'string':
      return one.bytes.equals((two as typeof one).bytes);
    case 'number':
      return one.value === (two as typeof one).value;
    case 'reference':
      return one.number === (two as typeof one).number && one.generation === (two as typeof one).generation;
    default:
      return one.text === (two as typeof one).text;
  }
}

function numberOf(object: PdfObject): number {
  if (object.kind === 'number') return object.value;
  return object.kind === 'other' && /^[+-]?\d*\.?\d+$/.test(object.text) ? Number(object.text) : Number.NaN;
}

function other(what: string): never {
  throw new RangeError(`it adds or changes something other than a signature: ${what}`);
}

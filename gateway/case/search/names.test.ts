import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../store/store.ts';
import type { CaseDocument } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { scrubCase } from '../personal/scrub.ts';
import type { SoughtApplicant } from './case-filter.ts';
import { findCases } from './find-cases.ts';
import { OldCases } from './old-cases.ts';
import { AT, AYXAM, keepCase, searchStore } from './testing/kept-cases.ts';

const { documentType: type, documentNumber: number } = AYXAM as {
  documentType: 'citizen-number';
  documentNumber: string;
};
/** A Mongolian name in its own script, with a mark that chooses among the shapes of a letter. */
const MONGOLIAN = 'ᠪᠠᠶᠠᠨ᠋ᠳᠠᠯᠠᠢ';
const LONG = Array.from({ length: 6 }, () => '阿不都热合曼江').join('·');

let store: Store;
let close: () => Promise<void>;

beforeEach(async () => {
  ({ store, close } = await searchStore());
});

afterEach(() => close());

async function found(applicant: SoughtApplicant): Promise<string[]> {
  const { files } = await findCases(store.read, { applicant, limit: 50 });
  return files.map(({ conversation }) => conversation);
}

const kept = async (n: number, applicant: Partial<CaseDocument['applicant']> = {}) =>
  (await keepCase(store, n, { applicant })).conversation;

describe('an applicant is found', () => {
  it.each([
    [
      'with a dot of another encoding',
      '阿依夏木·示例',
      ['阿依夏木•示例', '阿依夏木‧示例', '阿依夏木・示例', '阿依夏木．示例', '阿依夏木⋅示例'],
    ],
    ['with a long Uyghur name', LONG, [LONG.replaceAll('·', '•')]],
    ['with a long Mongolian name', '孛儿只斤·乌兰巴图·额尔德尼其木格', ['孛儿只斤‧乌兰巴图・额尔德尼其木格']],
    ['with a name in Mongolian script, whatever the shape of its letters', MONGOLIAN, [MONGOLIAN.replaceAll('᠋', '')]],
    ['with rare characters (生僻字)', '𠮷䶮㛃𬭎', ['𠮷䶮㛃𬭎']],
    ['with a character that has two codes', '示例\u{f9dc}', ['示例\u9686', '示例\u{f9dc}']],
    ['with a shape of a character', '\u845b\u{e0100}示例', ['\u845b示例', '\u845b\u{e0101}示例']],
    ['with a name in Latin letters', 'Ayşe Örnek', ['Ays\u0327e O\u0308rnek']],
  ])('%s', async (_what, name, others) => {
    const conversation = await kept(1, { name });
    await kept(2, { name: '王示例' });
    for (const asked of [name, ...others])
      expect([asked, await found({ name: asked })]).toEqual([asked, [conversation]]);
  });

  it('by the number of his document with its kind, and a small letter in it', async () => {
    const conversations = [await kept(1), await kept(2)].reverse();
    await kept(3, { documentType: 'passport', documentNumber: number });
    expect(await found({ document: { type, number } })).toEqual(conversations);
    expect(await found({ document: { type, number: number.toLowerCase() } })).toEqual(conversations);
    expect(await found({ document: { type, number }, name: '阿依夏木•示例' })).toEqual(conversations);
  });

  it.each<[string, SoughtApplicant]>([
    ['a part of a name', { name: '阿依夏木' }],
    ['a wildcard', { name: '%' }],
    ['nothing', { name: '' }],
    ['a part of a number', { document: { type, number: number.slice(0, 17) } }],
    ['a number of another kind', { document: { type: 'passport', number } }],
    ['the name of another', { document: { type, number }, name: '王示例' }],
  ])('not by %s', async (_what, applicant) => {
    await kept(1);
    await kept(2, { name: '王示例', documentNumber: '' });
    await kept(3, { name: '', documentNumber: '' });
    expect(await found(applicant)).toEqual([]);
  });

  it('not any more when the case was handed in anew for somebody else', async () => {
    const file = await keepCase(store, 1);
    const applicant = { ...file.document.applicant, name: '王示例', documentType: 'passport', documentNumber: 'E1' };
    await store.write((tx) => caseRepository.replace(tx, { ...file, document: { ...file.document, applicant } }));
    expect(await found({ document: { type, number } })).toEqual([]);
    expect(await found({ document: { type: 'passport', number: 'e1' } })).toEqual([file.conversation]);
  });
});

it('nobody is found by a case that was erased, and nothing of him is left beside it', async () => {
  const file = await keepCase(store, 1);
  await store.write((tx) => scrubCase(tx, file, AT));
  expect(await found({ document: { type, number } })).toEqual([]);
  expect(await found({ name: AYXAM.name })).toEqual([]);
  expect(await found({ name: '' })).toEqual([]);
  const row = await store.read.get('SELECT * FROM case_file');
  expect(row).toMatchObject({ applicant_key: '', applicant_name: '', erased_at: AT });
  expect(JSON.stringify(row)).not.toMatch(/1101051949|阿依夏木/);
  expect((await findCases(store.read, { item: 'EX018', limit: 5 })).files).toHaveLength(1);
});

describe('cases of before an upgrade', () => {
  const errors: unknown[] = [];
  const reads: number[] = [];
  const oldCases = () =>
    new OldCases({ store, onRead: (count) => reads.push(count), onError: (error) => errors.push(error) });
  const unread = async () =>
    (await store.read.get<{ n: number }>('SELECT count(*) AS n FROM case_file WHERE applicant_key IS NULL'))!.n;

  beforeEach(async () => {
    await Promise.all(Array.from({ length: 250 }, (_, n) => keepCase(store, n, { dueAt: n })));
    await store.write((tx) =>
      tx.run('UPDATE case_file SET applicant_key = NULL, applicant_name = NULL, due_at = NULL'),
    );
  });

  it('are found once they were read, and until then nobody is told that there is none', async () => {
    await expect(found({ name: AYXAM.name })).rejects.toMatchObject({ code: 'TRY_LATER' });
    await expect(findCases(store.read, { order: 'deadline', limit: 1 })).rejects.toMatchObject({ code: 'TRY_LATER' });
    // What needs no reading is listed all the same.
    expect((await findCases(store.read, { item: 'EX018', limit: 200 })).files).toHaveLength(200);
    const reader = oldCases();
    reader.start();
    await expect.poll(unread).toBe(0);
    await reader.stop();
    expect([reads, errors]).toEqual([[250], []]);
    expect(await found({ document: { type, number } })).toHaveLength(50);
    expect((await findCases(store.read, { dueBefore: 2, limit: 5 })).files.map(({ createdAt }) => createdAt)).toEqual([
      expect.any(Number),
      expect.any(Number),
    ]);
  });

  it('are read to the end by the next start when a start ends early', async () => {
    const first = oldCases();
    first.start();
    await first.stop();
    const left = await unread();
    expect(left).toBeGreaterThan(0);
    const second = oldCases();
    second.start();
    await expect.poll(unread).toBe(0);
    await second.stop();
    expect(reads.at(-1)).toBe(left);
  });
});

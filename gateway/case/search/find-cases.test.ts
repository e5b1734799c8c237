import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MODES } from '#proto';
import { openPostgresStore } from '../../store/postgres/postgres-store.ts';
import type { Store } from '../../store/store.ts';
import { testPostgres } from '../../store/testing/test-postgres.ts';
import { PLAIN_VAULT } from '../../store/vault/vault.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import type { State } from '../transitions.ts';
import { CASE_ORDERS, CASE_ROLES, type CaseFilter, type CaseQuery, orderOf } from './case-filter.ts';
import { nextDue } from './case-keys.ts';
import { walkOf } from './case-walk.ts';
import { findCases } from './find-cases.ts';
import { AT, keepCase, searchStore } from './testing/kept-cases.ts';

const STATES: readonly State[] = ['draft', 'transferred', 'accepted', 'delivered', 'withdrawn'];
const ITEMS = ['EX018', 'EX020', 'EX044'];
const PEERS = ['150626', '350500', '320600'];
const NAMES = ['张三', '阿依夏木·示例', '𠮷示例'];
const COUNT = 300;

let store: Store;
let close: () => Promise<void>;
let kept: readonly CaseFile[];

const server = await testPostgres();

/** Numbers without a common divisor, so that every filter meets every other; of three cases two came at the same moment. */
function keepAll(): Promise<CaseFile[]> {
  const pick = <T>(list: readonly T[], n: number, step: number): T => list[Math.floor(n / step) % list.length]!;
  const cases = Array.from({ length: COUNT }, (_, n) =>
    keepCase(store, n, {
      state: pick(STATES, n, 1),
      item: pick(ITEMS, n, 7),
      peer: pick(PEERS, n, 11),
      role: pick(CASE_ROLES, n, 13),
      mode: pick(MODES, n, 17),
      number: `320600${pick(['20261123', '20261124'], n, 150)}${String(n).padStart(6, '0')}`,
      createdAt: AT + Math.floor((n * 2) / 3),
      updatedAt: AT + ((n * 7) % 100),
      applicant: { name: pick(NAMES, n, 5), documentType: 'passport', documentNumber: `E0000000${n % 10}` },
      ...(n % 4 === 0 && { dueAt: AT + ((n * 3) % 50) }),
    }),
  );
  return Promise.all(cases);
}

/** A database for the cases of a test. */
async function openPostgres(): Promise<Awaited<ReturnType<typeof searchStore>>> {
  if ('missing' in server) throw new Error(server.missing);
  const config = await server.database();
  const opened = await openPostgresStore({ config, password: server.password, name: 'gateway' });
  return {
    store: opened,
    close: async () => {
      await opened.close();
      await server.drop();
    },
  };
}

/** What the words of a query mean, said in another way. */
function expected(query: Omit<CaseQuery, 'limit'>): string[] {
  const { states, item, peer, role, mode, number, dueBefore, updatedSince, applicant } = query;
  const order = orderOf(query);
  const dueOf = ({ document }: CaseFile) => nextDue(document.limits);
  const found = kept.filter((file) => {
    const { documentType, documentNumber, name } = file.document.applicant;
    const due = dueOf(file);
    return (
      (!states || states.includes(file.state)) &&
      (item === undefined || file.item === item) &&
      (peer === undefined || file.peer === peer) &&
      (role === undefined || file.role === role) &&
      (mode === undefined || file.mode === mode) &&
      (number === undefined || file.number.startsWith(number)) &&
      (dueBefore === undefined || (due !== null && due < dueBefore)) &&
      (updatedSince === undefined || file.updatedAt >= updatedSince) &&
      (!applicant?.document ||
        (applicant.document.type === documentType && applicant.document.number === documentNumber)) &&
      (applicant?.name === undefined || applicant.name === name) &&
      (order !== 'deadline' || due !== null)
    );
  });
  const sortedBy = (file: CaseFile) =>
    order === 'newest' ? -file.createdAt : order === 'deadline' ? dueOf(file)! : file.updatedAt;
  const sign = order === 'newest' ? -1 : 1;
  const later = (a: CaseFile, b: CaseFile) => (a.conversation < b.conversation ? -sign : sign);
  return found.sort((a, b) => sortedBy(a) - sortedBy(b) || later(a, b)).map(({ conversation }) => conversation);
}

/** Every page of a list, one after the other. */
async function pages(query: Omit<CaseQuery, 'limit' | 'after'>, limit: number): Promise<string[][]> {
  const all: string[][] = [];
  for (let after: CaseQuery['after']; ; ) {
    const { files, next } = await findCases(store.read, { ...query, limit, ...(after && { after }) });
    all.push(files.map(({ conversation }) => conversation));
    if (!next) return all;
    after = next;
  }
}

const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

const query = fc.record<Omit<CaseQuery, 'limit'>>({
  states: fc.option(fc.uniqueArray(fc.constantFrom(...STATES), { minLength: 1, maxLength: 3 }), { nil: undefined }),
  item: maybe(ITEMS),
  peer: maybe([...PEERS, '110000']),
  role: maybe(CASE_ROLES),
  mode: maybe(MODES),
  dueBefore: maybe([AT + 10, AT + 30]),
  updatedSince: maybe([AT + 20, AT + 90]),
  applicant: maybe([
    { name: NAMES[1] },
    { document: { type: 'passport', number: 'E00000003' } },
    { document: { type: 'passport', number: 'E00000003' }, name: NAMES[2] },
    { document: { type: 'citizen-number', number: 'E00000003' } },
  ] as const),
  order: maybe(CASE_ORDERS),
});

const lists = (open: typeof searchStore) => () => {
  beforeAll(async () => {
    ({ store, close } = await open());
    kept = await keepAll();
  });

  afterAll(() => close());

  it('has what was asked for, in order, once, whatever is asked and however long its pages are', async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom(1, 7, 50, 200), async (asked, limit) => {
        const all = await pages(asked, limit);
        expect(all.flat()).toEqual(expected(asked));
        expect(all.every((page) => page.length <= limit)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('by the beginning of the number comes by number, the last one first', async () => {
    const numbered = (prefix: string) =>
      kept
        .filter(({ number }) => number.startsWith(prefix))
        .sort((a, b) => (a.number < b.number ? 1 : -1))
        .map(({ conversation }) => conversation);
    for (const prefix of ['3', '32060020261124', '32060020261123000', kept[7]!.number, '99']) {
      expect((await pages({ number: prefix }, 40)).flat()).toEqual(numbered(prefix));
      const more = { number: prefix, order: 'deadline' } as const;
      expect((await pages(more, 40)).flat()).toEqual(expected(more));
    }
  });

  it('goes on where it was while new cases come', async () => {
    const first = await findCases(store.read, { item: 'EX018', limit: 5 });
    const before = expected({ item: 'EX018' });
    const come = await keepCase(store, COUNT, { createdAt: AT + 10_000 });
    const second = await findCases(store.read, { item: 'EX018', limit: 5, after: first.next });
    expect([...first.files, ...second.files].map(({ conversation }) => conversation)).toEqual(before.slice(0, 10));
    expect((await findCases(store.read, { limit: 1 })).files).toEqual([come]);
    await store.write((tx) => tx.run('DELETE FROM case_file WHERE conversation = ?', come.conversation));
  });

  it('moves a case with its limit: one that stands still is due no more', async () => {
    const file = kept.find(({ document }) => document.limits.length > 0)!;
    const dueIs = async (dueAt: number | undefined) => {
      const [limit] = file.document.limits;
      const { dueAt: _, ...stopped } = { ...limit!, state: 'stopped' as const };
      const limits = dueAt === undefined ? [stopped] : [{ ...limit!, dueAt }];
      await store.write((tx) => caseRepository.update(tx, { ...file, document: { ...file.document, limits } }));
      const { files } = await findCases(store.read, { order: 'deadline', limit: 200 });
      return files.findIndex(({ conversation }) => conversation === file.conversation);
    };
    expect(await dueIs(AT - 1)).toBe(0);
    expect(await dueIs(undefined)).toBe(-1);
    expect(await dueIs(nextDue(file.document.limits)!)).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, CaseQuery]>([
    ['of another order', { limit: 5, order: 'deadline', after: ['created_at', AT, 'x'] }],
    ['that no list has', { limit: 5, after: ['created_at', 1.5, 'x'] }],
    ['with a key that is none', { limit: 5, after: ['created_at', AT, 'a\u0000b'] }],
  ])('does not go on behind a place %s', async (_what, asked) => {
    await expect(findCases(store.read, asked)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/cursor' }],
    });
  });
};

describe('a list of cases in SQLite', lists(searchStore));

if ('missing' in server) it.skip(`a list of cases in PostgreSQL: ${server.missing}`);
else describe('a list of cases in PostgreSQL', lists(openPostgres));

describe('where filters together leave few cases', () => {
  it('a page ends after so many looks, and the next goes on to the end', async () => {
    const many = await searchStore();
    const last = await keepCase(many.store, 0, { peer: '350500' });
    // Rows alone: so many looks do not reach the first case that was opened.
    await many.store.write((tx) =>
      tx.run(
        `INSERT INTO case_file (conversation, number, role, peer, item, mode, state, authorization_id, document,
           applicant_key, applicant_name, created_at, updated_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24999)
         SELECT 'c' || i, 'n' || i, 'receiving', '150626', 'EX018', 'agency', 'draft', '', '{}', '', '', ? + i, ? + i FROM n`,
        AT,
        AT,
      ),
    );
    const asked: CaseQuery = { peer: '350500', item: 'EX018', limit: 50 };
    const found: CaseFile[][] = [];
    for (let after: CaseQuery['after']; ; ) {
      const { files, next } = await findCases(many.store.read, { ...asked, ...(after && { after }) });
      found.push([...files]);
      if (!next) break;
      after = next;
    }
    expect(found[0]).toEqual([]);
    expect(found.length).toBeLessThan(5);
    expect(found.flat()).toEqual([last]);
    await many.close();
  });
});

describe('every list is found by an index, in its order', () => {
  beforeAll(async () => {
    ({ store, close } = await searchStore());
  });

  afterAll(() => close());

  const applicant = (of: CaseFilter['applicant']) => ({ applicant: of });
  const planOf = async ({ text, values }: ReturnType<ReturnType<typeof walkOf>['end']>) =>
    (await store.read.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...values)).map(({ detail }) => detail);

  it.each<[Omit<CaseQuery, 'limit'>, string]>([
    [{}, 'case_file_created'],
    [{ states: ['accepted'] }, 'case_file_state'],
    [{ states: ['accepted', 'transferred', 'issued'] }, 'case_file_state'],
    [{ states: ['delivered', 'rated'] }, 'case_file_state'],
    [{ states: ['delivered'], item: 'x' }, 'case_file_item'],
    [{ states: ['refused', 'withdrawn'], item: 'x' }, 'case_file_item'],
    [{ states: ['refused', 'withdrawn'], role: 'handling' }, 'case_file_state'],
    [{ states: ['accepted', 'issued'], peer: 'x' }, 'case_file_peer'],
    [{ states: ['accepted'], item: 'x', peer: 'x', role: 'handling', mode: 'online' }, 'case_file_state'],
    [{ item: 'x' }, 'case_file_item'],
    [{ item: 'x', peer: 'x' }, 'case_file_item'],
    [{ peer: 'x' }, 'case_file_peer'],
    [{ role: 'handling' }, 'case_file_part'],
    [{ mode: 'online' }, 'case_file_part'],
    [{ role: 'handling', mode: 'online' }, 'case_file_part'],
    [{ number: '320600' }, 'sqlite_autoindex_case_file_2'],
    [{ order: 'deadline' }, 'case_file_due'],
    [{ dueBefore: AT }, 'case_file_due'],
    [{ dueBefore: AT, states: ['accepted'], peer: 'x' }, 'case_file_due'],
    [{ updatedSince: AT }, 'case_file_updated'],
    [{ order: 'changed', item: 'x' }, 'case_file_updated'],
    [applicant({ document: { type: 'passport', number: 'E1' } }), 'case_file_applicant'],
    [applicant({ name: '张三' }), 'case_file_name'],
    [
      { ...applicant({ document: { type: 'passport', number: 'E1' }, name: '张三' }), peer: 'x' },
      'case_file_applicant',
    ],
  ])('%j', async (asked, index) => {
    for (const after of [undefined, ['x', AT, 'x'] as const]) {
      const walk = walkOf({ ...asked, limit: 50 }, PLAIN_VAULT);
      const steps = await planOf(walk.found(after, 250, 51));
      const inOrder = walk.isExact ? steps : await planOf(walk.end(after, 250));
      const looks = steps.filter((step) => /case_file/.test(step));
      expect(looks.length).toBeGreaterThan(0);
      for (const look of looks)
        expect(look).toMatch(new RegExp(`^SEARCH case_file USING (COVERING )?INDEX ${index} \\(`));
      // The index has them in order: only what several arms or a stretch found, so many at most, is sorted after that.
      for (const [place, step] of inOrder.entries())
        if (step.startsWith('SEARCH')) expect(inOrder[place + 1] ?? '').not.toContain('TEMP B-TREE');
      if (!inOrder.includes('SCAN arm')) expect(inOrder.join()).not.toContain('TEMP B-TREE');
      expect(steps.filter((step) => /SCAN (?!stretch|arm)/.test(step))).toEqual([]);
    }
  });
});

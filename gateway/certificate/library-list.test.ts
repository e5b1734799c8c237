import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { presentCertificate } from '#trust';
import { schema0001 } from '../store/migrations/0001-first.ts';
import { schema0002 } from '../store/migrations/0002-trust.ts';
import { schema0003 } from '../store/migrations/0003-certificates.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { PLAIN_VAULT } from '../store/vault/vault.ts';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';
import { type LibraryFilter, listCertificates, statementOf } from './library-list.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const CONVERSATION = '3f1f6f0e-3b0a-4d57-9a5e-0c4a4f8d2b11';
const FOOD = '11100000MB0143028R032';
const COMPANY = { name: '示例餐饮有限公司', documentType: 'social-credit-code', number: '91150626MA0000001R' } as const;
/** Persons who do not exist; the numbers have good check characters. */
const AYXAM = { name: '阿依夏木·示例', documentType: 'citizen-number', number: '11010519491231002X' } as const;
const RARE = { name: '𠮷示例', documentType: 'passport', number: 'E12345678' } as const;

let uxin: CheckRegion;
let time: { value: number };

beforeEach(async () => {
  time = { value: NOW };
  uxin = await checkRegion('150626', { now: () => time.value });
});

afterEach(() => uxin.close());

async function issue(changes: Parameters<typeof licence>[1] = {}): Promise<string> {
  const { identifier } = await uxin.certificates.issue(licence(NOW, changes));
  time.value += 1;
  return identifier;
}

async function found(filter: LibraryFilter): Promise<string[]> {
  return (await uxin.certificates.list({ ...filter, limit: 50 })).map(({ identifier }) => identifier);
}

describe('a holder', () => {
  it('is found by number, by name, or by both, as one of several holders too', async () => {
    const first = await issue({ holder: AYXAM });
    const second = await issue({ holder: COMPANY, otherHolders: [RARE, AYXAM] });
    await issue({ holder: COMPANY });
    const both = [first, second];
    expect(await found({ holder: { number: AYXAM.number } })).toEqual(both);
    expect(await found({ holder: { number: AYXAM.number.toLowerCase() } })).toEqual(both);
    expect(await found({ holder: { number: AYXAM.number, documentType: 'citizen-number' } })).toEqual(both);
    expect(await found({ holder: { name: AYXAM.name } })).toEqual(both);
    expect(await found({ holder: { name: '阿依夏木•示例' } })).toEqual(both);
    expect(await found({ holder: { name: RARE.name } })).toEqual([second]);
    expect(await found({ holder: { number: AYXAM.number, name: AYXAM.name } })).toEqual(both);
  });

  it.each([
    ['a part of a name', { name: '阿依夏木' }],
    ['a part of a number', { number: AYXAM.number.slice(0, 17) }],
    ['a wildcard', { name: '%' }],
    ['the number of one and the name of another', { number: AYXAM.number, name: RARE.name }],
    ['a number of another kind of document', { number: AYXAM.number, documentType: 'passport' as const }],
    ['nothing', { number: '' }],
  ])('is not found by %s', async (_what, holder) => {
    await issue({ holder: COMPANY, otherHolders: [RARE, AYXAM] });
    expect(await found({ holder })).toEqual([]);
  });

  it('who kept back number and name is not found, and stands in nobody’s way', async () => {
    const nantong = await checkRegion('320600', { now: () => time.value });
    nantong.pinned.set('150626', uxin.own);
    const { text } = await uxin.certificates.issue(licence(NOW, { holder: AYXAM }));
    const shown = presentCertificate(text, ['business_items']);
    const from = { conversation: CONVERSATION, item: 'EX018', issuer: '150626' };
    await nantong.store.write((tx) => nantong.certificates.keepReceived(tx, from, shown));
    const listed = (holder: LibraryFilter['holder']) => nantong.certificates.list({ holder, limit: 10 });
    expect(await listed({ number: AYXAM.number })).toEqual([]);
    expect(await listed({ name: '' })).toEqual([]);
    expect(await nantong.certificates.list({ issuer: '150626', limit: 10 })).toHaveLength(1);
    await nantong.close();
  });
});

describe('certificates', () => {
  it('are listed by type, number, issuer, case and status, and by several of them', async () => {
    const one = await issue({ number: 'A1', conversation: CONVERSATION });
    const two = await issue({ number: 'A2', conversation: CONVERSATION });
    const three = await issue({ number: 'A3' });
    await uxin.certificates.setStatus(two, 'revoked', '错误颁发', 'bureau');
    expect(await found({ typeCode: FOOD })).toEqual([one, two, three]);
    expect(await found({ typeCode: FOOD.replace('032', '033') })).toEqual([]);
    expect(await found({ number: 'A2' })).toEqual([two]);
    expect(await found({ issuer: '150626' })).toHaveLength(3);
    expect(await found({ issuer: '320600' })).toEqual([]);
    expect(await found({ status: 'revoked' })).toEqual([two]);
    expect(await found({ status: 'valid', conversation: CONVERSATION })).toEqual([one]);
    expect(await found({ conversation: CONVERSATION, number: 'A3' })).toEqual([]);
    expect(await found({ holder: { number: COMPANY.number }, typeCode: FOOD, status: 'valid' })).toEqual([one, three]);
  });

  it('come in pages whatever is asked', async () => {
    const issued = [await issue(), await issue({ otherHolders: [COMPANY] }), await issue()];
    for (const filter of [{}, { typeCode: FOOD }, { holder: { number: COMPANY.number } }]) {
      const page = await uxin.certificates.list({ ...filter, limit: 2 });
      expect(page.map(({ identifier }) => identifier)).toEqual(issued.slice(0, 2));
      const { createdAt, identifier, issuer } = page[1]!;
      const rest = await uxin.certificates.list({ ...filter, limit: 2, after: [createdAt, identifier, issuer] });
      expect(rest.map((record) => record.identifier)).toEqual(issued.slice(2));
    }
  });

  it.each<[LibraryFilter, string]>([
    [{}, 'certificate_created'],
    [{ typeCode: 'x' }, 'certificate_type'],
    [{ issuer: 'x' }, 'certificate_issuer'],
    [{ issuer: 'x', typeCode: 'x' }, 'certificate_type'],
    [{ status: 'revoked', typeCode: 'x' }, 'certificate_marked'],
    [{ status: 'valid' }, 'certificate_created'],
    [{ status: 'valid', typeCode: 'x' }, 'certificate_type'],
    [{ conversation: 'x', status: 'revoked', typeCode: 'x' }, 'certificate_conversation'],
    [{ number: 'x', conversation: 'x', issuer: 'x' }, 'certificate_number'],
    [{ holder: { name: 'x' }, number: 'x' }, 'certificate_holder_name'],
    [{ holder: { number: 'x', name: 'x', documentType: 'passport' }, typeCode: 'x' }, 'certificate_holder_number'],
  ])('are found by an index: %j', async (filter, index) => {
    const { text, values } = statementOf({ ...filter, limit: 10 }, PLAIN_VAULT);
    const plan = await uxin.store.read.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...values);
    const steps = plan.map(({ detail }) => detail);
    expect(steps.join('\n')).toContain(`INDEX ${index} (`);
    expect(steps.filter((step) => /^SCAN (?!held)/.test(step))).toEqual([]);
  });
});

describe('a store of before', () => {
  it('has its certificates found by number, type and holder after the migration', async () => {
    const input = licence(NOW, {
      number: 'JY-OLD',
      holder: AYXAM,
      otherHolders: [{ ...RARE, name: '𠮷•示例' }, COMPANY],
    });
    const { verified, text } = await uxin.certificates.prepare(input);
    const folder = await mkdtemp(join(tmpdir(), 'tongban-library-'));
    const path = join(folder, 'gateway.db');
    const old = new DatabaseSync(path);
    for (const schema of [schema0001, schema0002, schema0003]) old.exec(schema);
    old.exec('PRAGMA user_version = 3');
    const { identifier, issuer, digest, certificate } = verified;
    old
      .prepare(
        `INSERT INTO certificate (identifier, issuer, conversation, digest, document, text, created_at, updated_at)
         VALUES (?, ?, '', ?, ?, ?, 1, 1)`,
      )
      .run(identifier, issuer, digest, JSON.stringify(certificate), text);
    old.close();
    const store = await openSqliteStore(path);
    const asked: LibraryFilter[] = [
      { number: 'JY-OLD' },
      { typeCode: FOOD },
      { issuer: '150626' },
      { holder: { number: AYXAM.number, documentType: 'citizen-number' } },
      { holder: { name: AYXAM.name } },
      { holder: { number: RARE.number, name: '𠮷·示例' } },
      { holder: { number: COMPANY.number } },
    ];
    for (const filter of asked) {
      const listed = await listCertificates(store.read, { ...filter, limit: 10 }, NOW);
      expect([filter, listed.map((record) => record.identifier)]).toEqual([filter, [identifier]]);
      expect(listed[0]?.certificate).toEqual(certificate);
    }
    await store.close();
    await rm(folder, { recursive: true });
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgreementContent, draftAgreement, listDigest, signAgreement } from '#trust';
import { throwawayRegion } from '../../trust/testing/index.ts';
import { pairDraft } from '../testing/agreement-pair.ts';
import { runTongban } from '../testing/gateway-process.ts';
import { changesBetween, type DiffSources } from './authorization-diff.ts';

const ID = '6f1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11';
const content: AgreementContent = { ...pairDraft(), id: ID, version: 1, created_at: '2026-11-01T00:00:00Z' };

let folder: string;
let older: string;
let newer: string;

const sources: DiffSources = {
  stdin: async () => JSON.stringify(pairDraft({ terms: '标准输入' })),
  fetch: async (id) => {
    if (id !== ID) throw new Error('nobody has it');
    return { content, catalogues: [] };
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-diff-'));
  [older, newer] = [join(folder, 'older.json'), join(folder, 'newer.json')];
  const { signing } = await throwawayRegion('320600', { now: Date.parse(content.created_at) });
  await writeFile(older, await signAgreement(draftAgreement(content), signing));
  await writeFile(newer, JSON.stringify(pairDraft({ fields: [...content.fields, 'form.备注'], terms: '另一份' })));
});

afterAll(() => rm(folder, { recursive: true }));

const kinds = async (a: string, b: string) => (await changesBetween(a, b, sources)).map(({ kind }) => kind);

describe('the difference between two authorizations', () => {
  it('is told between ids, signed documents, drafts and the standard input', async () => {
    expect(await kinds(ID, older)).toEqual([]);
    expect(await kinds(older, newer)).toEqual(['terms', 'wording']);
    expect(await kinds(ID, newer)).toEqual(['terms', 'wording']);
    expect(await kinds(older, '-')).toEqual(['terms']);
    expect(await kinds(JSON.stringify(pairDraft({ fields: [] })), ID)).toEqual(['fields-added']);
  });

  it('knows the items of catalogues that the gateway knows', async () => {
    const [grant] = content.grants;
    const items = ['EX014', 'EX070'];
    const catalogue = { scope: '跨省通办', digest: listDigest(items) };
    const catalogued = { ...content, grants: [{ ...grant!, items: [], catalogue }, content.grants[1]!] };
    const fetch = async () => ({ content: catalogued, catalogues: [{ items }] });
    const changes = await changesBetween(older, ID, { ...sources, fetch });
    expect(changes.map(({ kind }) => kind)).toEqual(['items-added', 'grant-terms']);
    expect(changes[0]!.zh).toContain('EX070');
  });

  it('needs something that is an authorization', async () => {
    await expect(kinds(older, join(folder, 'none.json'))).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(kinds(older, '[]')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(kinds(older, '{"payload":"AA","signatures":[]}')).rejects.toMatchObject({
      code: 'AUTHORIZATION_INVALID',
    });
    await expect(kinds(older, '{"parties":[]}')).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: expect.arrayContaining([expect.objectContaining({ pointer: '/parties' })]),
    });
  });

  it('is printed for people, what newly travels marked, and as JSON', async () => {
    const wider = JSON.stringify(pairDraft({ terms: '另一份' }));
    const narrow = JSON.stringify(pairDraft({ fields: ['certificate.*'] }));
    const { code, stdout } = await runTongban('authorization', 'diff', narrow, wider);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^!! 以下个人信息今后可以传递。共 2 项:申请人全部信息、全部表单字段$/);
    expect(stdout).toContain('     + 另一份');
    const json = JSON.parse((await runTongban('authorization', 'diff', narrow, wider, '--json')).stdout);
    expect(json.changes.map(({ kind }: { kind: string }) => kind)).toEqual(['fields-added', 'terms']);
    expect((await runTongban('authorization', 'diff', wider, wider)).stdout).toContain('没有区别');
    expect((await runTongban('authorization', 'diff', wider, '{}')).code).toBe(2);
  });
});

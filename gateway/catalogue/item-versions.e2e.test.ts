import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from '#proto';
import type { CaseFile } from '../case/case-file.ts';
import type { Event, State } from '../case/transitions.ts';
import { authorize, BACK_OFFICE, caseInput, fileOf, ITEMS, NO_MATERIALS, WINDOW } from '../testing/agency-case.ts';
import { apiOf } from '../testing/api-region.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const SCOPE = '跨省通办';
const PLAN = '平面布局图';
const material = (name: string) => ({ name, original_to_be_checked: false, may_follow_later: false });
const FIRST = {
  ...ITEMS.items[1]!,
  promised_working_days: 5,
  statutory_working_days: 10,
  materials: [material(PLAN)],
  result: '登记结果',
};
const FORM = {
  type: 'object',
  properties: { 经营项目: { type: 'string', maxLength: 20 }, 开业日期: { type: 'string', format: 'date' } },
  required: ['经营项目', '开业日期'],
  additionalProperties: false,
};
const SECOND = {
  ...FIRST,
  promised_working_days: 20,
  statutory_working_days: 30,
  materials: [material(PLAN), material('健康证明')],
  form: FORM,
  result: '新的登记结果',
};

let nantong: LiveRegion;
let uxin: LiveRegion;

beforeAll(async () => {
  nantong = await openLiveRegion(await makeRegionFolder('320600'));
  uxin = await openLiveRegion(await makeRegionFolder('150626'));
  await pinEachOther(nantong, uxin);
  await authorize(nantong, uxin);
  await publish(FIRST);
});

afterAll(async () => {
  await Promise.all([nantong.stop(), uxin.stop()]);
  await removeFolders(nantong.folder, uxin.folder);
});

/** Uxin changes its item and tells Nantong. */
async function publish(item: object): Promise<void> {
  await uxin.services.catalogue.importItems({ items: [item] });
  await uxin.services.catalogue.publish('320600', SCOPE);
  const { digest } = await uxin.services.catalogue.get('150626', NO_MATERIALS);
  await until('the new catalogue', async () =>
    (await nantong.services.catalogue.get('150626', NO_MATERIALS)).digest.equals(digest),
  );
}

/** Opens a case under the item as it is now, with its plan handed in. */
async function opened(form: object = { 经营项目: '热食' }): Promise<string> {
  const { conversation } = await nantong.services.cases.create(caseInput('150626', NO_MATERIALS, { form }));
  const upload = { name: PLAN, mediaType: 'application/pdf', grade: 'C' } as const;
  await nantong.services.cases.addMaterial(conversation, upload, fileOf(conversation, 3000));
  return conversation;
}

function act(side: LiveRegion, key: string, event: Event, data: object = {}): Promise<CaseFile> {
  return side.services.cases.act(key, event, { handler: side === nantong ? WINDOW : BACK_OFFICE, ...data });
}

async function are(key: string, state: State): Promise<readonly [CaseFile, CaseFile]> {
  for (const side of [nantong, uxin]) {
    await until(`the case is ${state} at ${side.region}`, async () => {
      const file = await side.services.cases.demand(key).catch(() => undefined);
      return file?.state === state && !file.pending;
    });
  }
  return [await nantong.services.cases.demand(key), await uxin.services.cases.demand(key)];
}

/** What waits at Uxin's end for a transfer that Nantong's window would not send. @returns the code of the receipt */
async function hand(changes: object): Promise<string> {
  const key = await opened({ 经营项目: '热食', 开业日期: '2027-01-01' });
  const health = { name: '健康证明', mediaType: 'application/pdf', grade: 'C' } as const;
  await nantong.services.cases.addMaterial(key, health, fileOf(`health ${key}`, 2000));
  await act(nantong, key, 'receive');
  await act(nantong, key, 'transfer');
  await are(key, 'transferred');
  const { read } = nantong.core.store;
  const row = await read.get<{ id: string; payload: Buffer }>(
    "SELECT id, payload FROM outbox WHERE conversation = ? AND type = 'CaseTransfer'",
    key,
  );
  const payload = {
    ...decode('CaseTransfer', read.vault.openBytes('outbox.payload', row!.id, row!.payload)),
    materials: [],
    caseNumber: `N-${randomUUID()}`,
    ...changes,
  };
  const use = { name: 'CaseTransfer', payload, sender: '320600', item: NO_MATERIALS, mode: 'agency' } as const;
  const at = { receiving: '320600', handling: '150626', at: Date.now() };
  const authorization = nantong.services.authorizations.permit('150626', { ...use, ...at });
  const outgoing = {
    peer: '150626',
    conversation: randomUUID(),
    name: 'CaseTransfer',
    payload,
    authorization,
  } as const;
  const { id } = await nantong.core.store.write((tx) => nantong.core.outbox.enqueue(tx, outgoing));
  const fate = () => read.get<{ state: string; code: string }>('SELECT state, code FROM outbox WHERE id = ?', id);
  await until('the receipt', async () => (await fate())?.state !== 'pending');
  const known = await uxin.services.cases.demand(outgoing.conversation).catch(() => undefined);
  const { code } = (await fate())!;
  return known ? `${code}${known.document.terms.promisedWorkingDays} days` : code;
}

describe('a case whose item changes while it is under way', () => {
  it('goes on under the version that it began under: materials, limits, result', async () => {
    const first = (await nantong.services.catalogue.get('150626', NO_MATERIALS)).digest.toString('hex');
    const key = await opened();
    await publish(SECOND);
    // Neither the material nor the form that the new version asks for is missed.
    await act(nantong, key, 'receive');
    await act(nantong, key, 'transfer');
    const transferred = await are(key, 'transferred');
    for (const { document } of transferred) {
      expect(document.itemDigest).toBe(first);
      expect(document.terms).toMatchObject({ promisedWorkingDays: 5, statutoryWorkingDays: 10 });
    }
    await act(uxin, key, 'accept');
    const accepted = await are(key, 'accepted');
    for (const { document } of accepted) {
      expect(document.steps.accept).toMatchObject({ promisedWorkingDays: 5 });
      const days = document.limits.filter(({ name }) => name === 'promised' || name === 'statutory');
      expect(days.map((limit) => [limit.name, limit.days])).toEqual([
        ['promised', 5],
        ['statutory', 10],
      ]);
    }
  });

  it('is refused where the window works from a version that nobody knows, and begins under the newest', async () => {
    expect(await hand({ itemDigest: Buffer.alloc(32, 7) })).toBe('ITEM_VERSION_UNKNOWN');
    expect(await hand({ itemDigest: Buffer.alloc(0) })).toBe('20 days');
  });
});

describe('the form of an item', () => {
  it('is demanded at the window, every field at once', async () => {
    const count = () => nantong.core.store.read.get('SELECT count(*) AS n FROM case_file');
    const before = await count();
    await expect(opened({ 经营项目: '热食'.repeat(20), 开业日期: '明天', 附言: '急' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [
        { pointer: '/form/经营项目', code: 'TOO_LONG' },
        { pointer: '/form/开业日期', code: 'FORMAT' },
        { pointer: '/form/附言', code: 'UNKNOWN_FIELD' },
      ],
    });
    await expect(opened({})).rejects.toMatchObject({ problems: [{ code: 'REQUIRED' }, { code: 'REQUIRED' }] });
    expect(await count()).toEqual(before);
  });

  it('is demanded on arrival too', async () => {
    expect(await hand({ form: { 经营项目: '热食' } })).toBe('PAYLOAD_INVALID');
  });
});

describe('the API', () => {
  it('imports, or only compares, shows versions, catalogues and the alignment', async () => {
    const api = await apiOf(nantong);
    const ask = async (method: 'GET' | 'PUT', url: string, body?: object) => {
      const headers = {
        authorization: await api.bearer('operator'),
        ...(body && { 'content-type': 'application/json' }),
      };
      const answer = await api.app.inject({ method, url, headers, ...(body && { payload: JSON.stringify(body) }) });
      return { status: answer.statusCode, json: answer.json() };
    };
    try {
      const ours = { ...FIRST, code: 'NT001', promised_working_days: 3 };
      const tried = await ask('PUT', '/v1/items?dryRun=true', { items: [ours] });
      expect(tried.json).toMatchObject({
        imported: 0,
        added: 1,
        items: [{ code: 'NT001', change: 'added', fields: [] }],
      });
      expect((await ask('GET', '/v1/items')).json).toEqual({ items: [] });
      expect((await ask('PUT', '/v1/items?dryRun=yes', { items: [ours] })).json.code).toBe('VALIDATION_FAILED');
      expect((await ask('PUT', '/v1/items', { items: [ours] })).json).toMatchObject({ imported: 1, added: 1 });
      expect((await ask('GET', `/v1/items?scope=${encodeURIComponent('全市通办')}`)).json.items).toHaveLength(1);

      const { versions } = (await ask('GET', `/v1/items/150626/${NO_MATERIALS}/versions`)).json;
      expect(versions[0]).toMatchObject({ promisedWorkingDays: 20, formSchema: JSON.stringify(FORM) });
      expect(versions[0]).not.toHaveProperty('supersededAt');
      expect(versions.at(-1).supersededAt).toBeGreaterThan(versions.at(-1).validSince);
      expect((await ask('GET', '/v1/items/150626/NONE/versions')).json.code).toBe('ITEM_UNKNOWN');

      const { catalogues } = (await ask('GET', '/v1/catalogues')).json;
      expect(catalogues).toMatchObject([{ publisher: '150626', peer: '320600', scope: SCOPE, isWhole: true }]);

      const report = (await ask('GET', '/v1/items/alignment?peer=150626&item=NT001')).json;
      expect(report).toMatchObject({ ours: '320600', theirs: '150626', onlyOurs: [], onlyTheirs: [] });
      const [pair] = report.pairs;
      expect(pair.differences.map(({ field }: { field: string }) => field)).toContain('promised_working_days');
      expect((await ask('GET', '/v1/items/alignment?peer=350500')).json.code).toBe('ITEM_UNKNOWN');
      expect((await ask('GET', '/v1/items/alignment')).status).toBe(422);
    } finally {
      await api.close(0);
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '#trust';
import { authorize, BACK_OFFICE, CODES, caseInput, FOOD_LICENCE, fileOf, WINDOW } from '../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import type { CaseFile } from './case-file.ts';
import type { Event, State } from './transitions.ts';

let nantong: LiveRegion;
let uxin: LiveRegion;
let key: string;

/** Acts, and waits until both regions see the same new state with nothing pending. */
async function act(side: LiveRegion, event: Event, data: object, state: State): Promise<CaseFile> {
  const acted = await side.services.cases.act(key, event, data);
  await bothAre(state);
  return acted;
}

async function bothAre(state: State): Promise<void> {
  for (const side of [nantong, uxin]) {
    await until(`the case is ${state} at ${side.region}`, async () => {
      const file = await side.services.cases.demand(key).catch(() => undefined);
      return file?.state === state && !file.pending;
    });
  }
}

describe.each([
  ['ES256', 'ES256'],
  ['SM2-SM3', 'ES256'],
  ['Ed25519', 'SM2-SM3'],
] as const)('an agency case (M2) from a region of %s to one of %s', (receiving, handling) => {
  beforeAll(async () => {
    nantong = await openLiveRegion(await makeRegionFolder('320600', { suite: receiving }));
    uxin = await openLiveRegion(await makeRegionFolder('150626', { suite: handling }));
    await pinEachOther(nantong, uxin);
    await authorize(nantong, uxin);
  });

  afterAll(async () => {
    await Promise.all([nantong.stop(), uxin.stop()]);
    await removeFolders(nantong.folder, uxin.folder);
  });

  it('goes from the window to the rating', async () => {
    const { cases } = nantong.services;
    const opened = await cases.create(caseInput('150626', FOOD_LICENCE));
    key = opened.conversation;
    await expect(cases.act(key, 'receive', { handler: WINDOW })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/materials/营业执照' }, { pointer: '/materials/食品经营许可申请书' }],
    });
    const licence = await cases.addMaterial(
      key,
      { name: '营业执照', mediaType: 'image/png', grade: 'C' },
      fileOf('licence', 70_000),
    );
    await cases.addMaterial(
      key,
      { name: '食品经营许可申请书', mediaType: 'application/pdf', grade: 'D' },
      fileOf('application', 6 * 1024 * 1024),
    );
    await cases.checkOriginal(key, licence.digest, WINDOW);
    expect((await cases.act(key, 'receive', { handler: WINDOW })).document.receiptNotice).toBe(`收${opened.number}`);
    await act(nantong, 'transfer', { handler: WINDOW }, 'transferred');

    const supplement = {
      handler: BACK_OFFICE,
      items: [{ material: '平面布局图', reason: '缺少' }],
      deadline: Date.now() + 5 * 86_400_000,
      way: '由收件窗口上传',
    };
    await act(uxin, 'request-supplement', supplement, 'supplementing');
    const { limits } = (await uxin.services.cases.demand(key)).document;
    expect(limits).toMatchObject([
      { name: 'acceptance', state: 'stopped' },
      { name: 'supplement', state: 'running', dueAt: supplement.deadline },
    ]);
    await cases.addMaterial(
      key,
      { name: '平面布局图', mediaType: 'application/pdf', grade: 'D' },
      fileOf('plan', 1000),
    );
    await act(nantong, 'submit-supplement', { handler: WINDOW }, 'transferred');
    expect((await uxin.services.cases.demand(key)).document.materials.map((material) => material.name)).toEqual([
      '营业执照',
      '食品经营许可申请书',
      '平面布局图',
    ]);

    await act(uxin, 'accept', { handler: BACK_OFFICE }, 'accepted');
    const special = { handler: BACK_OFFICE, kind: 'site-inspection', reason: '现场核查' };
    await act(uxin, 'start-special', special, 'special');
    await act(uxin, 'end-special', { handler: BACK_OFFICE, result: '符合' }, 'accepted');
    await act(uxin, 'approve', { handler: BACK_OFFICE, explanation: '符合条件' }, 'approved');
    await act(
      uxin,
      'issue',
      {
        handler: BACK_OFFICE,
        authority: { name: '乌审旗市场监督管理局', code: CODES.uxinMarket },
        validUntil: Date.now() + 5 * 365 * 86_400_000,
        fields: {
          legal_representative: '测试人',
          residence: '测试路1号',
          business_premises: '测试路1号',
          business_form: '食品销售经营者',
          business_items: '预包装食品销售',
        },
      },
      'issued',
    );
    await act(nantong, 'deliver', { handler: WINDOW, way: 'window' }, 'delivered');
    await act(nantong, 'rate', { score: 5, comment: '很好' }, 'rated');
  });

  it('left both regions the same history', async () => {
    const [here, there] = await Promise.all([nantong, uxin].map((side) => side.services.cases.events(key)));
    const shared = (events: typeof here) =>
      events!.filter(({ event }) => event !== 'receive').map(({ event, actor }) => `${event} ${actor}`);
    expect(shared(here)).toEqual(shared(there));
    expect(shared(here)).toHaveLength(10);
  });

  it('produced a certificate that the other region can check with the issuer', async () => {
    const { document } = await nantong.services.cases.demand(key);
    const identifier = document.certificate!;
    const answer = await nantong.services.checks.ask('150626', {
      identifier,
      fields: ['business_items'],
      purpose: '核验',
    });
    expect(answer).toMatchObject({ status: 'valid', fields: { business_items: '预包装食品销售' } });
    const text = await nantong.services.certificates.text(identifier);
    expect((await nantong.services.certificates.verify(text)).status).toBe('valid');
  });

  it.each(['320600', '150626'])('is proved offline by the bundle that %s exports', async (region) => {
    const side = region === '320600' ? nantong : uxin;
    const bundle = await side.services.exportEvidence(key);
    const report = await verifyBundle(bundle, [nantong.core.own, uxin.core.own], { now: Date.now() });
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ verified: true, envelopes: 10, receipts: 10 });
  });
});

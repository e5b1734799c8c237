import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyBundle } from '#trust';
import type { TestApi } from '../../api/testing/api.ts';
import type { Event, State } from '../../case/transitions.ts';
import { authorize, BACK_OFFICE, CODES, caseInput, FOOD_LICENCE, fileOf, WINDOW } from '../../testing/agency-case.ts';
import { apiOf } from '../../testing/api-region.ts';
import { licence } from '../../testing/check-region.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../../testing/live-region.ts';

/** Uxin Banner issues; Nantong gets certificates with cases; Quanzhou asks about them; Xilingol has nothing to do with them. */
const REGIONS = ['150626', '320600', '350500', '152500'];
const REASON = '申请材料经查不实';

let uxin: LiveRegion;
let nantong: LiveRegion;
let quanzhou: LiveRegion;
let xilin: LiveRegion;
let api: TestApi;
let agreement: string;

beforeAll(async () => {
  const folders = await Promise.all(REGIONS.map((region) => makeRegionFolder(region)));
  [uxin, nantong, quanzhou, xilin] = (await Promise.all(folders.map((folder) => openLiveRegion(folder)))) as [
    LiveRegion,
    LiveRegion,
    LiveRegion,
    LiveRegion,
  ];
  for (const peer of [nantong, quanzhou, xilin]) await pinEachOther(uxin, peer);
  await pinEachOther(nantong, quanzhou);
  agreement = await authorize(nantong, uxin);
  await authorize(quanzhou, uxin);
  api = await apiOf(uxin);
}, 60_000);

afterAll(async () => {
  await api.close(0);
  const all = [uxin, nantong, quanzhou, xilin];
  await Promise.all(all.map((region) => region.stop()));
  await removeFolders(...all.map(({ folder }) => folder));
});

/** A case from the window in Nantong to the certificate of Uxin Banner. @returns its identifier */
async function issueInCase(): Promise<string> {
  const { cases } = nantong.services;
  const { conversation: key } = await cases.create(caseInput('150626', FOOD_LICENCE));
  const act = async (side: LiveRegion, event: Event, data: object, state: State) => {
    await side.services.cases.act(key, event, data);
    for (const one of [nantong, uxin]) {
      await until(`the case is ${state} at ${one.region}`, async () => {
        const file = await one.services.cases.demand(key).catch(() => undefined);
        return file?.state === state && !file.pending;
      });
    }
  };
  const original = { name: '营业执照', mediaType: 'image/png', grade: 'C' } as const;
  const { digest } = await cases.addMaterial(key, original, fileOf(`${key} licence`, 1000));
  const application = { name: '食品经营许可申请书', mediaType: 'application/pdf', grade: 'D' } as const;
  await cases.addMaterial(key, application, fileOf(`${key} application`, 1000));
  const plan = { name: '平面布局图', mediaType: 'application/pdf', grade: 'D' } as const;
  await cases.addMaterial(key, plan, fileOf(`${key} plan`, 1000));
  await cases.checkOriginal(key, digest, WINDOW);
  await cases.act(key, 'receive', { handler: WINDOW });
  await act(nantong, 'transfer', { handler: WINDOW }, 'transferred');
  await act(uxin, 'accept', { handler: BACK_OFFICE }, 'accepted');
  await act(uxin, 'approve', { handler: BACK_OFFICE, explanation: '符合条件' }, 'approved');
  const fields = {
    legal_representative: '测试人',
    residence: '测试路1号',
    business_premises: '测试路1号',
    business_form: '食品销售经营者',
    business_items: '预包装食品销售',
  };
  const authority = { name: '乌审旗市场监督管理局', code: CODES.uxinMarket };
  await act(uxin, 'issue', { handler: BACK_OFFICE, authority, validUntil: Date.now() + 86_400_000, fields }, 'issued');
  return (await nantong.services.cases.demand(key)).document.certificate!;
}

const issueOutsideCase = () =>
  uxin.services.certificates.issue(licence(Date.now(), { item: FOOD_LICENCE, number: undefined }));

const ask = (identifier: string) =>
  quanzhou.services.checks.ask('150626', { identifier, fields: [], purpose: '异地核验' });

/** What the API of Uxin Banner says. */
async function call(method: 'GET' | 'POST', path: string, payload?: object) {
  const authorization = await api.bearer('operator');
  const answer = await api.app.inject({ method, url: path, headers: { authorization }, ...(payload && { payload }) });
  return { status: answer.statusCode, json: answer.json() };
}

async function noticesOf(identifier: string): Promise<{ peer: string; state: string }[]> {
  return (await call('GET', `/v1/certificates/${identifier}/notices`)).json.sent;
}

const accepted = async (identifier: string, peer: string) =>
  (await noticesOf(identifier)).some((notice) => notice.peer === peer && notice.state === 'accepted');

it('P13: when the department takes its decision back, whoever received or checked the certificate is told', async () => {
  const identifier = await issueInCase();
  expect((await ask(identifier)).status).toBe('valid');
  const { conversation } = await uxin.services.certificates.get(identifier);
  const ground = 'false-materials';
  const decision = { handler: BACK_OFFICE, ground, reason: REASON, legalBasis: '行政许可法第六十九条' };
  await uxin.services.cases.act(conversation, 'revoke', decision);
  const received = ({ services }: LiveRegion) => services.incomingNotices.received(identifier);
  for (const region of [nantong, quanzhou]) {
    await until(`the notice at ${region.region}`, async () => (await received(region)).length === 1);
    expect(await received(region)).toMatchObject([{ issuer: '150626', status: 'revoked', ground, reason: REASON }]);
  }
  expect(await received(xilin)).toEqual([]);
  await until('the end of the case', async () => {
    return (await nantong.services.cases.demand(conversation)).state === 'revoked';
  });
});

it('a revocation reaches whoever received or checked the certificate, also who was away, and nobody else', async () => {
  const identifier = await issueInCase();
  expect((await ask(identifier)).status).toBe('valid');
  // Whatever the regions agreed has ended: a revocation arrives all the same.
  await uxin.services.authorizations.revoke(agreement, '协议终止', true);
  await until('the end of the agreement', async () => {
    return (await nantong.services.authorizations.get(agreement)).state === 'revoked';
  });
  await nantong.stop();

  const path = `/v1/certificates/${identifier}`;
  const decision = { status: 'revoked', reason: REASON, ground: 'false-materials' };
  const { status, json } = await call('POST', `${path}/status`, decision);
  expect([status, json.status]).toEqual([200, 'revoked']);
  expect(json.notices).toMatchObject([
    { peer: '320600', state: 'waiting', ground: 'false-materials' },
    { peer: '350500', state: 'waiting' },
  ]);
  await until('the receipt of Quanzhou', () => accepted(identifier, '350500'));
  expect(await accepted(identifier, '320600')).toBe(false);
  expect(await quanzhou.services.incomingNotices.received(identifier)).toMatchObject([
    {
      issuer: '150626',
      status: 'revoked',
      ground: 'false-materials',
      reason: REASON,
      authority: '乌审旗市场监督管理局',
    },
  ]);
  const text = await uxin.services.certificates.text(identifier);
  expect(await quanzhou.services.certificates.verify(text)).toMatchObject({ status: 'revoked', source: 'notice' });

  nantong = await openLiveRegion(nantong.folder);
  await until('the receipt of Nantong', () => accepted(identifier, '320600'), 60_000);
  expect(await nantong.services.certificates.get(identifier)).toMatchObject({ status: 'revoked', reason: REASON });
  expect(await nantong.services.certificates.verify(text)).toMatchObject({ status: 'revoked', source: 'notice' });

  expect((await noticesOf(identifier)).map(({ peer }) => peer)).toEqual(['320600', '350500']);
  const sent = await uxin.core.store.read.all("SELECT 1 FROM outbox WHERE peer = '152500'");
  const seen = await xilin.core.store.read.all("SELECT 1 FROM inbox WHERE type LIKE '%CertificateNotice'");
  expect([sent, seen]).toEqual([[], []]);

  for (const peer of [nantong, quanzhou]) {
    const told = (await call('GET', `${path}/notices/${peer.region}/evidence`)).json;
    const [{ conversation } = { conversation: '' }] = await peer.services.incomingNotices.received(identifier);
    for (const bundle of [JSON.stringify(told), await peer.services.exportEvidence(conversation)]) {
      const report = await verifyBundle(bundle, [uxin.core.own, peer.core.own], { now: Date.now() });
      expect(report.faults).toEqual([]);
      expect(report).toMatchObject({ verified: true, envelopes: 1, receipts: 1 });
    }
  }
}, 120_000);

it('a notice about the certificate of another region is refused with its code, and nothing changes', async () => {
  const { identifier, verified, text } = await issueOutsideCase();
  await nantong.core.store.write((tx) =>
    nantong.services.certificates.keepReceived(tx, { conversation: '', item: FOOD_LICENCE, issuer: '150626' }, text),
  );
  const payload = {
    identifier,
    reference: '',
    digest: verified.digest,
    status: 'CERTIFICATE_STATUS_REVOKED',
    ground: 'CERTIFICATE_GROUND_OTHER',
    reason: '伪造的告知',
    decidedAt: Date.now(),
    authority: '乌审旗市场监督管理局',
  };
  const forged = await quanzhou.core.store.write((tx) =>
    quanzhou.core.outbox.enqueue(tx, {
      peer: '320600',
      conversation: quanzhou.core.newId(),
      name: 'CertificateNotice',
      payload,
    }),
  );
  const verdict = () =>
    quanzhou.core.store.read.get<{ state: string; code: string }>(
      'SELECT state, code FROM outbox WHERE id = ?',
      forged.id,
    );
  await until('the verdict', async () => (await verdict())?.state !== 'pending');
  expect(await verdict()).toEqual({ state: 'rejected', code: 'CERTIFICATE_ISSUER' });
  expect((await nantong.services.certificates.get(identifier)).status).toBe('valid');
  expect(await nantong.services.certificates.verify(text)).toMatchObject({ status: 'valid', source: 'dates' });
  expect(await nantong.services.incomingNotices.received(identifier)).toEqual([]);
});

it('a region that was removed is said to know nothing, and is told when it is pinned again', async () => {
  const { identifier } = await issueOutsideCase();
  expect((await ask(identifier)).status).toBe('valid');
  await uxin.core.peers.remove('350500');
  const { json } = await call('POST', `/v1/certificates/${identifier}/status`, { status: 'suspended', reason: '核查' });
  expect(json.notices).toMatchObject([{ peer: '350500', state: 'untold', code: 'PEER_NOT_PINNED' }]);
  expect(await noticesOf(identifier)).toMatchObject([{ peer: '350500', state: 'untold', code: 'PEER_NOT_PINNED' }]);
  await pinEachOther(uxin, quanzhou);
  await until('the receipt of Quanzhou', () => accepted(identifier, '350500'), 60_000);
  expect(await quanzhou.services.incomingNotices.received(identifier)).toMatchObject([{ status: 'suspended' }]);
});

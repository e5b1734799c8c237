import { expect, it } from 'vitest';
import { type AgreementContent, draftAgreement, signAgreement } from '#trust';
import { type AgreementPair, type AgreementSide, eachWithPair, pairDraft } from '../testing/agreement-pair.ts';
import { MAX_CHAIN } from './agreement-lineage.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const OTHER = '00000000-0000-4000-8000-000000000001';

let pair: AgreementPair;
let nantong: AgreementSide;
let uxin: AgreementSide;

eachWithPair(START, (opened) => {
  pair = opened;
  ({ nantong, uxin } = opened);
});

/** Nantong proposes, and Uxin Banner has it. */
async function proposed(): Promise<string> {
  const { id } = await nantong.service.propose(pairDraft());
  await pair.exchange(nantong, uxin);
  return id;
}

/** What Uxin Banner would sign, with a wish of the test. */
async function answer(changes: Partial<AgreementContent>): Promise<object> {
  const content = { ...pairDraft(), id: OTHER, created_at: new Date(START).toISOString(), ...changes };
  return { document: await signAgreement(draftAgreement(content), uxin.own.signing), lists: [] };
}

it('a counter-proposal ends the proposal that it answers, on both sides, and may be accepted', async () => {
  const first = await proposed();
  const countered = await uxin.service.counter(first, { fields: ['applicant.name'] });
  expect(countered).toMatchObject({ state: 'proposed', proposer: '150626', content: { counters: first } });
  expect(countered.content).toMatchObject({ ...pairDraft(), fields: ['applicant.name'] });
  expect((await uxin.service.get(first)).state).toBe('countered');
  expect(await pair.exchange(uxin, nantong)).toEqual(['']);
  expect(await pair.states(first)).toEqual(['countered', 'countered']);
  await expect(uxin.service.accept(first)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
  await expect(nantong.service.revoke(first, '撤回', false)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });

  await pair.accept(countered.id, nantong);
  expect(await pair.states(countered.id)).toEqual(['active', 'active']);
  const documents = await Promise.all([nantong, uxin].map(({ service }) => service.get(countered.id)));
  expect(documents[0]!.document).toBe(documents[1]!.document);
});

it('shows the chain of proposals on both sides, from any of its links, until it is too long', async () => {
  const ids = [await proposed()];
  for (let round = 1; round < MAX_CHAIN; round += 1) {
    const [from, to] = round % 2 === 1 ? [uxin, nantong] : [nantong, uxin];
    ids.push((await from.service.counter(ids.at(-1)!, { terms: `第 ${round} 稿` })).id);
    expect(await pair.exchange(from, to)).toEqual(['']);
  }
  for (const { service } of [nantong, uxin]) {
    for (const id of [ids[0]!, ids[4]!, ids.at(-1)!]) {
      const { chain } = (await service.get(id)).lineage;
      expect(chain.map((link) => link.id)).toEqual(ids);
      expect(chain.map(({ state }) => state)).toEqual([...ids.slice(1).map(() => 'countered'), 'proposed']);
    }
  }
  const last = ids.at(-1)!;
  const [next] = MAX_CHAIN % 2 === 1 ? [uxin] : [nantong];
  await expect(next!.service.counter(last, { terms: '再一稿' })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await pair.states(last)).toEqual(['proposed', 'proposed']);
  expect(next!.outbox.pending(next === nantong ? '150626' : '320600')).toBe(0);
});

it('is for the other party of a proposal that still stands, and names no other', async () => {
  const first = await proposed();
  await expect(nantong.service.counter(first, {})).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(uxin.service.counter(OTHER, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(uxin.service.counter(first, { counters: OTHER })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    problems: [{ pointer: '/counters' }],
  });
  await expect(uxin.service.counter(first, 'no')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  const others = {
    parties: ['150626', '350500'],
    grants: pairDraft().grants.map((g) => ({ ...g, grantee: '350500' })),
  };
  await expect(uxin.service.counter(first, others)).rejects.toMatchObject({ code: 'PEER_NOT_PINNED' });
  await uxin.service.accept(first);
  await expect(uxin.service.counter(first, {})).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await uxin.service.list()).toHaveLength(1);
});

it('gives the proposal back when the other region does not take the answer', async () => {
  for (const code of ['AUTHORIZATION_INVALID', 'EXPIRED'] as const) {
    const first = await proposed();
    const { id } = await uxin.service.counter(first, { terms: '另一稿' });
    const [waiting] = await uxin.outbox.pendingAfter('320600', 0, 1);
    await pair.receipt(uxin, nantong, [{ envelope: waiting!, name: 'AuthorizationProposal', code }]);
    expect(await uxin.service.get(id)).toMatchObject({ state: 'draft', code });
    expect(await pair.states(first)).toEqual(['proposed', 'proposed']);
    expect((await uxin.service.get(first)).lineage.chain.map((link) => link.id)).toEqual([first, id]);
    await pair.accept(first, uxin);
    expect(await pair.states(first)).toEqual(['active', 'active']);
  }
});

it('crosses a withdrawal: the withdrawal stands on both sides, and the answer stands for itself', async () => {
  const first = await proposed();
  await nantong.service.revoke(first, '撤回', false);
  const { id } = await uxin.service.counter(first, { terms: '另一稿' });
  expect(await pair.exchange(uxin, nantong)).toEqual(['']);
  expect(await pair.exchange(nantong, uxin)).toEqual(['']);
  expect(await pair.states(first)).toEqual(['revoked', 'revoked']);
  expect(await pair.states(id)).toEqual(['proposed', 'proposed']);
});

it('is rejected when it answers nothing of ours, something accepted, or what was answered before', async () => {
  const first = await proposed();
  const { id: own } = await uxin.service.propose(pairDraft());
  await pair.exchange(uxin, nantong);
  const rejected = async (code: string, changes: Partial<AgreementContent>) => {
    await pair.send(uxin, nantong, 'AuthorizationProposal', await answer(changes));
    expect(await pair.exchange(uxin, nantong)).toEqual([code]);
    await expect(nantong.service.get(OTHER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  };
  await rejected('AUTHORIZATION_UNKNOWN', { counters: '00000000-0000-4000-8000-000000000002' });
  await rejected('AUTHORIZATION_UNKNOWN', { counters: own });
  await uxin.service.counter(first, {});
  await pair.exchange(uxin, nantong);
  await rejected('AUTHORIZATION_INVALID', { counters: first });

  const agreed = await pair.agree();
  await rejected('AUTHORIZATION_INACTIVE', { counters: agreed });
  expect(await pair.states(agreed)).toEqual(['active', 'active']);
});

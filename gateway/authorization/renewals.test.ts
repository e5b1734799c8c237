import { describe, expect, it } from 'vitest';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type AgreementPair, type AgreementSide, eachWithPair, pairDraft } from '../testing/agreement-pair.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const DAY = 24 * 60 * 60 * 1000;
const UNKNOWN = '00000000-0000-4000-8000-000000000001';
/** When the agreements of these tests end. */
const END = '2027-02-01T00:00:00+08:00';
const LATER = '2028-02-01T00:00:00+08:00';

let pair: AgreementPair;
let nantong: AgreementSide;
let uxin: AgreementSide;

eachWithPair(START, (opened) => {
  pair = opened;
  ({ nantong, uxin } = opened);
});

const code = (expected: string) => expect.objectContaining({ code: expected });
const inactive = code('AUTHORIZATION_INACTIVE');

/** An agreement and the renewal of it that both accepted. */
async function renewed(changes: object): Promise<{ old: string; renewal: string }> {
  const old = await pair.agree();
  pair.clock.at += 1000;
  const { id } = await nantong.service.renew(old, changes);
  await pair.accept(id, uxin);
  return { old, renewal: id };
}

describe('a renewal that is agreed ahead', () => {
  it('begins where the old one ends, with what is not said otherwise unchanged', async () => {
    const old = await pair.agree();
    const { content } = await nantong.service.renew(old, { valid_until: LATER });
    expect(content).toMatchObject({ ...pairDraft(), supersedes: old, valid_from: END, valid_until: LATER });
  });

  it('takes the place of the old one at a moment that both know, by the time of sending', async () => {
    const change = '2027-01-01T00:00:00+08:00';
    const { old, renewal } = await renewed({ valid_from: change, valid_until: LATER });
    expect(await pair.states(old)).toEqual(['active', 'active']);
    expect(nantong.service.permit('150626', pair.transfer()).id).toBe(old);
    const before = await pair.headerOf(nantong, old, { sentAt: Date.parse(change) - 1 });
    const after = await pair.headerOf(nantong, old, { sentAt: Date.parse(change) });

    pair.clock.at = Date.parse(change);
    expect(await pair.states(old)).toEqual(['superseded', 'superseded']);
    expect(nantong.service.permit('150626', pair.transfer()).id).toBe(renewal);
    for (const written of [false, true]) {
      if (written) for (const { service } of [nantong, uxin]) await service.keepCalendar();
      expect(uxin.service.resolve(before, true).content.id).toBe(old);
      expect(() => uxin.service.resolve(after, true)).toThrow(inactive);
      expect(uxin.service.resolve(await pair.headerOf(nantong, renewal), true).content.id).toBe(renewal);
    }
  });

  it('shows where it comes from and what became of the old one', async () => {
    const { old, renewal } = await renewed({ valid_until: LATER });
    for (const { service } of [nantong, uxin]) {
      expect((await service.get(renewal)).lineage).toMatchObject({ renews: old, renewedBy: [] });
      expect(await service.get(old)).toMatchObject({
        lineage: { renewedBy: [renewal] },
        supersededFrom: Date.parse(END),
      });
    }
  });
});

describe('a renewal that comes into force late', () => {
  it('takes the place at once, and new cases of a peer that could not know yet still pass for a day', async () => {
    const old = await pair.agree();
    pair.clock.at += 1000;
    const { id: renewal } = await nantong.service.renew(old, { valid_from: '2026-11-01T00:00:00+08:00' });
    await pair.exchange(nantong, uxin);
    await uxin.service.accept(renewal);
    const verdicts = await pair.deliver(uxin, nantong);
    expect((await nantong.service.get(old)).state).toBe('superseded');
    expect(nantong.service.permit('150626', pair.transfer()).id).toBe(renewal);

    // Uxin Banner has no receipt yet and rightly cites the old one.
    pair.clock.at += 60_000;
    const cited = await pair.headerOf(uxin, old);
    expect(nantong.service.resolve(cited, true).content.id).toBe(old);
    const far = { ...cited, sentAt: cited.sentAt + DAY };
    expect(() => nantong.service.resolve(far, true)).toThrow(inactive);
    await pair.receipt(uxin, nantong, verdicts);
    expect(await pair.states(old)).toEqual(['superseded', 'superseded']);
    expect(await pair.states(renewal)).toEqual(['active', 'active']);
  });

  it('ends what the old one covered and the new one does not', async () => {
    const [, second] = pairDraft().grants;
    const { old } = await renewed({ valid_from: '2026-11-01T00:00:00+08:00', grants: [second] });
    expect(() => nantong.service.permit('150626', pair.transfer())).toThrow(code('ITEM_NOT_COVERED'));
    const header = await pair.headerOf(nantong, old, { sentAt: pair.clock.at + 2 * DAY });
    expect(() => uxin.service.resolve(header, true)).toThrow(inactive);
  });
});

describe('open cases', () => {
  const supplement = () => pair.transfer({ name: 'SupplementSubmitted', payload: payloadSamples.SupplementSubmitted });

  it('go on under the version that they began with, unless it is revoked for cause', async () => {
    const { old, renewal } = await renewed({ valid_from: '2026-11-01T00:00:00+08:00', fields: [] });
    for (const later of [0, 100 * DAY]) {
      pair.clock.at += later;
      await nantong.service.keepCalendar();
      expect(nantong.service.permit('150626', supplement(), old).id).toBe(old);
      expect(uxin.service.resolve(await pair.headerOf(nantong, old), false).content.id).toBe(old);
    }
    expect(await pair.states(old)).toEqual(['superseded', 'superseded']);
    await expect(uxin.service.revoke(old, '终止', false)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
    await uxin.service.revoke(old, '虚假材料', true);
    await pair.exchange(uxin, nantong);
    expect(await pair.states(old)).toEqual(['revoked', 'revoked']);
    expect(() => nantong.service.permit('150626', supplement(), old)).toThrow(inactive);
    const header = await pair.headerOf(nantong, old);
    expect(() => uxin.service.resolve(header, false)).toThrow(inactive);
    expect(uxin.service.resolve(await pair.headerOf(nantong, renewal), false).content.id).toBe(renewal);
  });
});

describe('renewing', () => {
  it('is possible once, of what was in force with the same region', async () => {
    await expect(nantong.service.renew(UNKNOWN, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { id: proposal } = await nantong.service.propose(pairDraft());
    await expect(nantong.service.renew(proposal, {})).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
    await expect(nantong.service.propose(pairDraft({ supersedes: UNKNOWN }))).rejects.toMatchObject({
      code: 'AUTHORIZATION_UNKNOWN',
    });
    const { old } = await renewed({ valid_until: LATER });
    await expect(nantong.service.renew(old, {})).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
    const revoked = await pair.agree();
    await nantong.service.revoke(revoked, '终止', false);
    await expect(nantong.service.renew(revoked, {})).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
  });

  it('of something that has expired begins now', async () => {
    const old = await pair.agree();
    pair.clock.at = Date.parse(END) + DAY;
    const { id, content } = await nantong.service.renew(old, { valid_until: LATER });
    expect(content.valid_from).toBe(new Date(pair.clock.at).toISOString());
    await pair.accept(id, uxin);
    expect(await pair.states(old)).toEqual(['superseded', 'superseded']);
  });

  it('lets only one of two renewals be accepted, and rejects one of what the other side does not know', async () => {
    const old = await pair.agree();
    const one = await nantong.service.renew(old, { valid_until: LATER });
    const other = await nantong.service.renew(old, { valid_until: LATER, terms: '另一份' });
    await pair.exchange(nantong, uxin);
    await uxin.service.accept(one.id);
    await pair.exchange(uxin, nantong);
    await expect(uxin.service.accept(other.id)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
    expect(await pair.states(other.id)).toEqual(['proposed', 'proposed']);

    // A renewal that Uxin Banner proposes of what was renewed meanwhile comes back as a draft.
    const next = await pair.agree(pairDraft({ terms: '又一份' }));
    const mine = await nantong.service.renew(next, { valid_until: LATER });
    const theirs = await uxin.service.renew(next, { valid_until: LATER });
    await pair.accept(mine.id, uxin);
    expect(await pair.exchange(uxin, nantong)).toEqual([]);
    expect(await pair.states(mine.id)).toEqual(['active', 'active']);
    expect(await pair.states(theirs.id)).toEqual(['proposed', 'proposed']);
    await expect(nantong.service.accept(theirs.id)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
  });

  it('can be countered', async () => {
    const old = await pair.agree();
    const first = await nantong.service.renew(old, { valid_until: LATER });
    await pair.exchange(nantong, uxin);
    const { id } = await uxin.service.counter(first.id, { fields: ['applicant.name'] });
    await pair.accept(id, nantong);
    expect((await uxin.service.get(id)).content).toMatchObject({ supersedes: old, counters: first.id });
    pair.clock.at = Date.parse(END);
    expect(await pair.states(old)).toEqual(['superseded', 'superseded']);
    expect(await pair.states(id)).toEqual(['active', 'active']);
  });
});

describe('the calendar', () => {
  it('says when an authorization expires, on both sides, and lets late messages of its time in', async () => {
    const id = await pair.agree();
    const header = await pair.headerOf(nantong, id, { sentAt: Date.parse(END) - 1 });
    pair.clock.at = Date.parse(END);
    for (const { service, news } of [nantong, uxin]) {
      news.length = 0;
      expect(await service.keepCalendar()).toBe(1);
      expect(news).toEqual(['changed expired']);
      expect(await service.keepCalendar()).toBe(0);
    }
    expect(uxin.service.resolve(header, true).content.id).toBe(id);
    expect(() => uxin.service.resolve({ ...header, sentAt: Date.parse(END) }, true)).toThrow(inactive);
    expect(() => nantong.service.permit('150626', pair.transfer())).toThrow(inactive);
  });

  it('lets a proposal lapse', async () => {
    const { id } = await nantong.service.propose(pairDraft());
    pair.clock.at = Date.parse(END);
    await nantong.service.keepCalendar();
    expect((await nantong.service.get(id)).state).toBe('expired');
    const header = await pair.headerOf(nantong, id, { sender: '150626', sentAt: START });
    expect(() => nantong.service.resolve(header, true)).toThrow(inactive);
  });

  it('warns 30, 7 and 1 days before, once each, across a restart', async () => {
    await pair.agree();
    const told: string[] = [];
    for (let day = 40; day > 0; day -= 1) {
      pair.clock.at = Date.parse(END) - day * DAY;
      if (day === 20) nantong = await pair.restart(nantong);
      nantong.news.length = 0;
      for (let again = 0; again < 2; again += 1) await nantong.service.keepCalendar();
      if (nantong.news.length > 0) told.push(`${day}: ${nantong.news.join()}`);
    }
    expect(told).toEqual(['30: ending 30', '7: ending 7', '1: ending 1']);
  });

  it('warns once, of the shortest time, when it looked late, and not at all of what is renewed', async () => {
    await renewed({ valid_until: LATER });
    await pair.agree(pairDraft({ valid_until: '2026-12-01T00:00:00+08:00' }));
    nantong.news.length = 0;
    pair.clock.at = Date.parse('2026-11-30T12:00:00+08:00');
    await nantong.service.keepCalendar();
    expect(nantong.news).toEqual(['ending 1']);
  });
});

import { describe, expect, it } from 'vitest';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type AgreementPair, type AgreementSide, eachWithPair, pairDraft } from '../testing/agreement-pair.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');

let pair: AgreementPair;
let nantong: AgreementSide;
let uxin: AgreementSide;

eachWithPair(START, (opened) => {
  pair = opened;
  ({ nantong, uxin } = opened);
});

const code = (expected: string) => expect.objectContaining({ code: expected });

/** Both exchange until nothing waits. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await pair.exchange(nantong, uxin);
    await pair.exchange(uxin, nantong);
  }
}

describe('a suspended authorization', () => {
  it('lets no new case in, at once on the side that suspends and on the other when it hears', async () => {
    const id = await pair.agree();
    const header = await pair.headerOf(nantong, id);
    pair.clock.at += 1000;
    const suspended = await uxin.service.suspend(id, '系统升级');
    expect(suspended).toMatchObject({
      state: 'suspended',
      suspensions: [{ by: '150626', reason: '系统升级', at: pair.clock.at }],
    });
    expect(() => uxin.service.resolve(header, true)).toThrow(code('AUTHORIZATION_SUSPENDED'));
    expect(nantong.service.permit('150626', pair.transfer()).id).toBe(id);
    expect(await pair.exchange(uxin, nantong)).toEqual(['']);
    expect((await nantong.service.get(id)).suspensions).toEqual(suspended.suspensions);
    expect(() => nantong.service.permit('150626', pair.transfer())).toThrow(code('AUTHORIZATION_SUSPENDED'));
    expect(() => nantong.service.citeForCheck('150626', 'EX014')).toThrow(code('AUTHORIZATION_REQUIRED'));
  });

  it('lets open cases go on', async () => {
    const id = await pair.agree();
    await uxin.service.suspend(id, '系统升级');
    await pair.exchange(uxin, nantong);
    expect(uxin.service.resolve(await pair.headerOf(nantong, id), false).content.id).toBe(id);
    const supplement = pair.transfer({ name: 'SupplementSubmitted', payload: payloadSamples.SupplementSubmitted });
    expect(nantong.service.permit('150626', supplement, id).id).toBe(id);
    const place = { item: 'EX014', mode: 'agency', receiving: '320600', handling: '150626' } as const;
    expect(() => nantong.service.demandRight(id, { ...place, right: 'R2' })).not.toThrow();
  });

  it('is in force again when the region that suspended resumes, and only then', async () => {
    const id = await pair.agree();
    await uxin.service.suspend(id, '系统升级');
    await pair.exchange(uxin, nantong);
    await expect(nantong.service.resume(id, '请恢复')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(uxin.service.suspend(id, '再次')).rejects.toMatchObject({ code: 'CONFLICT' });
    await uxin.service.resume(id, '升级完成');
    await settle();
    expect(await pair.states(id)).toEqual(['active', 'active']);
    expect((await nantong.service.get(id)).suspensions).toEqual([]);
    expect(nantong.service.permit('150626', pair.transfer()).id).toBe(id);
    expect(uxin.service.resolve(await pair.headerOf(nantong, id), true).content.id).toBe(id);
  });

  it('stays suspended while one of two suspensions stands, also when they crossed', async () => {
    const id = await pair.agree();
    await nantong.service.suspend(id, '甲方理由');
    await uxin.service.suspend(id, '乙方理由');
    await settle();
    for (const { service } of [nantong, uxin]) {
      expect((await service.get(id)).suspensions.map(({ by }) => by).sort()).toEqual(['150626', '320600']);
    }
    await nantong.service.resume(id, '甲方恢复');
    await settle();
    expect(await pair.states(id)).toEqual(['suspended', 'suspended']);
    await expect(nantong.service.resume(id, '甲方恢复')).rejects.toMatchObject({ code: 'CONFLICT' });
    await uxin.service.resume(id, '乙方恢复');
    await settle();
    expect(await pair.states(id)).toEqual(['active', 'active']);
  });

  it('survives a restart', async () => {
    const id = await pair.agree();
    await uxin.service.suspend(id, '系统升级');
    await pair.exchange(uxin, nantong);
    const again = await pair.restart(nantong);
    expect(() => again.service.permit('150626', pair.transfer())).toThrow(code('AUTHORIZATION_SUSPENDED'));
  });

  it('refuses new cases also for the time in which it ended', async () => {
    const id = await pair.agree(pairDraft({ valid_until: '2026-12-01T00:00:00+08:00' }));
    await uxin.service.suspend(id, '系统升级');
    const header = await pair.headerOf(nantong, id);
    pair.clock.at = Date.parse('2026-12-01T00:00:00+08:00');
    await uxin.service.keepCalendar();
    expect((await uxin.service.get(id)).state).toBe('expired');
    expect(() => uxin.service.resolve(header, true)).toThrow(code('AUTHORIZATION_SUSPENDED'));
    expect(uxin.service.resolve(header, false).content.id).toBe(id);
  });

  it('may be revoked and renewed', async () => {
    const [one, other] = [await pair.agree(), await pair.agree()];
    for (const id of [one, other]) await uxin.service.suspend(id, '系统升级');
    await settle();
    await nantong.service.revoke(one, '终止', false);
    const renewal = await nantong.service.renew(other, { valid_from: '2026-11-01T00:00:00+08:00' });
    await pair.accept(renewal.id, uxin);
    await settle();
    expect(await pair.states(one)).toEqual(['revoked', 'revoked']);
    expect(await pair.states(other)).toEqual(['superseded', 'superseded']);
    expect(await pair.states(renewal.id)).toEqual(['active', 'active']);
  });
});

describe('news of a suspension', () => {
  it('waits for the receipt that puts the authorization in force', async () => {
    const { id } = await nantong.service.propose(pairDraft());
    await pair.exchange(nantong, uxin);
    await uxin.service.accept(id);
    const verdicts = await pair.deliver(uxin, nantong);
    await nantong.service.suspend(id, '刚生效即中止');
    expect(await pair.exchange(nantong, uxin)).toEqual(['AUTHORIZATION_PENDING']);
    expect((await uxin.service.get(id)).state).toBe('accepted');
    await pair.receipt(uxin, nantong, verdicts);
    expect(await pair.exchange(nantong, uxin)).toEqual(['']);
    expect(await pair.states(id)).toEqual(['suspended', 'suspended']);
  });

  it('is rejected when it names nothing that both know, or what never was in force', async () => {
    const id = await pair.agree();
    const { id: proposal } = await nantong.service.propose(pairDraft());
    await pair.exchange(nantong, uxin);
    const named = async (authorizationId: string) => {
      const digest = Buffer.from((await nantong.service.get(authorizationId)).digest, 'hex');
      return { authorizationId, authorizationDigest: digest, reason: '无' };
    };
    const at = { suspendedAt: START, resumedAt: START };
    for (const name of ['AuthorizationSuspension', 'AuthorizationResumption'] as const) {
      const { suspendedAt, resumedAt } = at;
      const when = name === 'AuthorizationSuspension' ? { suspendedAt } : { resumedAt };
      const other = { ...(await named(id)), authorizationDigest: Buffer.alloc(32), ...when };
      await pair.send(uxin, nantong, name, other);
      await pair.send(uxin, nantong, name, { ...(await named(proposal)), ...when });
      expect(await pair.exchange(uxin, nantong)).toEqual(['AUTHORIZATION_UNKNOWN', 'AUTHORIZATION_INACTIVE']);
    }
    await pair.send(uxin, nantong, 'AuthorizationResumption', { ...(await named(id)), resumedAt: START });
    expect(await pair.exchange(uxin, nantong)).toEqual(['AUTHORIZATION_INACTIVE']);
    expect(await pair.states(id)).toEqual(['active', 'active']);
    expect(await pair.states(proposal)).toEqual(['proposed', 'proposed']);
  });

  it('needs a reason and something in force', async () => {
    const { id } = await nantong.service.propose(pairDraft());
    await expect(nantong.service.suspend(id, '')).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/reason' }],
    });
    await expect(nantong.service.suspend(id, '中止')).rejects.toMatchObject({ code: 'CONFLICT' });
    await nantong.service.revoke(id, '撤回', false);
    await expect(nantong.service.suspend(id, '中止')).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
    expect(nantong.outbox.pending('150626')).toBe(2);
  });

  it('is said again, as it stands by then, when the other region could not be reached for 30 days', async () => {
    const id = await pair.agree();
    await uxin.service.suspend(id, '长期停电');
    const expire = async () => {
      const waiting = await uxin.outbox.pendingAfter('320600', 0, 10);
      const names = waiting.map(({ type }) => type.split('.').at(-1)!);
      const fates = waiting.map((envelope, index) => ({
        envelope,
        name: names[index] as 'Ping',
        code: 'EXPIRED' as const,
      }));
      await pair.receipt(uxin, nantong, fates);
      return names;
    };
    expect(await expire()).toEqual(['AuthorizationSuspension']);
    await uxin.service.resume(id, '恢复供电');
    // The suspension is over by now, so it is not said a third time.
    expect(await expire()).toEqual(['AuthorizationSuspension', 'AuthorizationResumption']);
    expect(await expire()).toEqual(['AuthorizationResumption']);
    await uxin.service.revoke(id, '终止', true);
    expect(await expire()).toEqual(['AuthorizationResumption', 'AuthorizationRevocation']);
    expect(await pair.exchange(uxin, nantong)).toEqual(['AUTHORIZATION_INACTIVE', '']);
    expect(await pair.states(id)).toEqual(['revoked', 'revoked']);
    expect((await nantong.service.get(id)).revocation).toMatchObject({ by: '150626', forCause: true, reason: '终止' });
  });
});

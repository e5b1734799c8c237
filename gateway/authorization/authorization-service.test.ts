import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { messages, PayloadName } from '#proto';
import { type AgreementContent, type AuthorizedUse, draftAgreement, type Signer, signAgreement } from '#trust';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { AgreementPair, type AgreementSide, pairDraft as draft } from '../testing/agreement-pair.ts';
import type { TestClock } from '../testing/region-pair.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const DAY = 24 * 60 * 60 * 1000;
const AGREED = '00000000-0000-4000-8000-000000000001';

describe('the life of an authorization between two regions', () => {
  const regions: Record<string, ThrowawayRegion> = {};
  let pair: AgreementPair;
  let clock: TestClock;
  let nantong: AgreementSide;
  let uxin: AgreementSide;

  beforeAll(async () => {
    for (const code of ['320600', '150626', '350500'])
      regions[code] = await throwawayRegion(code, { now: START - DAY });
  });

  beforeEach(async () => {
    pair = await AgreementPair.open(regions, START);
    ({ clock, nantong, uxin } = pair);
  });

  afterEach(() => pair.close());

  const restart = (side: AgreementSide) => pair.restart(side);
  const deliver = (from: AgreementSide, to: AgreementSide) => pair.deliver(from, to);
  const receipt: AgreementPair['receipt'] = (from, to, verdicts) => pair.receipt(from, to, verdicts);
  const exchange = (from: AgreementSide, to: AgreementSide) => pair.exchange(from, to);
  const agree = (content = draft()) => pair.agree(content);
  const send = (from: AgreementSide, to: AgreementSide, name: PayloadName, payload: object, conversation?: string) =>
    pair.send(from, to, name, payload, conversation);
  const stateAt = async ({ service }: AgreementSide, id: string) => (await service.get(id)).state;
  const headerOf = (from: AgreementSide, id: string, changes?: Partial<messages.EnvelopeHeader>) =>
    pair.headerOf(from, id, changes);
  const transfer = (changes?: Partial<AuthorizedUse>) => pair.transfer(changes);
  const supplement = () => transfer({ name: 'SupplementSubmitted', payload: payloadSamples.SupplementSubmitted });

  /** A proposal that Nantong's own service would never make. */
  async function proposal(changes: Partial<AgreementContent>, signer: Signer = nantong.own.signing): Promise<string> {
    const created_at = new Date(START).toISOString();
    return signAgreement(draftAgreement({ ...draft(), id: AGREED, created_at, ...changes }), signer);
  }

  it('comes into force on both sides, with the same bytes, in one conversation', async () => {
    const proposed = await nantong.service.propose(draft());
    expect(proposed.state).toBe('proposed');
    expect(await exchange(nantong, uxin)).toEqual(['']);
    expect(await stateAt(uxin, proposed.id)).toBe('proposed');

    const accepted = await uxin.service.accept(proposed.id);
    expect(accepted.state).toBe('accepted');
    expect(await exchange(uxin, nantong)).toEqual(['']);

    const [ours, theirs] = [await nantong.service.get(proposed.id), await uxin.service.get(proposed.id)];
    expect([ours.state, theirs.state]).toEqual(['active', 'active']);
    expect(ours.document).toBe(theirs.document);
    expect(ours.digest).toBe(proposed.digest);
    expect(ours.content).toEqual({
      ...draft(),
      id: proposed.id,
      version: 1,
      created_at: new Date(START).toISOString(),
    });
    const conversations = await Promise.all(
      [nantong, uxin].map(({ store }) => store.read.all('SELECT DISTINCT conversation FROM outbox')),
    );
    expect(conversations[0]).toEqual(conversations[1]);
  });

  it('writes the document to a file of its own on both sides', async () => {
    const id = await agree();
    for (const side of [nantong, uxin]) {
      await side.service.stop();
      expect(await readdir(side.exports)).toEqual([`${id}.json`]);
      expect(await readFile(join(side.exports, `${id}.json`), 'utf8')).toBe((await side.service.get(id)).document);
    }
  });

  it('writes a missing file at the next start', async () => {
    const id = await agree();
    await uxin.service.stop();
    await rm(join(uxin.exports, `${id}.json`));
    uxin = await restart(uxin);
    await uxin.service.stop();
    expect(await readdir(uxin.exports)).toEqual([`${id}.json`]);
  });

  it('may not be used by the acceptor before the receipt, while the proposer uses it already', async () => {
    const { id } = await nantong.service.propose(draft());
    await exchange(nantong, uxin);
    await uxin.service.accept(id);
    const verdicts = await deliver(uxin, nantong);
    expect(await stateAt(nantong, id)).toBe('active');
    expect(nantong.service.permit('150626', transfer()).id).toBe(id);

    const header = await headerOf(nantong, id);
    const answer = { name: 'CaseAccepted', payload: payloadSamples.CaseAccepted, sender: '150626' } as const;
    expect(() => uxin.service.resolve(header, true)).toThrow(
      expect.objectContaining({ code: 'AUTHORIZATION_PENDING' }),
    );
    expect(() => uxin.service.permit('320600', transfer(answer))).toThrow(
      expect.objectContaining({ code: 'AUTHORIZATION_PENDING' }),
    );

    await receipt(uxin, nantong, verdicts);
    expect(uxin.service.resolve(header, true).content.id).toBe(id);
    expect(uxin.service.permit('320600', transfer(answer)).digest).toEqual(header.authorizationDigest);
  });

  it('survives a restart in every state', async () => {
    const active = await agree();
    const revoked = await agree();
    await nantong.service.revoke(revoked, '人员调整', false);
    const { id: waiting } = await nantong.service.propose(draft());
    await exchange(nantong, uxin);
    await uxin.service.accept(waiting);
    [nantong, uxin] = [await restart(nantong), await restart(uxin)];

    expect(nantong.service.permit('150626', transfer()).id).toBe(active);
    expect(uxin.service.resolve(await headerOf(nantong, active), true).content.id).toBe(active);
    expect(uxin.service.resolve(await headerOf(nantong, revoked), false).content.id).toBe(revoked);
    expect(await stateAt(uxin, waiting)).toBe('accepted');
    expect(await exchange(uxin, nantong)).toEqual(['']);
    expect([await stateAt(uxin, waiting), await stateAt(nantong, waiting)]).toEqual(['active', 'active']);
  });

  it('lists page by page, in the order of the ids', async () => {
    const ids = [await agree(), await agree(), await agree()].sort();
    const first = await nantong.service.list({ limit: 2 });
    const rest = await nantong.service.list({ after: first.at(-1)!.id, limit: 2 });
    expect([...first, ...rest].map(({ id }) => id)).toEqual(ids);
  });

  describe('proposing', () => {
    it('names every wrong member of a draft at once and stores nothing', async () => {
      const grant = { ...draft().grants[0]!, rights: ['R9'] };
      const wrong = { ...draft(), id: AGREED, parties: ['350500', '150626'], grants: [grant], terms: '' };
      await expect(nantong.service.propose(wrong)).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        problems: expect.arrayContaining(
          ['/id', '/parties', '/grants/0/rights/0', '/terms', '/grants/0/grantee'].map((pointer) =>
            expect.objectContaining({ pointer }),
          ),
        ),
      });
      await expect(nantong.service.propose('agreement')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      await expect(nantong.service.propose(draft({ valid_until: '2026-11-19T00:00:00+08:00' }))).rejects.toMatchObject({
        problems: [{ pointer: '/valid_until' }],
      });
      expect(await nantong.service.list()).toEqual([]);
      expect(nantong.outbox.pending('150626')).toBe(0);
    });

    it('needs a pinned peer', async () => {
      const grants = draft().grants.map((grant) => ({ ...grant, grantor: '350500' }));
      const content = draft({ parties: ['320600', '350500'], grants });
      await expect(nantong.service.propose(content)).rejects.toMatchObject({ code: 'PEER_NOT_PINNED' });
      expect(await nantong.service.list()).toEqual([]);
    });

    it('goes back to a draft when the peer rejects it', async () => {
      const { id } = await nantong.service.propose(draft());
      const [verdict] = await deliver(nantong, uxin);
      await receipt(nantong, uxin, [{ ...verdict!, code: 'AUTHORIZATION_INVALID' }]);
      expect(await nantong.service.get(id)).toMatchObject({ state: 'draft', code: 'AUTHORIZATION_INVALID' });
      await expect(nantong.service.revoke(id, '撤回', false)).rejects.toMatchObject({ code: 'CONFLICT' });
    });
  });

  describe('receiving a proposal', () => {
    it.each<[string, () => Promise<string>]>([
      ['altered', async () => (await proposal({})).replace(/"signature":"../, '"signature":"AA')],
      ['not JSON', async () => '{'],
      ['signed by a third region', () => proposal({}, regions['350500']!.signing)],
      ['signed with a key for another purpose', () => proposal({}, nantong.own.log)],
      ['signed by both already', async () => signAgreement(await proposal({}), uxin.own.signing)],
      ['from the future', () => proposal({ created_at: new Date(START + DAY).toISOString() })],
      [
        'over before it came',
        () => proposal({ created_at: '2026-11-02T00:00:00Z', valid_until: '2026-11-20T08:59:59+08:00' }),
      ],
      [
        'between other regions',
        () => {
          const grants = draft().grants.map((grant) => ({ ...grant, grantor: '350500' }));
          return proposal({ parties: ['320600', '350500'], grants });
        },
      ],
    ])('rejects one that is %s', async (_, make) => {
      await send(nantong, uxin, 'AuthorizationProposal', { document: await make(), lists: [] });
      expect(await exchange(nantong, uxin)).toEqual(['AUTHORIZATION_INVALID']);
      expect(await uxin.service.list()).toEqual([]);
    });

    it('takes the same proposal again without effect, and no other under its id or in its conversation', async () => {
      const conversation = nantong.newId();
      const first = await proposal({});
      await send(nantong, uxin, 'AuthorizationProposal', { document: first, lists: [] }, conversation);
      expect(await exchange(nantong, uxin)).toEqual(['']);
      const stored = await uxin.service.get(AGREED);

      await send(nantong, uxin, 'AuthorizationProposal', { document: first, lists: [] }, conversation);
      await send(nantong, uxin, 'AuthorizationProposal', {
        document: await proposal({ fields: ['form.*'] }),
        lists: [],
      });
      const other = await proposal({ id: '00000000-0000-4000-8000-000000000002' });
      await send(nantong, uxin, 'AuthorizationProposal', { document: other, lists: [] }, conversation);
      expect(await exchange(nantong, uxin)).toEqual(['', 'AUTHORIZATION_INVALID', 'AUTHORIZATION_INVALID']);
      expect(await uxin.service.list()).toHaveLength(1);
      expect(await uxin.service.get(AGREED)).toEqual(stored);
    });

    it('defers what is more than an operator can answer', async () => {
      for (let index = 0; index < 101; index += 1) {
        const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
        await send(nantong, uxin, 'AuthorizationProposal', { document: await proposal({ id }), lists: [] });
      }
      const codes = await exchange(nantong, uxin);
      expect(codes.filter((code) => code === '')).toHaveLength(100);
      expect(codes.at(-1)).toBe('TRY_LATER');
      expect(await uxin.service.list({ limit: 200 })).toHaveLength(100);
    });
  });

  describe('accepting', () => {
    it('is for the other party, once, and before the end', async () => {
      const { id } = await nantong.service.propose(draft());
      await exchange(nantong, uxin);
      await expect(nantong.service.accept(id)).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(uxin.service.accept(AGREED)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const twice = await Promise.allSettled([uxin.service.accept(id), uxin.service.accept(id)]);
      expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(uxin.outbox.pending('320600')).toBe(1);
      const { id: late } = await nantong.service.propose(draft());
      await exchange(nantong, uxin);
      clock.at = Date.parse('2027-02-01T00:00:00+08:00');
      await expect(uxin.service.accept(late)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
    });

    it('rejects an acceptance of what was withdrawn; the acceptor hears of both', async () => {
      const { id } = await nantong.service.propose(draft());
      await exchange(nantong, uxin);
      await uxin.service.accept(id);
      await nantong.service.revoke(id, '内容有误', false);
      expect(await exchange(uxin, nantong)).toEqual(['AUTHORIZATION_INACTIVE']);
      expect(await uxin.service.get(id)).toMatchObject({ state: 'proposed', code: 'AUTHORIZATION_INACTIVE' });
      expect((JSON.parse((await uxin.service.get(id)).document) as { signatures: object[] }).signatures).toHaveLength(
        1,
      );
      expect(await exchange(nantong, uxin)).toEqual(['']);
      expect([await stateAt(nantong, id), await stateAt(uxin, id)]).toEqual(['revoked', 'revoked']);
      // It was never in force, so no case can have begun under it.
      const header = await headerOf(uxin, id);
      expect(() => nantong.service.resolve(header, false)).toThrow(
        expect.objectContaining({ code: 'AUTHORIZATION_INACTIVE' }),
      );
    });

    it('can be tried again after the acceptance expired', async () => {
      const { id } = await nantong.service.propose(draft());
      await exchange(nantong, uxin);
      await uxin.service.accept(id);
      const [verdict] = await uxin.outbox.pendingAfter('320600', 0, 1);
      await receipt(uxin, nantong, [{ envelope: verdict!, name: 'AuthorizationAcceptance', code: 'EXPIRED' }]);
      expect(await uxin.service.get(id)).toMatchObject({ state: 'proposed', code: 'EXPIRED' });
      await uxin.service.accept(id);
      expect(await exchange(uxin, nantong)).toEqual(['']);
      expect(await uxin.service.get(id)).toMatchObject({ state: 'active', code: '' });
    });

    it('takes the same acceptance again without effect', async () => {
      const id = await agree();
      const before = await nantong.service.get(id);
      const [row] = await uxin.store.read.all<{ conversation: string }>('SELECT conversation FROM outbox LIMIT 1');
      await send(uxin, nantong, 'AuthorizationAcceptance', { document: before.document }, row!.conversation);
      expect(await exchange(uxin, nantong)).toEqual(['']);
      expect(await nantong.service.get(id)).toEqual(before);
    });

    it('rejects an acceptance of something else than was proposed, and changes nothing', async () => {
      const { id } = await nantong.service.propose(draft());
      const [row] = await nantong.store.read.all<{ conversation: string }>('SELECT conversation FROM outbox');
      const right = (await nantong.service.get(id)).document;
      const content = { ...(await nantong.service.get(id)).content, fields: [] };
      const altered = await signAgreement(
        await signAgreement(draftAgreement(content), nantong.own.signing),
        uxin.own.signing,
      );
      const elsewhere = await signAgreement(right, uxin.own.signing);
      const unknown = await signAgreement(await proposal({}), uxin.own.signing);
      const third = await signAgreement(right, regions['350500']!.signing);
      await send(uxin, nantong, 'AuthorizationAcceptance', { document: altered }, row!.conversation);
      await send(uxin, nantong, 'AuthorizationAcceptance', { document: elsewhere });
      await send(uxin, nantong, 'AuthorizationAcceptance', { document: third }, row!.conversation);
      await send(uxin, nantong, 'AuthorizationAcceptance', { document: right }, row!.conversation);
      await send(uxin, nantong, 'AuthorizationAcceptance', { document: unknown });
      const invalid = 'AUTHORIZATION_INVALID';
      expect(await exchange(uxin, nantong)).toEqual([invalid, invalid, invalid, invalid, 'AUTHORIZATION_UNKNOWN']);
      expect(await nantong.service.get(id)).toMatchObject({ state: 'proposed', document: right });
    });
  });

  describe('revoking', () => {
    it('ends new cases at once on the side that revokes and on the other when it hears', async () => {
      const id = await agree();
      const header = await headerOf(nantong, id);
      clock.at += 1000;
      const revoked = await uxin.service.revoke(id, '事项调整', false);
      expect(revoked).toMatchObject({
        state: 'revoked',
        revocation: { by: '150626', reason: '事项调整', forCause: false, at: clock.at },
      });
      expect(() => uxin.service.resolve(header, true)).toThrow(
        expect.objectContaining({ code: 'AUTHORIZATION_INACTIVE' }),
      );
      expect(nantong.service.permit('150626', transfer()).id).toBe(id);
      expect(await exchange(uxin, nantong)).toEqual(['']);
      expect((await nantong.service.get(id)).revocation).toEqual(revoked.revocation);
      expect(() => nantong.service.permit('150626', transfer())).toThrow(
        expect.objectContaining({ code: 'AUTHORIZATION_INACTIVE' }),
      );
    });

    it('lets open cases go on without cause, and ends them for cause, also later', async () => {
      const id = await agree();
      const header = await headerOf(nantong, id);
      await uxin.service.revoke(id, '事项调整', false);
      await exchange(uxin, nantong);
      expect(uxin.service.resolve(header, false).content.id).toBe(id);
      expect(nantong.service.permit('150626', supplement(), id).id).toBe(id);

      await expect(uxin.service.revoke(id, '再次', false)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
      await uxin.service.revoke(id, '虚假材料', true);
      expect(await exchange(uxin, nantong)).toEqual(['']);
      for (const opening of [true, false]) {
        expect(() => uxin.service.resolve(header, opening)).toThrow(
          expect.objectContaining({ code: 'AUTHORIZATION_INACTIVE' }),
        );
      }
      expect(() => nantong.service.permit('150626', supplement(), id)).toThrow(
        expect.objectContaining({ code: 'AUTHORIZATION_INACTIVE' }),
      );
      await expect(nantong.service.revoke(id, '再次', true)).rejects.toMatchObject({ code: 'AUTHORIZATION_INACTIVE' });
    });

    it('crosses another revocation without harm, and the stricter one holds', async () => {
      const id = await agree();
      await nantong.service.revoke(id, '甲方终止', false);
      await uxin.service.revoke(id, '乙方因故终止', true);
      expect(await exchange(nantong, uxin)).toEqual(['']);
      expect(await exchange(uxin, nantong)).toEqual(['']);
      for (const side of [nantong, uxin]) {
        expect((await side.service.get(id)).revocation).toMatchObject({ by: '150626', forCause: true });
      }
    });

    it('declines a proposal', async () => {
      const { id } = await nantong.service.propose(draft());
      await exchange(nantong, uxin);
      await uxin.service.revoke(id, '不同意', false);
      expect(await exchange(uxin, nantong)).toEqual(['']);
      expect([await stateAt(nantong, id), await stateAt(uxin, id)]).toEqual(['revoked', 'revoked']);
    });

    it('needs a reason and an agreement that is there', async () => {
      const id = await agree();
      await expect(uxin.service.revoke(id, '', false)).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        problems: [{ pointer: '/reason' }],
      });
      await expect(uxin.service.revoke(AGREED, '无', false)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await stateAt(uxin, id)).toBe('active');
      expect(uxin.outbox.pending('320600')).toBe(0);
    });

    it('rejects a revocation of what it does not know', async () => {
      const id = await agree();
      const sample = { ...payloadSamples.AuthorizationRevocation, revokedAt: START };
      const digest = Buffer.from((await uxin.service.get(id)).digest, 'hex');
      await send(uxin, nantong, 'AuthorizationRevocation', { ...sample, authorizationId: id });
      await send(uxin, nantong, 'AuthorizationRevocation', { ...sample, authorizationDigest: digest });
      expect(await exchange(uxin, nantong)).toEqual(['AUTHORIZATION_UNKNOWN', 'AUTHORIZATION_UNKNOWN']);
      expect(await stateAt(nantong, id)).toBe('active');
    });
  });

  describe('citing', () => {
    it('resolves only what is cited, known, of this peer, in force and valid when it was sent', async () => {
      const id = await agree();
      const { id: proposed } = await nantong.service.propose(draft());
      await exchange(nantong, uxin);
      const refused = async (code: string, cited: string, changes: Partial<messages.EnvelopeHeader> = {}) => {
        const header = await headerOf(nantong, cited, changes);
        expect(() => uxin.service.resolve(header, true)).toThrow(expect.objectContaining({ code }));
      };
      expect(uxin.service.resolve(await headerOf(nantong, id), true).content.id).toBe(id);
      await refused('AUTHORIZATION_REQUIRED', id, { authorizationId: '' });
      await refused('AUTHORIZATION_UNKNOWN', id, { authorizationId: AGREED });
      await refused('AUTHORIZATION_UNKNOWN', id, { authorizationDigest: Buffer.alloc(32) });
      await refused('AUTHORIZATION_UNKNOWN', id, { sender: '350500' });
      await refused('AUTHORIZATION_INACTIVE', proposed);
      await refused('AUTHORIZATION_INACTIVE', id, { sentAt: Date.parse('2026-11-01T00:00:00+08:00') - 1 });
      await refused('AUTHORIZATION_INACTIVE', id, { sentAt: Date.parse('2027-02-01T00:00:00+08:00') });
    });

    it('says most specifically why nothing permits a message', async () => {
      const refused = (code: string, use: AuthorizedUse, peer = '150626') =>
        expect(() => nantong.service.permit(peer, use)).toThrow(expect.objectContaining({ code }));
      refused('AUTHORIZATION_REQUIRED', transfer());
      await agree(draft({ fields: [] }));
      clock.at += 1000;
      await agree(draft({ grants: [draft().grants[1]!] }));
      refused('FIELD_NOT_ALLOWED', transfer());
      refused('RIGHT_MISSING', transfer({ item: 'EX020' }));
      refused('MODE_NOT_COVERED', transfer({ mode: 'joint' }));
      refused('ITEM_NOT_COVERED', transfer({ item: 'EX999' }));
      refused('AUTHORIZATION_INACTIVE', transfer({ at: Date.parse('2028-01-01T00:00:00Z') }));
      refused('AUTHORIZATION_REQUIRED', transfer(), '350500');
    });

    it('finds what a question about a certificate is asked under: what covers the item, else what is in force', async () => {
      const refused = ({ service }: AgreementSide, peer: string) =>
        expect(() => service.citeForCheck(peer, 'EX014')).toThrow(
          expect.objectContaining({ code: 'AUTHORIZATION_REQUIRED' }),
        );
      refused(nantong, '150626');
      const older = await agree();
      clock.at += 1000;
      const newer = await agree(draft({ grants: [draft().grants[1]!] }));
      expect(nantong.service.citeForCheck('150626', 'EX014').id).toBe(older);
      for (const item of [undefined, 'EX020', 'EX999']) {
        expect(nantong.service.citeForCheck('150626', item).id).toBe(newer);
      }
      await uxin.service.revoke(newer, '事项调整', false);
      expect(uxin.service.citeForCheck('320600', undefined).id).toBe(older);
      clock.at = Date.parse('2027-02-01T00:00:00+08:00');
      refused(nantong, '150626');
    });

    it('prefers the newest agreement, and lets a case go on under its own, also when that has run out', async () => {
      const older = await agree(draft({ valid_until: '2026-12-01T00:00:00+08:00' }));
      clock.at += DAY;
      const newer = await agree();
      expect(nantong.service.permit('150626', transfer()).id).toBe(newer);
      expect(nantong.service.permit('150626', supplement(), older).id).toBe(older);
      expect(nantong.service.permit('150626', transfer(), older).id).toBe(newer);
      clock.at = Date.parse('2026-12-01T00:00:00+08:00');
      expect(await stateAt(nantong, older)).toBe('expired');
      expect(nantong.service.permit('150626', supplement(), older).id).toBe(older);
      expect(uxin.service.resolve(await headerOf(nantong, older), false).content.id).toBe(older);
      expect(() => nantong.service.permit('150626', supplement(), AGREED)).toThrow(
        expect.objectContaining({ code: 'AUTHORIZATION_UNKNOWN' }),
      );
    });
  });
});

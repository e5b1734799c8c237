import { describe, expect, it } from 'vitest';
import { type AgreementContent, draftAgreement, listDigest, signAgreement } from '#trust';
import {
  type AgreementPair,
  type AgreementSide,
  DEPARTMENT,
  type Draft,
  eachWithPair,
  pairDraft,
} from '../testing/agreement-pair.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const DAY = 24 * 60 * 60 * 1000;
const OTHER = '00000000-0000-4000-8000-000000000001';

let pair: AgreementPair;
let nantong: AgreementSide;
let uxin: AgreementSide;

eachWithPair(START, (opened) => {
  pair = opened;
  ({ nantong, uxin } = opened);
});

describe('the contacts of an authorization', () => {
  const ours = [{ name: '测试甲', role: '业务联系人', phone: '0513-00000000', email: '' }];

  it("are each side's own, change without a signature, and reach the other side", async () => {
    const id = await pair.agree();
    const { document } = await nantong.service.get(id);
    expect(await nantong.service.setContacts(id, ours)).toEqual([
      { region: '320600', contacts: ours, changedAt: START },
    ]);
    await uxin.service.setContacts(id, [{ name: '测试乙', email: 'yi@example.invalid' }]);
    await pair.exchange(nantong, uxin);
    await pair.exchange(uxin, nantong);
    const both = await nantong.service.contacts(id);
    expect(both.map(({ region }) => region)).toEqual(['150626', '320600']);
    expect(await uxin.service.contacts(id)).toEqual(both);

    pair.clock.at += DAY;
    await nantong.service.setContacts(id, [{ name: '测试丙', phone: '+86 513 00000001' }]);
    expect(await pair.exchange(nantong, uxin)).toEqual(['']);
    const [, changed] = await uxin.service.contacts(id);
    expect(changed).toMatchObject({ contacts: [{ name: '测试丙' }], changedAt: pair.clock.at });
    await nantong.service.setContacts(id, []);
    await pair.exchange(nantong, uxin);
    expect((await uxin.service.contacts(id))[1]).toMatchObject({ region: '320600', contacts: [] });
    for (const { service } of [nantong, uxin]) expect((await service.get(id)).document).toBe(document);
  });

  it('stand in nothing else that is shown of an authorization', async () => {
    const id = await pair.agree();
    await nantong.service.setContacts(id, ours);
    expect(JSON.stringify([await nantong.service.get(id), await nantong.service.list()])).not.toContain('测试甲');
  });

  it('are bounded, and every wrong member is named', async () => {
    const id = await pair.agree();
    const wrong = [{ name: '', phone: '请致电' }, { name: '甲' }, { name: '乙', email: 'yi', fax: '1' }];
    await expect(nantong.service.setContacts(id, wrong)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [
        { pointer: '/contacts/0/name', code: 'REQUIRED' },
        { pointer: '/contacts/0/phone', code: 'FORMAT' },
        { pointer: '/contacts/1/phone', code: 'REQUIRED' },
        { pointer: '/contacts/2/email', code: 'FORMAT' },
        { pointer: '/contacts/2/fax', code: 'UNKNOWN_FIELD' },
      ],
    });
    await expect(nantong.service.setContacts(id, Array(21).fill(ours[0]))).rejects.toMatchObject({
      problems: [{ pointer: '/contacts', code: 'TOO_MANY' }],
    });
    await expect(nantong.service.setContacts(OTHER, ours)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(nantong.service.contacts(OTHER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await nantong.service.contacts(id)).toEqual([]);
    expect(nantong.outbox.pending('150626')).toBe(0);
  });

  it('of something unknown are rejected', async () => {
    const id = await pair.agree();
    const named = { authorizationId: id, authorizationDigest: Buffer.alloc(32), contacts: ours, changedAt: START };
    await pair.send(uxin, nantong, 'AuthorizationContacts', named);
    expect(await pair.exchange(uxin, nantong)).toEqual(['AUTHORIZATION_UNKNOWN']);
    expect(await nantong.service.contacts(id)).toEqual([]);
  });
});

describe('a catalogue that a grant names', () => {
  const SCOPE = '跨省通办';
  const KEY = `150626 320600 ${SCOPE} ${DEPARTMENT.code}`;

  /** A draft as an operator writes it: of the catalogue only the scope. */
  function drafted(scope = SCOPE, items: readonly string[] = []): Draft {
    const [first] = pairDraft().grants;
    return pairDraft({ grants: [{ ...first!, items, catalogue: { scope } as never }] });
  }

  it('is fixed by the list of the day, which travels beside the document', async () => {
    pair.published.set(KEY, ['EX014', 'EX055']);
    const proposed = await nantong.service.propose(drafted());
    const digest = listDigest(['EX014', 'EX055']);
    expect(proposed.content.grants[0]).toMatchObject({ items: [], catalogue: { scope: SCOPE, digest } });
    await pair.accept(proposed.id, uxin);
    expect(await pair.states(proposed.id)).toEqual(['active', 'active']);
    for (const { service } of [nantong, uxin]) {
      expect((await service.get(proposed.id)).catalogues).toEqual([
        { scope: SCOPE, digest, items: ['EX014', 'EX055'] },
      ]);
    }
    const cited = await pair.headerOf(nantong, proposed.id);
    for (const item of ['EX014', 'EX055']) {
      expect(nantong.service.permit('150626', pair.transfer({ item })).id).toBe(proposed.id);
      expect(() => uxin.service.resolve(cited, true).judge(pair.transfer({ item }))).not.toThrow();
    }
  });

  it('does not cover what is added to it later, until a renewal reads it anew', async () => {
    pair.published.set(KEY, ['EX014']);
    const { id } = await nantong.service.propose(drafted(SCOPE, ['EX020']));
    await pair.accept(id, uxin);
    pair.published.set(KEY, ['EX014', 'EX066']);
    for (const side of [nantong, uxin]) await pair.restart(side);
    ({ nantong, uxin } = pair);
    const added = pair.transfer({ item: 'EX066' });
    const notCovered = expect.objectContaining({ code: 'ITEM_NOT_COVERED' });
    expect(() => nantong.service.permit('150626', added)).toThrow(notCovered);
    const header = await pair.headerOf(nantong, id);
    expect(() => uxin.service.resolve(header, true).judge(added)).toThrow(notCovered);
    expect(nantong.service.permit('150626', pair.transfer({ item: 'EX020' })).id).toBe(id);

    pair.clock.at += 1000;
    const renewal = await nantong.service.renew(id, { valid_from: '2026-11-01T00:00:00+08:00' });
    const [change, ...others] = (await nantong.service.changes(renewal.id, id)).filter(({ kind }) => kind !== 'origin');
    expect(change).toMatchObject({ kind: 'items-added', zh: expect.stringMatching(/共 1 项:EX066$/) });
    expect(others).toEqual([]);
    await pair.accept(renewal.id, uxin);
    expect(nantong.service.permit('150626', added).id).toBe(renewal.id);
  });

  it('must be published to the other region, with items of the department', async () => {
    pair.published.set(KEY, []);
    for (const scope of [SCOPE, '全市通办']) {
      await expect(nantong.service.propose(drafted(scope))).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        problems: [{ pointer: '/grants/0/catalogue/scope', code: 'NOT_PUBLISHED' }],
      });
    }
    expect(await nantong.service.list()).toEqual([]);
  });

  it('arrives with exactly the lists of its digests, or not at all', async () => {
    const [first] = pairDraft().grants;
    const catalogue = { scope: SCOPE, digest: listDigest(['EX014']) };
    const content: AgreementContent = {
      ...pairDraft({ grants: [{ ...first!, items: [], catalogue }] }),
      id: OTHER,
      version: 1,
      created_at: new Date(START).toISOString(),
    };
    const document = await signAgreement(draftAgreement(content), uxin.own.signing);
    const lists = { right: { items: ['EX014'] }, longer: { items: ['EX014', 'EX015'] } };
    for (const given of [[], [lists.longer], [lists.right, lists.longer], [lists.right, lists.right]]) {
      await pair.send(uxin, nantong, 'AuthorizationProposal', { document, lists: given });
      expect(await pair.exchange(uxin, nantong)).toEqual(['AUTHORIZATION_INVALID']);
    }
    expect(await nantong.service.list()).toEqual([]);
    await pair.send(uxin, nantong, 'AuthorizationProposal', { document, lists: [lists.right] });
    expect(await pair.exchange(uxin, nantong)).toEqual(['']);
  });
});

describe('changes between two authorizations', () => {
  it('are said for any two that we hold', async () => {
    const one = await pair.agree();
    const other = await nantong.service.propose(pairDraft({ fields: [...pairDraft().fields, 'form.备注'] }));
    expect((await nantong.service.changes(other.id, one)).map(({ kind }) => kind)).toEqual(['wording']);
    const third = await nantong.service.propose(pairDraft({ fields: [] }));
    expect((await nantong.service.changes(one, third.id))[0]).toMatchObject({ kind: 'fields-added' });
    expect(await nantong.service.changes(one, one)).toEqual([]);
    await expect(nantong.service.changes(one, OTHER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(nantong.service.changes(OTHER, one)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

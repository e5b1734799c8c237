import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PayloadName } from '#proto';
import {
  draftJoint,
  type EndingKind,
  type JointContent,
  joinJoint,
  readJoint,
  type Signer,
  signEnding,
  signJoint,
} from '#trust';
import { exampleJoint } from '../../trust/testing/example-joint.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { pinEachOther, type TestClock, testClock } from '../testing/region-pair.ts';
import { carry, carryAll, type JointSide, jointDraft, jointSide } from './testing/joint-side.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const DAY = 24 * 60 * 60 * 1000;
const [LEAD, UXIN, QUANZHOU, CHANGZHI] = ['320600', '150626', '350500', '140400'] as const;

describe('a joint agreement in the books of its parties', () => {
  const regions: Record<string, ThrowawayRegion> = {};
  let folder: string;
  let clock: TestClock;
  let nantong: JointSide;
  let uxin: JointSide;
  let quanzhou: JointSide;
  let all: JointSide[];

  beforeAll(async () => {
    for (const code of [LEAD, UXIN, QUANZHOU, CHANGZHI])
      regions[code] = await throwawayRegion(code, { now: START - DAY });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joint-'));
    clock = testClock(START);
    all = [];
    for (const code of [LEAD, UXIN, QUANZHOU]) all.push(await jointSide(regions[code]!, folder, clock));
    [nantong, uxin, quanzhou] = all as [JointSide, JointSide, JointSide];
    // The two other parties have never heard of each other.
    await pinEachOther(nantong, uxin);
    await pinEachOther(nantong, quanzhou);
  });

  afterEach(async () => {
    for (const side of all) await side.close();
    await rm(folder, { recursive: true });
  });

  const propose = async () => (await nantong.joint.propose(jointDraft(START))).id;

  async function conclude(): Promise<string> {
    const id = await propose();
    await carryAll(all);
    await uxin.joint.sign(id);
    await quanzhou.joint.sign(id);
    await carryAll(all);
    return id;
  }

  const statesOf = (id: string) => Promise.all(all.map(async ({ joint }) => (await joint.get(id)).state));
  const endingsOf = (id: string) => Promise.all(all.map(async ({ joint }) => (await joint.get(id)).ending));

  async function expectEnded(id: string, ending: object): Promise<void> {
    expect(await statesOf(id)).toEqual(['ended', 'ended', 'ended']);
    const endings = await endingsOf(id);
    expect(endings[0]).toMatchObject(ending);
    expect(new Set(endings.map((one) => one!.proof)).size).toBe(1);
  }

  const send = (from: JointSide, to: JointSide, name: PayloadName, payload: object, conversation: string) =>
    from.store.write((tx) => from.outbox.enqueue(tx, { peer: to.region, conversation, name, payload }));

  async function conversationOf(id: string): Promise<string> {
    return (await nantong.store.read.get<{ conversation: string }>(
      'SELECT conversation FROM joint_agreement WHERE id = ?',
      id,
    ))!.conversation;
  }

  it('comes into force everywhere, with the same signed bytes', async () => {
    const id = await propose();
    await carry(nantong, uxin);
    await carry(nantong, quanzhou);
    expect(await statesOf(id)).toEqual(['proposed', 'proposed', 'proposed']);
    await uxin.joint.sign(id);
    expect(await carry(uxin, nantong)).toEqual(['']);
    expect(await statesOf(id)).toEqual(['proposed', 'signed', 'proposed']);
    await quanzhou.joint.sign(id);
    await carry(quanzhou, nantong);
    expect(await statesOf(id)).toEqual(['complete', 'signed', 'signed']);
    await carry(nantong, uxin);
    expect(await statesOf(id)).toEqual(['complete', 'active', 'signed']);
    await carry(nantong, quanzhou);
    expect(await statesOf(id)).toEqual(['active', 'active', 'active']);
    const views = await Promise.all(all.map(({ joint }) => joint.get(id)));
    expect(new Set(views.map(({ document }) => document)).size).toBe(1);
    expect(readJoint(views[0]!.document).signatures).toHaveLength(3);
    expect(new Set(views.map(({ digest }) => digest)).size).toBe(1);
    for (const view of views) expect(view.parties.every(({ signedAt }) => signedAt !== undefined)).toBe(true);
  });

  it('shows what an operator should see before signing', async () => {
    const id = await propose();
    await carryAll(all);
    const view = await uxin.joint.get(id);
    expect(view.stages).toEqual([['leave', 'tax'], ['settle'], ['fund']]);
    expect(view.parties.map(({ region, pinned }) => [region, pinned])).toEqual([
      [UXIN, true],
      [LEAD, true],
      [QUANZHOU, false],
    ]);
    expect(view.advice.map(({ message }) => message)).toEqual([
      expect.stringContaining('3 working days'),
      expect.stringContaining('6 working days'),
    ]);
    expect(view.content.parties[2]?.identity).toBe(quanzhou.own.statement.identity);
  });

  it('is signed once, by those that did not propose it', async () => {
    const id = await propose();
    await carryAll(all);
    await expect(nantong.joint.sign(id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await uxin.joint.sign(id);
    await expect(uxin.joint.sign(id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(uxin.joint.refuse(id, '迟了')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(uxin.joint.sign('7a1d8f0e-3b0a-4d57-9a5e-000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends for all when one refuses', async () => {
    const id = await propose();
    await carryAll(all);
    await uxin.joint.sign(id);
    await expect(quanzhou.joint.revoke(id, '未签', false)).rejects.toMatchObject({ code: 'CONFLICT' });
    await quanzhou.joint.refuse(id, '本市未授权该事项');
    await carryAll(all);
    await expectEnded(id, { kind: 'refused', by: QUANZHOU, reason: '本市未授权该事项', forCause: false });
    await expect(quanzhou.joint.sign(id)).rejects.toMatchObject({ code: 'JOINT_INACTIVE' });
  });

  it('ends for all when one is silent', async () => {
    const id = await propose();
    await carryAll(all);
    await uxin.joint.sign(id);
    await carryAll(all);
    clock.at += DAY;
    await expect(quanzhou.joint.sign(id)).rejects.toMatchObject({ code: 'JOINT_INACTIVE' });
    expect(await statesOf(id)).toEqual(['proposed', 'signed', 'proposed']);
    await carryAll(all);
    await expectEnded(id, { kind: 'lapsed', by: LEAD });
  });

  it('does not take a signature that comes too late', async () => {
    const id = await propose();
    await carryAll(all);
    await uxin.joint.sign(id);
    clock.at += DAY;
    expect(await carry(uxin, nantong)).toEqual(['JOINT_INACTIVE']);
    expect(await uxin.joint.get(id)).toMatchObject({ state: 'proposed', code: 'JOINT_INACTIVE', failedBy: LEAD });
    await carryAll(all);
    await expectEnded(id, { kind: 'lapsed', by: LEAD });
  });

  it('ends for all when the gateway of one does not take it', async () => {
    await quanzhou.peers.remove(LEAD);
    const impostor = await throwawayRegion(UXIN, { now: START - DAY });
    await quanzhou.peers.pin(nantong.own.jwt, fingerprint(nantong));
    // Quanzhou pinned another identity of Uxin Banner than the lead did.
    await quanzhou.peers.pin(impostor.jwt, hexOf(impostor.statement.identity));
    const id = await propose();
    await carry(nantong, uxin);
    expect(await carry(nantong, quanzhou)).toEqual(['JOINT_INVALID']);
    await expect(quanzhou.joint.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await nantong.joint.tend();
    await carry(nantong, uxin);
    for (const { joint } of [nantong, uxin]) {
      expect(await joint.get(id)).toMatchObject({ state: 'ended', ending: { kind: 'failed', by: LEAD } });
    }
    expect((await nantong.joint.get(id)).ending?.reason).toBe(`${QUANZHOU}: JOINT_INVALID`);
  });

  it('ends for all when one that signed withdraws before all did', async () => {
    const id = await propose();
    await carryAll(all);
    await uxin.joint.sign(id);
    await uxin.joint.revoke(id, '内部程序未完成', false);
    await carryAll(all);
    await expectEnded(id, { kind: 'withdrawn', by: UXIN, forCause: false });
  });

  it('is withdrawn by the lead', async () => {
    const id = await propose();
    await nantong.joint.revoke(id, '内容有误', false);
    await carryAll(all);
    await expectEnded(id, { kind: 'withdrawn', by: LEAD });
  });

  it.each<[string, () => JointSide]>([
    ['the lead', () => nantong],
    ['another party', () => quanzhou],
  ])('is revoked for cause by %s, in all books', async (_, who) => {
    const id = await conclude();
    const signed = (await uxin.joint.get(id)).document;
    await who().joint.revoke(id, '擅自扩大使用范围', true);
    await carryAll(all);
    await expectEnded(id, { kind: 'revoked', by: who().region, forCause: true, reason: '擅自扩大使用范围' });
    for (const { joint } of all) expect((await joint.get(id)).document).toBe(signed);
    await expect(who().joint.revoke(id, '再次', true)).rejects.toMatchObject({ code: 'JOINT_INACTIVE' });
  });

  it('is told to pinned parties directly, before the lead passes it on', async () => {
    await pinEachOther(uxin, quanzhou);
    const id = await conclude();
    await quanzhou.joint.revoke(id, '擅自扩大使用范围', true);
    expect(await carry(quanzhou, uxin)).toEqual(['']);
    expect(await statesOf(id)).toEqual(['active', 'ended', 'ended']);
    await carryAll(all);
    await expectEnded(id, { kind: 'revoked', by: QUANZHOU });
  });

  it('ended without cause, may end once more for cause, by anybody', async () => {
    const id = await conclude();
    await uxin.joint.revoke(id, '到期不再续签', false);
    await carryAll(all);
    await quanzhou.joint.revoke(id, '发现违约', true);
    await carryAll(all);
    await expectEnded(id, { kind: 'revoked', by: QUANZHOU, forCause: true });
    await expect(uxin.joint.revoke(id, '也违约', true)).rejects.toMatchObject({ code: 'JOINT_INACTIVE' });
  });

  it('expires by itself', async () => {
    const id = await conclude();
    clock.at = Date.parse('2028-12-01T00:00:00+08:00');
    expect(await statesOf(id)).toEqual(['expired', 'expired', 'expired']);
    await expect(uxin.joint.revoke(id, '迟了', false)).rejects.toMatchObject({ code: 'JOINT_INACTIVE' });
  });

  it('goes on after a restart of every side', async () => {
    const id = await propose();
    await carryAll(all);
    await uxin.joint.sign(id);
    for (const side of all) await side.close();
    for (const [index, { region }] of all.entries()) all[index] = await jointSide(regions[region]!, folder, clock);
    [nantong, uxin, quanzhou] = all as [JointSide, JointSide, JointSide];
    await quanzhou.joint.sign(id);
    await carryAll(all);
    expect(await statesOf(id)).toEqual(['active', 'active', 'active']);
  });

  describe('what an operator writes', () => {
    const problems = (draft: unknown) =>
      nantong.joint.propose(draft).then(
        () => [],
        (error) => error.problems.map((one: { pointer: string; code: string }) => `${one.pointer} ${one.code}`),
      );

    it('is refused with every wrong member, and nothing is kept or sent', async () => {
      expect(await problems(jointDraft(START, { lead: LEAD }))).toEqual(['/lead FILLED_IN']);
      expect(await problems(jointDraft(START, { parties: [LEAD, UXIN, CHANGZHI] }))).toEqual(['/parties/2 NOT_PINNED']);
      expect(await problems(jointDraft(START, { parties: [UXIN, QUANZHOU] }))).toEqual(['/parties NOT_A_PARTY']);
      expect(await problems(jointDraft(START, { parties: [LEAD, UXIN] }))).toContain('/parties REQUIRED');
      expect(await problems(jointDraft(START, { sign_by: new Date(START).toISOString() }))).toEqual(['/sign_by RANGE']);
      expect(await problems('draft')).toEqual([' TYPE']);
      expect(await nantong.joint.list()).toEqual([]);
      expect(nantong.outbox.pending(UXIN)).toBe(0);
    });

    it('may be the example of the page', async () => {
      const page = await readFile(new URL('../../docs/joint-and-entrustment.md', import.meta.url), 'utf8');
      const [, example] = page.split('```json\n');
      const { state, stages } = await nantong.joint.propose(JSON.parse(example!.split('```')[0]!));
      expect({ state, stages }).toEqual({ state: 'proposed', stages: [['leave'], ['settle', 'fund']] });
    });

    it('needs a reason to end it', async () => {
      const id = await propose();
      await expect(nantong.joint.revoke(id, '', false)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      expect((await nantong.joint.get(id)).state).toBe('proposed');
    });
  });

  describe('what a hostile party sends', () => {
    const content = (changes: Partial<JointContent> = {}): JointContent => ({
      ...exampleJoint([nantong, uxin, quanzhou].map(({ own }) => own.statement)),
      created_at: new Date(START).toISOString(),
      ...changes,
    });
    const statements = () => [nantong, uxin, quanzhou].map(({ own }) => own.jwt);

    async function proposal(changes: Partial<JointContent>, ...signers: Signer[]): Promise<object> {
      const payload = draftJoint(content(changes));
      const signatures = await Promise.all(signers.map((signer) => signJoint(payload, signer)));
      return { document: joinJoint(payload, signatures), statements: statements() };
    }

    it.each<[string, () => Promise<object>]>([
      ['by a region that does not lead', () => proposal({ lead: UXIN }, nantong.own.signing)],
      ['with two signatures', () => proposal({}, nantong.own.signing, uxin.own.signing)],
      ['signed by another', () => proposal({}, quanzhou.own.signing)],
      [
        'without us',
        () =>
          proposal(
            {
              parties: content().parties.map((one) => (one.region === UXIN ? strangersParty() : one)),
              parts: others(),
            },
            nantong.own.signing,
          ),
      ],
      [
        'with another identity of a party than its statement has',
        () =>
          proposal(
            {
              parties: content().parties.map((one) =>
                one.region === QUANZHOU ? { ...one, identity: strangersParty().identity } : one,
              ),
            },
            nantong.own.signing,
          ),
      ],
      [
        'without the statement of a stranger',
        async () => ({
          ...(await proposal({}, nantong.own.signing)),
          statements: [nantong.own.jwt, uxin.own.jwt, regions[CHANGZHI]!.jwt],
        }),
      ],
      [
        'with something that is no statement',
        async () => ({
          ...(await proposal({}, nantong.own.signing)),
          statements: ['e30.e30.AA', 'e30.e30.AA', 'e30.e30.AA'],
        }),
      ],
    ])('a proposal %s is rejected, and nothing is kept', async (_, make) => {
      await send(nantong, uxin, 'JointProposal', await make(), nantong.newId());
      expect(await carry(nantong, uxin)).toEqual(['JOINT_INVALID']);
      expect(await uxin.joint.list()).toEqual([]);
      expect(await uxin.store.read.all('SELECT * FROM joint_party')).toEqual([]);
    });

    const strangersParty = () => ({ region: CHANGZHI, identity: regions[CHANGZHI]!.statement.identity });
    const others = () => content().parts.map((part) => (part.region === UXIN ? { ...part, region: CHANGZHI } : part));

    it('another agreement under a known id is rejected', async () => {
      await send(nantong, uxin, 'JointProposal', await proposal({}, nantong.own.signing), nantong.newId());
      expect(await carry(nantong, uxin)).toEqual(['']);
      await send(
        nantong,
        uxin,
        'JointProposal',
        await proposal({ name: '别的' }, nantong.own.signing),
        nantong.newId(),
      );
      expect(await carry(nantong, uxin)).toEqual(['JOINT_INVALID']);
      expect((await uxin.joint.list()).map((view) => view.content.name)).toEqual([content().name]);
    });

    it('a signature by another key, over other bytes, or of a region that is no party counts for nothing', async () => {
      const id = await propose();
      await carryAll(all);
      const record = (await nantong.joint.get(id)).document;
      const { payload, digest } = readJoint(record);
      const conversation = await conversationOf(id);
      const say = async (from: JointSide, signer: Signer, over: Buffer = payload, changes: object = {}) => {
        const signature = await signJoint(over, signer);
        const body = { agreementId: id, agreementDigest: digest, ...signature, ...changes };
        await send(from, nantong, 'JointSignature', body, conversation);
        return carry(from, nantong);
      };
      expect(await say(uxin, quanzhou.own.signing)).toEqual(['JOINT_INVALID']);
      expect(await say(uxin, uxin.own.certificate)).toEqual(['JOINT_INVALID']);
      expect(await say(uxin, uxin.own.signing, draftJoint(content()))).toEqual(['JOINT_INVALID']);
      expect(await say(uxin, uxin.own.signing, payload, { agreementDigest: Buffer.alloc(32) })).toEqual([
        'JOINT_UNKNOWN',
      ]);
      const changzhi = await jointSide(regions[CHANGZHI]!, folder, clock);
      all.push(changzhi);
      await pinEachOther(nantong, changzhi);
      expect(await say(changzhi, changzhi.own.signing)).toEqual(['JOINT_UNKNOWN']);
      all.pop();
      await changzhi.close();
      expect((await nantong.joint.get(id)).parties.filter(({ signedAt }) => signedAt !== undefined)).toHaveLength(1);
      expect(await say(uxin, uxin.own.signing)).toEqual(['']);
      // Once more, with another signature of the same region: it counts once.
      expect(await say(uxin, uxin.own.signing)).toEqual(['']);
      expect((await nantong.joint.get(id)).state).toBe('proposed');
    });

    it('a complete document that we did not sign is rejected', async () => {
      const id = await propose();
      await carryAll(all);
      const { payload } = readJoint((await nantong.joint.get(id)).document);
      const conversation = await conversationOf(id);
      const complete = async (...signers: Signer[]) => {
        const signatures = await Promise.all(signers.map((signer) => signJoint(payload, signer)));
        await send(
          nantong,
          uxin,
          'JointConclusion',
          { document: joinJoint(payload, signatures), statements: statements() },
          conversation,
        );
        // Without receipts, or the lead would end the agreement itself.
        return (await carry(nantong, uxin, false)).at(-1);
      };
      const { signing } = nantong.own;
      expect(await complete(signing, quanzhou.own.signing)).toBe('JOINT_INVALID');
      expect(await complete(signing, uxin.own.signing, quanzhou.own.signing)).toBe('JOINT_INACTIVE');
      expect(await statesOf(id)).toEqual(['proposed', 'proposed', 'proposed']);
    });

    it('an ending in the name of another region is rejected', async () => {
      const id = await conclude();
      const { digest } = readJoint((await nantong.joint.get(id)).document);
      const conversation = await conversationOf(id);
      const tell = async (
        from: JointSide,
        to: JointSide,
        by: JointSide,
        signer: Signer,
        kind: EndingKind = 'revoked',
      ) => {
        const said = { agreement: id, digest: digest.toString('base64url'), by: by.region, kind };
        const ending = await signEnding(signer, { ...said, for_cause: false, reason: '冒名', ended_at: START });
        await send(from, to, 'JointEnding', { ending, statement: by.own.jwt }, conversation);
        return carry(from, to);
      };
      expect(await tell(nantong, uxin, quanzhou, nantong.own.signing)).toEqual(['JOINT_INVALID']);
      expect(await tell(uxin, nantong, quanzhou, uxin.own.signing)).toEqual(['JOINT_INVALID']);
      // Even a genuine one is passed on by the lead alone.
      expect(await tell(uxin, nantong, quanzhou, quanzhou.own.signing)).toEqual(['JOINT_INVALID']);
      expect(await tell(uxin, nantong, uxin, uxin.own.signing, 'lapsed')).toEqual(['JOINT_INVALID']);
      expect(await statesOf(id)).toEqual(['active', 'active', 'active']);
      expect(await tell(nantong, uxin, quanzhou, quanzhou.own.signing)).toEqual(['']);
      expect(await statesOf(id)).toEqual(['active', 'ended', 'active']);
    });
  });

  function fingerprint({ own }: JointSide): string {
    return hexOf(own.statement.identity);
  }

  function hexOf(identity: string): string {
    return Buffer.from(identity, 'base64url').toString('hex');
  }
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedError, decode } from '#proto';
import { type CheckPair, checkPair } from '../../testing/check-pair.ts';
import { licence } from '../../testing/check-region.ts';
import { carryNotices } from '../../testing/notice-side.ts';
import { bringBack, handOver } from '../../testing/region-pair.ts';
import { references } from '../check-references.ts';
import { OutgoingNotices } from './outgoing-notices.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const REASON = '提交虚假材料';

let pair: CheckPair;
beforeAll(async () => {
  pair = await checkPair(NOW);
});
afterAll(() => pair.close());

beforeEach(() => {
  const { uxin, nantong } = pair;
  uxin.pinned.set('320600', nantong.own);
  uxin.notices.full.clear();
  uxin.notices.untold.length = 0;
});

const issue = (changes = {}) => pair.uxin.certificates.issue(licence(NOW, { number: undefined, ...changes }));
const ask = (query: { identifier?: string; reference?: string }) =>
  pair.nantong.checks.ask('150626', { ...query, fields: [], purpose: '核验' });
const revoke = (identifier: string) =>
  pair.uxin.certificates.setStatus(identifier, 'revoked', REASON, 'clerk.li', 'false-materials');
const told = (identifier: string) => pair.uxin.notices.outgoing.sent(identifier);
const carry = () => carryNotices(pair.uxin.notices, pair.nantong.notices);
const referenceOf = async (identifier: string) => (await references.of(pair.uxin.store.read, identifier))!;

/** The notices that wait for a region, as they will travel. */
async function waiting(peer = '320600') {
  const rows = await pair.uxin.notices.carrier.outbox.pendingAfter(peer, 0, 256);
  return rows.map(({ type, conversation, payload }) => {
    expect(type).toBe('CertificateNotice');
    return { conversation, ...decode('CertificateNotice', payload) };
  });
}

/** A case whose messages went to a region. */
async function caseWith(peer: string): Promise<string> {
  const conversation = randomUUID();
  const { store, outbox } = pair.uxin.notices.carrier;
  await store.write((tx) => outbox.enqueue(tx, { peer, conversation, name: 'Ping', payload: { note: '' } }));
  const [here, there] = [pair.uxin.notices.carrier, pair.nantong.notices.carrier];
  await bringBack(here, there, await handOver(here, there, { Ping: async () => {} }), async () => {});
  return conversation;
}

describe('a region is told', () => {
  it('when it checked the certificate: what was decided, when and by which authority, and nothing else', async () => {
    const { identifier, verified } = await issue();
    await ask({ identifier });
    const { status, notices } = await revoke(identifier);
    expect(status).toBe('revoked');
    expect(notices).toMatchObject([{ peer: '320600', code: null, status: 'revoked', ground: 'false-materials' }]);
    const [notice, ...others] = await waiting();
    expect(others).toEqual([]);
    expect(notice).toEqual({
      conversation: notices[0]!.conversation,
      identifier,
      reference: '',
      digest: verified.digest,
      status: 'CERTIFICATE_STATUS_REVOKED',
      ground: 'CERTIFICATE_GROUND_FALSE_MATERIALS',
      reason: REASON,
      decidedAt: NOW,
      authority: '乌审旗市场监督管理局',
    });
    expect(await carry()).toEqual(['']);
    expect(await told(identifier)).toMatchObject([{ envelope: expect.any(String), code: '', settledAt: NOW }]);
    expect(await waiting()).toEqual([]);
  });

  it('when it received it with a case', async () => {
    const { identifier } = await issue({ conversation: await caseWith('320600') });
    expect((await revoke(identifier)).notices).toHaveLength(1);
    expect(await waiting()).toMatchObject([{ identifier, reference: '' }]);
    await carry();
  });

  it('when it checked it so long ago that question and answer were purged', async () => {
    const { identifier } = await issue();
    await ask({ identifier });
    await pair.uxin.store.write((tx) => tx.run('DELETE FROM certificate_check'));
    await revoke(identifier);
    expect(await waiting()).toMatchObject([{ identifier }]);
    await carry();
  });

  it('by the names under which it knows the certificate', async () => {
    const [scanned, both] = [(await issue()).identifier, (await issue()).identifier];
    const reference = await referenceOf(scanned);
    await ask({ reference });
    await ask({ identifier: both });
    await ask({ reference: await referenceOf(both) });
    await revoke(scanned);
    await revoke(both);
    expect(await waiting()).toMatchObject([
      { identifier: '', reference },
      { identifier: both, reference: await referenceOf(both) },
    ]);
    await carry();
  });

  it('of everything that follows, in one conversation and in order, though the clock goes back', async () => {
    const { identifier } = await issue();
    await ask({ identifier });
    await pair.uxin.certificates.setStatus(identifier, 'suspended', '核查', 'clerk.li');
    pair.time.value -= 60_000;
    await pair.uxin.certificates.setStatus(identifier, 'valid', '核查结束', 'clerk.li');
    pair.time.value += 60_000;
    await pair.uxin.certificates.setStatus(identifier, 'withdrawn', '处罚', 'clerk.li', 'penalty');
    const notices = await waiting();
    expect(notices.map(({ status }) => status.slice(19))).toEqual(['SUSPENDED', 'VALID', 'WITHDRAWN']);
    expect(new Set(notices.map(({ conversation }) => conversation)).size).toBe(1);
    expect(notices.map(({ decidedAt }) => decidedAt - NOW)).toEqual([0, 1, 2]);
    expect(await carry()).toEqual(['', '', '']);
  });

  it('when another version takes the place of a certificate', async () => {
    const { identifier } = await issue();
    await ask({ identifier });
    await issue({ replaces: identifier });
    expect(await waiting()).toMatchObject([
      { identifier, status: 'CERTIFICATE_STATUS_CANCELLED', ground: 'CERTIFICATE_GROUND_REPLACED' },
    ]);
    await carry();
  });
});

describe('a region is told nothing', () => {
  it('when it neither received the certificate nor asked about it', async () => {
    const { identifier } = await issue();
    await ask({ identifier: (await issue()).identifier });
    expect((await revoke(identifier)).notices).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  it('when it was answered `unknown`: it would learn that there is something', async () => {
    const { identifier } = await issue({ item: 'EX099' });
    expect((await ask({ identifier })).status).toBe('unknown');
    expect((await revoke(identifier)).notices).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  it('when what is decided is not lawful, or does not become durable', async () => {
    const { uxin } = pair;
    const { identifier } = await issue();
    await ask({ identifier });
    const wrong = uxin.certificates.setStatus(identifier, 'suspended', REASON, 'clerk.li', 'false-materials');
    await expect(wrong).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/status', code: 'CONFLICT' }],
    });
    const { tell } = uxin.told;
    uxin.told.tell = () => Promise.reject(new CodedError('INTERNAL'));
    await expect(revoke(identifier)).rejects.toMatchObject({ code: 'INTERNAL' });
    uxin.told.tell = tell;
    expect(await waiting()).toEqual([]);
    expect(await told(identifier)).toEqual([]);
    expect((await uxin.certificates.get(identifier)).status).toBe('valid');
  });
});

describe('a notice that cannot be sent', () => {
  it('to a region that is not pinned is recorded, said, and sent when it is pinned again', async () => {
    const { uxin, nantong } = pair;
    const { identifier } = await issue();
    await ask({ identifier });
    uxin.pinned.delete('320600');
    const { status, notices } = await revoke(identifier);
    expect(status).toBe('revoked');
    expect(notices).toMatchObject([{ peer: '320600', envelope: '', code: 'PEER_NOT_PINNED' }]);
    expect(uxin.notices.untold).toEqual(['320600 PEER_NOT_PINNED']);
    expect(await waiting()).toEqual([]);
    uxin.pinned.set('320600', nantong.own);
    uxin.notices.pinsChanged();
    await expect.poll(() => waiting()).toMatchObject([{ identifier, decidedAt: NOW }]);
    expect(await carry()).toEqual(['']);
    expect(await told(identifier)).toMatchObject([{ code: '' }]);
    expect(uxin.notices.untold).toHaveLength(1);
  });

  it('is sent after a restart', async () => {
    const { uxin, nantong } = pair;
    const { identifier } = await issue();
    await ask({ identifier });
    uxin.pinned.delete('320600');
    await revoke(identifier);
    uxin.pinned.set('320600', nantong.own);
    await uxin.notices.restarted().start();
    expect(await waiting()).toMatchObject([{ identifier }]);
    await carry();
  });

  it('to a region whose queue is full keeps no certificate in force, and follows when there is room', async () => {
    const { uxin } = pair;
    const [first, second] = [(await issue()).identifier, (await issue()).identifier];
    await ask({ identifier: first });
    await ask({ identifier: second });
    await revoke(first);
    uxin.notices.full.add('CertificateNotice');
    const { status, notices } = await revoke(second);
    expect(status).toBe('revoked');
    expect(notices).toMatchObject([{ envelope: '', code: 'BACK_PRESSURE' }]);
    expect(uxin.notices.untold).toEqual(['320600 BACK_PRESSURE']);
    uxin.notices.full.clear();
    expect(await carry()).toEqual(['']);
    await expect.poll(() => waiting()).toMatchObject([{ identifier: second }]);
    await carry();
    expect(await told(second)).toMatchObject([{ code: '' }]);
  });

  it('to one region, since the store fails, keeps no other from being told, and is tried again', async () => {
    const { uxin, nantong } = pair;
    const { store, clock, region } = uxin.notices.carrier;
    const { identifier } = await issue();
    await ask({ identifier });
    // 110000 comes before Nantong in every round.
    const other = { peer: '110000', identifier, subject: identifier, answeredAt: NOW + 1 };
    await uxin.store.write((tx) => uxin.notices.outgoing.answered(tx, other));
    uxin.pinned.delete('320600');
    expect((await revoke(identifier)).notices.map(({ code }) => code)).toEqual(['PEER_NOT_PINNED', 'PEER_NOT_PINNED']);
    uxin.pinned.set('320600', nantong.own).set('110000', nantong.own);
    let isBroken = true;
    const failures: unknown[] = [];
    const outgoing = new OutgoingNotices({
      store,
      clock,
      region,
      outbox: {
        enqueue: async (tx, envelope) => {
          if (isBroken && envelope.peer === '110000') throw new Error('disk full');
          return uxin.notices.carrier.outbox.enqueue(tx, envelope);
        },
      },
      peers: { get: (peer) => uxin.pinned.get(peer)?.statement, onChange: () => {} },
      newId: randomUUID,
      onUntold: () => {},
      onError: (error, peer) => void failures.push([(error as Error).message, peer]),
    });
    await outgoing.tend();
    expect(failures).toEqual([['disk full', '110000']]);
    expect(await waiting()).toMatchObject([{ identifier }]);
    expect(await waiting('110000')).toEqual([]);
    isBroken = false;
    await outgoing.tend();
    expect(await waiting('110000')).toMatchObject([{ identifier, status: 'CERTIFICATE_STATUS_REVOKED' }]);
    expect(await waiting()).toHaveLength(1);
    expect(failures).toHaveLength(1);
    uxin.pinned.delete('110000');
    await carry();
  });

  it('since the store cannot even be read fails nobody who tends it', async () => {
    const { carrier } = pair.uxin.notices;
    const failures: unknown[] = [];
    const read = { ...carrier.store.read, all: () => Promise.reject(new Error('disk')) };
    const outgoing = new OutgoingNotices({
      ...carrier,
      store: { ...carrier.store, read },
      peers: { get: () => undefined, onChange: () => {} },
      newId: randomUUID,
      onUntold: () => {},
      onError: (error) => void failures.push(error),
    });
    await outgoing.tend();
    expect(failures).toEqual([new Error('disk')]);
  });

  it('since it expired under way is sent again', async () => {
    const { identifier } = await issue();
    await ask({ identifier });
    await revoke(identifier);
    const { carrier, outgoing } = pair.uxin.notices;
    const [lost] = await carrier.outbox.pendingAfter('320600', 0, 1);
    const { id, conversation, payload } = lost!;
    const fate = { peer: '320600', id, conversation, payload, sentAt: NOW, code: 'EXPIRED' } as const;
    await carrier.store.write((tx) => outgoing.settled(tx, { ...fate, name: 'CertificateNotice' }));
    await expect.poll(() => waiting()).toMatchObject([{ identifier }, { identifier }]);
    expect(await told(identifier)).toMatchObject([{ envelope: expect.not.stringContaining(id), code: null }]);
    expect(await carry()).toEqual(['', '']);
    expect(await told(identifier)).toMatchObject([{ code: '' }]);
  });

  it('and is rejected, by a region that does not know notices yet, is said', async () => {
    const { uxin, nantong } = pair;
    const { identifier } = await issue();
    await ask({ identifier });
    await revoke(identifier);
    const older = { CertificateNotice: () => Promise.reject(new CodedError('UNKNOWN_TYPE')) };
    const verdicts = await handOver(uxin.notices.carrier, nantong.notices.carrier, older);
    await bringBack(uxin.notices.carrier, nantong.notices.carrier, verdicts, (tx, settled) =>
      uxin.notices.outgoing.settled(tx, settled),
    );
    expect(await told(identifier)).toMatchObject([{ code: 'UNKNOWN_TYPE', settledAt: NOW }]);
    expect(uxin.notices.untold).toEqual(['320600 UNKNOWN_TYPE']);
  });
});

describe('a question that is being answered while the status changes', () => {
  it('is followed by a notice when its answer is older than the decision', async () => {
    const { uxin } = pair;
    const { identifier } = await issue();
    await revoke(identifier);
    const asked = { peer: '320600', identifier, subject: identifier };
    const answered = (answeredAt: number) =>
      uxin.store.write((tx) => uxin.notices.outgoing.answered(tx, { ...asked, answeredAt }));
    await answered(NOW + 1);
    expect(await waiting()).toEqual([]);
    await answered(NOW);
    await answered(NOW - 5);
    expect(await waiting()).toMatchObject([{ identifier, status: 'CERTIFICATE_STATUS_REVOKED' }]);
    expect(await carry()).toEqual(['']);
  });

  it('is followed by one when the status changes while the answer is being sealed', async () => {
    const { identifier } = await issue();
    vi.spyOn(pair.uxin.own.signing, 'sign').mockImplementationOnce(async (data) => {
      await revoke(identifier);
      expect(await waiting()).toEqual([]);
      return pair.uxin.own.signing.sign(data);
    });
    expect((await ask({ identifier })).status).toBe('valid');
    expect(await waiting()).toMatchObject([{ identifier, status: 'CERTIFICATE_STATUS_REVOKED', decidedAt: NOW }]);
    expect(await carry()).toEqual(['']);
  });

  it('in a group leaves nobody with an old answer and no notice', async () => {
    const identifiers = await Promise.all(Array.from({ length: 8 }, async () => (await issue()).identifier));
    const answers = await Promise.all(
      identifiers.map(async (identifier, index) => {
        const query = { identifier, fields: [], purpose: '核验' };
        const asked = pair.nantong.checks.ask('150626', query, 'together');
        // At another moment of the answer each time.
        for (let turn = 0; turn < index * 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        await revoke(identifier);
        return (await asked).status;
      }),
    );
    const named = (await waiting()).map(({ identifier }) => identifier);
    const old = identifiers.filter((_, index) => answers[index] === 'valid');
    expect(named).toEqual(expect.arrayContaining(old));
    await carry();
  });
});

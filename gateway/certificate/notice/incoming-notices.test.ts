import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CheckPair, checkPair } from '../../testing/check-pair.ts';
import { type CheckRegion, checkRegion, licence } from '../../testing/check-region.ts';
import { carryNotices } from '../../testing/notice-side.ts';
import type { CertificateNews } from '../library-news.ts';
import { statusCopies } from '../status-copies.ts';
import { type Decision, onWire } from './words.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const MINUTE_MS = 60_000;
const CASE = '3f1f6f0e-3b0a-4d57-9a5e-0c4a4f8d2b11';

let pair: CheckPair;
/** A pinned region that issued none of the certificates. */
let quanzhou: CheckRegion;
let news: CertificateNews[];

beforeAll(async () => {
  pair = await checkPair(NOW, { answerSeconds: 3600, reuseSeconds: 3600 });
  quanzhou = await checkRegion('350500', { now: () => pair.time.value });
  quanzhou.pinned.set('320600', pair.nantong.own);
  pair.nantong.pinned.set('350500', quanzhou.own);
  pair.nantong.told.tell = async (_tx, one) => void news.push(one);
});
afterAll(async () => {
  await pair.close();
  await quanzhou.close();
});
beforeEach(() => {
  news = [];
  delete pair.nantong.statusSources['150626'];
  pair.nantong.notices.heard.length = 0;
});

const issue = () => pair.uxin.certificates.issue(licence(NOW, { number: undefined }));
type Issued = Awaited<ReturnType<typeof issue>>;

/** Nantong gets a certificate of Uxin Banner with a case. */
async function received(): Promise<Issued> {
  const issued = await issue();
  await keep(issued);
  news = [];
  return issued;
}

async function keep({ text }: Issued): Promise<void> {
  const { certificates, store } = pair.nantong;
  await store.write((tx) =>
    certificates.keepReceived(tx, { conversation: CASE, item: 'EX018', issuer: '150626' }, text),
  );
}

/** Says something of a certificate, whoever says it and whether it is true or not. @returns the verdict */
async function say(
  { identifier, verified: { digest } }: Issued,
  decision: Partial<Decision>,
  from: CheckRegion = pair.uxin,
  names: { identifier?: string; reference?: string; digest?: Buffer } = {},
): Promise<string> {
  const whole: Decision = { status: 'revoked', ground: 'other', reason: '原因', decidedAt: NOW, ...decision };
  const { reason, decidedAt } = whole;
  const { outbox, store } = from.notices.carrier;
  const payload = {
    identifier,
    reference: '',
    digest,
    ...onWire(whole),
    reason,
    decidedAt,
    authority: '示例机关',
    ...names,
  };
  await store.write((tx) =>
    outbox.enqueue(tx, { peer: '320600', conversation: randomUUID(), name: 'CertificateNotice', payload }),
  );
  const verdicts = await carryNotices(from.notices, pair.nantong.notices);
  return verdicts.at(-1)!;
}

/** Nantong reads the status list of Uxin Banner, in which nothing has ended. */
async function listRead(): Promise<void> {
  const { text: list, issuedAt } = await pair.uxin.statusLists.published(1);
  const copy = { uri: 'https://150626.example/status-lists/1', issuer: '150626', etag: '', list, issuedAt };
  await pair.nantong.store.write((tx) => statusCopies.keep(tx, { ...copy, fetchedAt: pair.time.value }));
  pair.nantong.statusSources['150626'] = 'http://127.0.0.1:1/';
}

const standing = async ({ identifier }: Issued) => {
  const { status, reason, noticedAt } = await pair.nantong.certificates.get(identifier);
  return { status, reason, noticedAt };
};
const verified = async ({ text }: Issued) => {
  const { status, source, ...rest } = await pair.nantong.certificates.verify(text);
  return { status, source, ...('asOf' in rest && { asOf: rest.asOf }) };
};
/** A stamped copy (加注件) of a certificate, verified. */
function stampedCopy({ verified }: Issued): Issued['verified'] {
  const of = verified.digest.toString('base64url');
  const stamp = { of, createdAt: NOW, creator: '窗口', cause: '年检', expiresAt: NOW + 1 };
  return { ...verified, digest: Buffer.alloc(32, 77), certificate: { ...verified.certificate, stamp } };
}
const UNTOUCHED = { status: 'valid', reason: '', noticedAt: undefined };
const kept = (subject: string) => pair.nantong.notices.incoming.received(subject);

describe('a certificate that we have', () => {
  it('stands as its issuer says, in the library, on verification and for the own platforms', async () => {
    const issued = await received();
    expect(await verified(issued)).toEqual({ status: 'valid', source: 'dates' });
    expect(await say(issued, { ground: 'false-materials', reason: '提交虚假材料' })).toBe('');
    expect(await standing(issued)).toEqual({ status: 'revoked', reason: '提交虚假材料', noticedAt: NOW });
    expect(await verified(issued)).toEqual({ status: 'revoked', source: 'notice', asOf: NOW });
    const { identifier, text } = issued;
    expect(news).toMatchObject([
      {
        event: 'status-changed',
        record: { identifier, status: 'revoked' },
        from: 'valid',
        ground: 'false-materials',
        text,
      },
    ]);
    expect(pair.nantong.notices.heard).toEqual([]);
    expect(await kept(identifier)).toMatchObject([{ issuer: '150626', isExpected: true, authority: '示例机关' }]);
  });

  it('may be suspended and restored', async () => {
    const issued = await received();
    await say(issued, { status: 'suspended' });
    expect(await verified(issued)).toMatchObject({ status: 'suspended', source: 'notice' });
    await say(issued, { status: 'valid', decidedAt: NOW + 1 });
    expect(await standing(issued)).toMatchObject({ status: 'valid', noticedAt: NOW + 1 });
    expect(await verified(issued)).toEqual({ status: 'valid', source: 'notice', asOf: NOW + 1 });
    expect(news.map(({ from, record }) => `${from} ${record.status}`)).toEqual(['valid suspended', 'suspended valid']);
  });

  it('is not changed by a repeat, nor by what was decided earlier and comes later', async () => {
    const issued = await received();
    await say(issued, { status: 'valid', decidedAt: NOW + 2 });
    expect(await say(issued, { status: 'valid', decidedAt: NOW + 2 })).toBe('');
    expect(await say(issued, { status: 'suspended', decidedAt: NOW + 1 })).toBe('');
    expect(await standing(issued)).toMatchObject({ status: 'valid', noticedAt: NOW + 2 });
    expect(news).toHaveLength(1);
  });

  it('does not come back after its end', async () => {
    const issued = await received();
    await say(issued, { status: 'revoked', reason: '撤销' });
    expect(await say(issued, { status: 'valid', decidedAt: NOW + 1 })).toBe('CONFLICT');
    expect(await say(issued, { status: 'cancelled', decidedAt: NOW + 2 })).toBe('CONFLICT');
    expect(await say(issued, { status: 'revoked', reason: '又撤销', decidedAt: NOW + 3 })).toBe('');
    expect(await standing(issued)).toEqual({ status: 'revoked', reason: '撤销', noticedAt: NOW });
    expect(news).toHaveLength(1);
  });

  it('is judged by the later one of notice and list, and by an ending whatever the list says', async () => {
    const [suspended, withdrawn] = [await received(), await received()];
    await listRead();
    await say(suspended, { status: 'suspended', decidedAt: NOW - 1 });
    expect(await verified(suspended)).toEqual({ status: 'valid', source: 'list', asOf: NOW });
    await say(suspended, { status: 'suspended', decidedAt: NOW + 1 });
    expect(await verified(suspended)).toEqual({ status: 'suspended', source: 'notice', asOf: NOW + 1 });
    await say(withdrawn, { status: 'withdrawn', decidedAt: NOW - 1 });
    expect(await verified(withdrawn)).toEqual({ status: 'withdrawn', source: 'notice', asOf: NOW - 1 });
  });

  it('is not touched by a notice about another text under its identifier', async () => {
    const issued = await received();
    expect(await say(issued, {}, pair.uxin, { digest: Buffer.alloc(32, 9) })).toBe('');
    expect(await standing(issued)).toEqual(UNTOUCHED);
    expect(await verified(issued)).toEqual({ status: 'valid', source: 'dates' });
    expect(await pair.nantong.notices.incoming.wordOn(stampedCopy(issued))).toBeUndefined();
  });

  it('takes its stamped copies with it', async () => {
    const issued = await received();
    await say(issued, { status: 'withdrawn' });
    const word = await pair.nantong.notices.incoming.wordOn(stampedCopy(issued));
    expect(word).toMatchObject({ word: 'withdrawn', asOf: NOW });
  });

  it('is known by its digest where a notice names it by its reference alone', async () => {
    const issued = await received();
    const reference = 'MZXW6YTBOJTG633CMFZGM33PMI';
    await say(issued, {}, pair.uxin, { identifier: '', reference });
    expect(await standing(issued)).toMatchObject({ status: 'revoked' });
    expect(await kept(issued.identifier)).toMatchObject([{ reference, identifier: issued.identifier }]);
  });
});

describe('a notice is refused, and nothing changes,', () => {
  it('when the certificate is of another region', async () => {
    const issued = await received();
    expect(await say(issued, {}, quanzhou)).toBe('CERTIFICATE_ISSUER');
    expect(await say(issued, {}, quanzhou, { identifier: '', reference: 'MZXW6YTBOJTG633CMFZGM33PMI' })).toBe(
      'CERTIFICATE_ISSUER',
    );
    expect(await say(issued, {}, quanzhou, { digest: Buffer.alloc(32, 1) })).toBe('CERTIFICATE_ISSUER');
    expect(await standing(issued)).toEqual(UNTOUCHED);
    expect(await verified(issued)).toEqual({ status: 'valid', source: 'dates' });
    expect(await kept(issued.identifier)).toEqual([]);
    expect(news).toEqual([]);
  });

  it('when the certificate is of our own', async () => {
    const own = await pair.nantong.certificates.issue(licence(NOW, { number: undefined }));
    news = [];
    expect(await say(own, {})).toBe('CERTIFICATE_ISSUER');
    expect((await pair.nantong.certificates.get(own.identifier)).status).toBe('valid');
    expect(news).toEqual([]);
  });

  it('when it says to be decided long after it was sent', async () => {
    const issued = await received();
    expect(await say(issued, { decidedAt: NOW + 5 * MINUTE_MS + 1 })).toBe('PAYLOAD_INVALID');
    expect(await standing(issued)).toEqual(UNTOUCHED);
    expect(await say(issued, { decidedAt: NOW + 5 * MINUTE_MS })).toBe('');
  });
});

describe('a certificate that we do not have', () => {
  it('is known as revoked when it arrives later', async () => {
    const issued = await issue();
    await say(issued, { reason: '撤销' });
    expect(await verified(issued)).toMatchObject({ status: 'revoked', source: 'notice' });
    expect(await kept(issued.identifier)).toMatchObject([{ isExpected: false }]);
    expect([news, pair.nantong.notices.heard]).toEqual([[], []]);
    await keep(issued);
    expect(await standing(issued)).toEqual({ status: 'revoked', reason: '撤销', noticedAt: NOW });
    expect(news.map(({ event }) => event)).toEqual(['received', 'status-changed']);
    expect(await kept(issued.identifier)).toMatchObject([{ isExpected: true }]);
  });

  it('does not suffer from what a third region said before it arrived', async () => {
    const issued = await issue();
    expect(await say(issued, {}, quanzhou)).toBe('');
    expect(await verified(issued)).toEqual({ status: 'valid', source: 'dates' });
    await keep(issued);
    expect(await standing(issued)).toEqual(UNTOUCHED);
    expect(await say(issued, { status: 'suspended' })).toBe('');
    expect(await standing(issued)).toMatchObject({ status: 'suspended' });
  });

  it('but asked about is told to the own platforms', async () => {
    const { identifier } = await issue();
    await pair.nantong.checks.ask('150626', { identifier, fields: [], purpose: '核验' });
    await pair.uxin.certificates.setStatus(identifier, 'revoked', '撤销', 'clerk.li');
    expect(await carryNotices(pair.uxin.notices, pair.nantong.notices)).toEqual(['']);
    expect(pair.nantong.notices.heard).toMatchObject([{ identifier, status: 'revoked', isExpected: true }]);
    expect(news).toEqual([]);
  });

  it('is told to them too when the notice overtakes the answer', async () => {
    const { uxin, nantong, wire } = pair;
    const { identifier } = await issue();
    wire.answer = async (envelope) => {
      await uxin.certificates.setStatus(identifier, 'revoked', '撤销', 'clerk.li');
      expect(await carryNotices(uxin.notices, nantong.notices)).toEqual(['']);
      expect(nantong.notices.heard).toEqual([]);
      return envelope;
    };
    const ask = () => nantong.checks.ask('150626', { identifier, fields: [], purpose: '核验' });
    expect((await ask()).status).toBe('valid');
    delete wire.answer;
    expect(nantong.notices.heard).toMatchObject([{ identifier, status: 'revoked', isExpected: true }]);
    // The answer is older than the notice, though it was kept after it.
    expect(await ask()).toMatchObject({ status: 'revoked', cached: false });
    expect(nantong.notices.heard).toHaveLength(1);
  });

  it('takes room, which is bounded for each region and for these alone', async () => {
    const { store } = pair.nantong;
    const [held, stranger, other] = [await received(), await issue(), await issue()];
    await store.write((tx) =>
      tx.run(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         INSERT INTO certificate_notice (issuer, digest, identifier, reference, status, ground, reason, authority,
           decided_at, conversation, envelope, is_expected, received_at)
         SELECT '150626', CAST(printf('%032d', i) AS BLOB), '', 'R', 'revoked', 'other', '', '', 1, '', '', 0, 1 FROM n`,
      ),
    );
    expect(await say(stranger, {})).toBe('TRY_LATER');
    expect(await kept(stranger.identifier)).toEqual([]);
    expect(await say(held, {})).toBe('');
    expect(await standing(held)).toMatchObject({ status: 'revoked' });
    // A name that we asked about is no way around it.
    await pair.nantong.checks.ask('150626', { identifier: other.identifier, fields: [], purpose: '核验' });
    for (let n = 0; n < 16; n += 1) {
      expect(await say(other, {}, pair.uxin, { digest: Buffer.alloc(32, 100 + n) })).toBe('');
    }
    expect(await say(other, {}, pair.uxin, { digest: Buffer.alloc(32, 116) })).toBe('TRY_LATER');
    await store.write((tx) => tx.run("DELETE FROM certificate_notice WHERE reference = 'R'"));
    expect(await carryNotices(pair.uxin.notices, pair.nantong.notices)).toEqual(['', '']);
    expect(await kept(stranger.identifier)).toHaveLength(1);
    expect(await say(other, {}, quanzhou)).toBe('');
  });
});

describe('an answer that was kept to be used again', () => {
  it.each(['identifier', 'reference'] as const)('is asked anew after a notice (by %s)', async (name) => {
    const { uxin, nantong } = pair;
    const { identifier, issuer } = await uxin.certificates.get((await issue()).identifier);
    const reference = (await uxin.certificates.reference({ identifier, issuer }))!.split(':')[2]!;
    const query = name === 'identifier' ? { identifier } : { reference };
    const ask = () => nantong.checks.ask('150626', { ...query, fields: [], purpose: '核验' });
    await ask();
    expect(await ask()).toMatchObject({ status: 'valid', cached: true });
    pair.time.value += 1;
    await uxin.certificates.setStatus(identifier, 'revoked', '撤销', 'clerk.li');
    expect(await ask()).toMatchObject({ status: 'valid', cached: true });
    await carryNotices(uxin.notices, nantong.notices);
    expect(await ask()).toMatchObject({ status: 'revoked', cached: false });
    pair.time.value += 1;
    await ask();
    expect(await ask()).toMatchObject({ status: 'revoked', cached: true });
  });
});

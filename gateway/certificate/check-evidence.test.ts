import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decode, encode, type messages } from '#proto';
import { compileAgreement, draftAgreement, signAgreement, verifyAgreement, verifyBundle } from '#trust';
import type { ExportContext } from '../evidence/bundle-export.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import { type CheckPair, checkAgreement, checkPair, checksOf, logOf } from '../testing/check-pair.ts';
import { type CheckRegion, licence } from '../testing/check-region.ts';
import { exportCheck } from './check-evidence.ts';
import { purgeChecks } from './check-purge.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const DAY_MS = 24 * 60 * 60 * 1000;
const ABSENT = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';

let pair: CheckPair;
let uxin: CheckRegion;
let nantong: CheckRegion;
let document: string;
let identifier: string;

beforeEach(async () => {
  pair = await checkPair(NOW, { answerSeconds: 60, reuseSeconds: 60 });
  ({ uxin, nantong } = pair);
  await agree();
  ({ identifier } = await uxin.certificates.issue(licence(NOW)));
});

afterEach(() => pair.close());

/** Lets both regions sign what they cite, as a verifier wants to see it. */
async function agree(): Promise<void> {
  const { version: _, ...draft } = checkAgreement({ valid_until: '2031-11-30T00:00:00+08:00' }).compiled.content;
  const half = await signAgreement(draftAgreement(draft), nantong.own.signing);
  document = await signAgreement(half, uxin.own.signing);
  const statementOf = (code: string) => [uxin, nantong].find(({ own }) => own.region === code)?.own.statement;
  const { content, digest } = verifyAgreement(document, statementOf, { signatures: 'complete' });
  pair.agree({ id: content.id, digest, compiled: compileAgreement(content) });
}

function contextOf({ own, store, log }: CheckRegion): ExportContext {
  return {
    region: own.region,
    read: store.read,
    log,
    signer: own.signing,
    now: () => pair.time.value,
    statementOf: async (code) => [uxin, nantong].find((one) => one.own.region === code)?.own.jwt,
    authorizationOf: async () => document,
  };
}

const bundleOf = (region: CheckRegion, id: string, peer?: string) => exportCheck(id, peer, contextOf(region));
const verify = (text: string) =>
  verifyBundle(text, [uxin.own.statement, nantong.own.statement], { now: pair.time.value });
async function ask(subject = identifier, way: 'alone' | 'together' = 'alone') {
  const query = { identifier: subject, fields: ['business_items'], purpose: '核验' };
  const { evidence = '', ...answer } = await nantong.checks.ask('150626', query, way);
  return { evidence, ...answer };
}

function answerWith(bytes: Buffer, changes: object): Buffer {
  return Buffer.from(encode('CertificateAnswer', { ...decode('CertificateAnswer', bytes), ...changes }));
}

function sentLater(bytes: Buffer): Buffer {
  const header = decode('EnvelopeHeader', bytes);
  return Buffer.from(encode('EnvelopeHeader', { ...header, sentAt: header.sentAt + 1 }));
}

describe('the evidence of a check', () => {
  it('proves on both sides what was asked alone', async () => {
    const { evidence } = await ask();
    for (const region of [nantong, uxin]) {
      const report = await verify(await bundleOf(region, evidence));
      expect(report.faults).toEqual([]);
      expect(report.check).toMatchObject({
        id: evidence,
        from: '320600',
        to: '150626',
        subject: identifier,
        status: 'CERTIFICATE_STATUS_VALID',
        answeredAt: NOW,
        fields: { business_items: '热食类食品制售' },
      });
    }
  });

  it('proves on both sides each of a group, by itself', async () => {
    const asked = await Promise.all([ask(identifier, 'together'), ask(ABSENT, 'together'), ask(ABSENT, 'together')]);
    expect((await checksOf(uxin)).every(({ question_group: group }) => group !== null)).toBe(true);
    for (const region of [nantong, uxin])
      for (const { evidence, status } of asked) {
        const text = await bundleOf(region, evidence);
        const report = await verify(text);
        expect(report.faults).toEqual([]);
        expect(report.check!.status).toBe(`CERTIFICATE_STATUS_${status.toUpperCase()}`);
        expect((JSON.parse(text) as { answer: { seal: { tree_size: number } } }).answer.seal.tree_size).toBe(3);
        // The others of the group are not told.
        if (status === 'unknown')
          expect(text).not.toContain(Buffer.from(identifier).toString('base64url').slice(4, -4));
      }
  });

  it('has the answer in the log of who asked', async () => {
    await ask();
    expect((await logOf(nantong)).map(({ kind }: messages.LogEntry) => kind)).toEqual([
      'LOG_ENTRY_KIND_CHECK_ASKED',
      'LOG_ENTRY_KIND_ANSWER_RECEIVED',
    ]);
    for (const region of [nantong, uxin]) {
      await region.log.integrate();
      expect((await verifyLog(region.store.read, region.own.statement)).faults).toEqual([]);
    }
  });

  it('is sealed anew when the seal of our answers was lost in a crash', async () => {
    const [{ evidence }] = await Promise.all([ask(identifier, 'together'), ask(ABSENT, 'together')]);
    await uxin.store.write((tx) =>
      tx.run("UPDATE sealed_group SET signed_root = '' WHERE id IN (SELECT answer_group FROM certificate_check)"),
    );
    expect((await verify(await bundleOf(uxin, evidence))).verified).toBe(true);
  });

  it('is that of the first answer when it was used again', async () => {
    const first = await ask();
    const again = await ask();
    expect([again.cached, again.evidence]).toEqual([true, first.evidence]);
  });

  it.each<[string, 'question' | 'answer', 'header' | 'payload', (bytes: Buffer) => Buffer, string]>([
    ['the word of the answer', 'answer', 'payload', (bytes) => answerWith(bytes, { status: 6 }), 'PAYLOAD_MISMATCH'],
    [
      'the time in the answer',
      'answer',
      'payload',
      (bytes) => answerWith(bytes, { answeredAt: 1 }),
      'PAYLOAD_MISMATCH',
    ],
    ['the time of the answer', 'answer', 'header', (bytes) => sentLater(bytes), 'PATH_INVALID'],
    ['the purpose', 'question', 'payload', (bytes) => Buffer.concat([bytes, bytes]), 'PAYLOAD_MISMATCH'],
    ['the time of the question', 'question', 'header', (bytes) => sentLater(bytes), 'PATH_INVALID'],
  ])('is refused when somebody altered %s', async (_, side, part, alter, code) => {
    for (const way of ['alone', 'together'] as const) {
      const { evidence } = await ask(ABSENT, way);
      const bundle = JSON.parse(await bundleOf(nantong, evidence)) as Record<typeof side, Record<typeof part, string>>;
      const altered = alter(Buffer.from(bundle[side][part], 'base64url'));
      bundle[side][part] = altered.toString('base64url');
      const report = await verify(JSON.stringify(bundle));
      expect(report.verified).toBe(false);
      expect(report.check).toBeUndefined();
      expect(report.faults.map((fault) => fault.code)).toContain(code);
    }
  });

  it('is not there for what nobody asked', async () => {
    await expect(bundleOf(nantong, '0f9e8d7c-6b5a-7c3d-8e1f-a0b1c2d3e4f5')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const { evidence } = await ask();
    await expect(bundleOf(nantong, evidence, '350500')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('names the region where several asked under one id', async () => {
    const { evidence } = await ask();
    await uxin.store.write((tx) =>
      tx.run(
        `INSERT INTO certificate_check (direction, peer, id, leaf, identifier, status, question, answer, expires_at, log_position, at)
         SELECT direction, '350500', id, leaf, identifier, status, question, answer, expires_at, log_position, at FROM certificate_check`,
      ),
    );
    await expect(bundleOf(uxin, evidence)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await verify(await bundleOf(uxin, evidence, '320600'))).verified).toBe(true);
  });
});

describe('checks that are old', () => {
  const rows = async (table: string) =>
    (await uxin.store.read.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))!.n;
  /** As if a volume of the archive had every check. */
  const archiveAll = async () => {
    for (const { store } of [uxin, nantong])
      await store.write((tx) => tx.run('UPDATE certificate_check SET archived_in = 1'));
  };

  /** What volumes have of them, from their bundles. */
  async function* archived(bundles: readonly string[]) {
    for (const bundle of bundles)
      for (const { entry, index } of JSON.parse(bundle).log as { entry: string; index: number }[])
        yield { where: 'archive/1', index, entry: Buffer.from(entry, 'base64url') };
  }

  it('are forgotten with their seals, while the log keeps their entries and stays sound', async () => {
    const before = [await ask(), ...(await Promise.all([ask(ABSENT, 'together'), ask(ABSENT, 'together')]))];
    const bundles = await Promise.all(before.map(({ evidence }) => bundleOf(uxin, evidence)));
    const [kept = ''] = bundles;
    pair.time.value += 40 * DAY_MS;
    const after = await ask();
    const entries = await rows('log_entry');
    expect(await purgeChecks(uxin.store, pair.time.value - 30 * DAY_MS, pair.time.value)).toBe(0);
    await archiveAll();
    expect(await purgeChecks(uxin.store, pair.time.value - 30 * DAY_MS, pair.time.value)).toBe(3);
    expect((await checksOf(uxin)).map(({ id }) => id)).toEqual([after.evidence]);
    expect(await rows('sealed_group')).toBe(0);
    expect(await rows('log_entry')).toBe(entries);
    await uxin.log.integrate();
    const { read } = uxin.store;
    expect((await verifyLog(read, uxin.own.statement, [], () => archived(bundles))).faults).toEqual([]);
    await expect(bundleOf(uxin, before[0]!.evidence)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    // What was exported before still proves everything.
    expect((await verify(kept)).check).toMatchObject({ id: before[0]!.evidence });
    expect((await verify(await bundleOf(uxin, after.evidence))).verified).toBe(true);
  });

  it('are kept while they live or may be used again, and in groups of which others are kept', async () => {
    await Promise.all([ask(identifier, 'together'), ask(ABSENT, 'together')]);
    const { value: now } = pair.time;
    await archiveAll();
    expect(await purgeChecks(uxin.store, now + DAY_MS, now)).toBe(0);
    expect(await purgeChecks(nantong.store, now + DAY_MS, now + 5 * 60 * 1000 - 1)).toBe(0);
    await uxin.store.write((tx) =>
      tx.run('UPDATE certificate_check SET expires_at = ? WHERE identifier = ?', now + DAY_MS, ABSENT),
    );
    expect(await purgeChecks(uxin.store, now + DAY_MS, now + 10 * 60 * 1000)).toBe(1);
    expect(await rows('sealed_group')).toBe(2);
    const [left] = await checksOf(uxin);
    expect((await verify(await bundleOf(uxin, left!.id))).verified).toBe(true);
  });

  it('that are removed in another way are found out by the log', async () => {
    const { evidence } = await ask();
    const bundle = await bundleOf(uxin, evidence);
    pair.time.value += 40 * DAY_MS;
    await ask(ABSENT);
    await archiveAll();
    await purgeChecks(uxin.store, pair.time.value - 30 * DAY_MS, pair.time.value);
    await uxin.store.write((tx) => tx.run('DELETE FROM certificate_check'));
    await uxin.log.integrate();
    const faultsWith = async (bundles: readonly string[]) => {
      const { faults } = await verifyLog(uxin.store.read, uxin.own.statement, [], () => archived(bundles));
      return faults.map(({ where, code }) => `${where} ${code}`);
    };
    expect(await faultsWith([bundle])).toEqual(['log_entry/2 LOG_CORRUPT']);
    // However old they are, and whatever the database says: only the archive answers for what is gone.
    await uxin.store.write((tx) =>
      tx.run("INSERT INTO counter (name, value) VALUES ('checks/purged-before', ?)", pair.time.value + DAY_MS),
    );
    expect(await faultsWith([])).toEqual(['log_entry/1 LOG_CORRUPT', 'log_entry/2 LOG_CORRUPT']);
  });

  it('are forgotten some at a time', async () => {
    await ask();
    await uxin.store.write(async (tx) => {
      for (let n = 0; n < 20_001; n += 1)
        await tx.run(
          `INSERT INTO certificate_check (direction, peer, id, leaf, identifier, status, question, answer, expires_at, log_position, at)
           VALUES ('answered', '350500', ?, x'', '', '', x'', x'', 0, ?, 1)`,
          String(n),
          n + 10,
        );
    });
    await archiveAll();
    expect(await purgeChecks(uxin.store, NOW, NOW)).toBe(20_000);
    expect(await purgeChecks(uxin.store, NOW, NOW)).toBe(1);
    expect(await purgeChecks(uxin.store, NOW, NOW)).toBe(0);
    expect(await checksOf(uxin)).toHaveLength(1);
  });
});

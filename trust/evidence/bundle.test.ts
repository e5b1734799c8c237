import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_TIME } from '../../proto/testing/payload-samples.ts';
import { type EvidenceCase, evidenceCase } from '../testing/evidence-case.ts';
import { verifyBundle } from './bundle.ts';
import { type BundleInput, type EvidenceBundle, writeBundle } from './bundle-format.ts';
import type { BundleReport } from './bundle-report.ts';

/** JSON that a test may change. */
type Draft = { -readonly [K in keyof EvidenceBundle]: EvidenceBundle[K] } & Record<string, unknown>;
type Path = readonly (string | number)[];

let good: EvidenceCase;

beforeAll(async () => {
  good = await evidenceCase();
});

const statementsOf = ({ exporter, peer }: EvidenceCase) => [exporter.statement, peer.statement];
const verify = (text: string, of = good) => verifyBundle(text, statementsOf(of));

/** The report on the good bundle with something changed in its JSON. */
function verifyChanged(change: (bundle: Draft) => void): Promise<BundleReport> {
  const bundle = JSON.parse(good.text) as Draft;
  change(bundle);
  return verify(JSON.stringify(bundle));
}

function expectFault(report: BundleReport, where: string, code: string): void {
  expect(report.verified).toBe(false);
  expect(report.faults).toContainEqual(expect.objectContaining({ where, code }));
}

describe('a good bundle', () => {
  it.each([
    ['ES256', 'receiving', 'ES256', 11],
    ['Ed25519', 'receiving', 'Ed25519', 11],
    ['SM2-SM3', 'receiving', 'SM2-SM3', 11],
    ['ES256', 'handling', 'ES256', 10],
    ['Ed25519', 'handling', 'Ed25519', 10],
    ['SM2-SM3', 'handling', 'ES256', 10],
    ['ES256', 'handling', 'SM2-SM3', 10],
  ] as const)(
    'is verified: %s, exported by the %s region, the other being %s',
    async (suite, by, other, logEntries) => {
      const exported = await evidenceCase(suite, by, other);
      const report = await verifyBundle(exported.text, statementsOf(exported), { now: SAMPLE_TIME + 3_600_000 });
      expect(report.faults).toEqual([]);
      expect(report).toMatchObject({
        verified: true,
        case: exported.input.conversation,
        exportedBy: exported.exporter.region,
        regions: ['150626', '320600'],
        envelopes: 7,
        receipts: 7,
        logEntries,
        notes: [],
      });
      expect(report.checks.every(({ ok }) => ok)).toBe(true);
    },
  );

  it('tells the case as a timeline', async () => {
    const { timeline } = await verify(good.text);
    expect(timeline.map(({ from, to, type, outcome, code }) => [from, to, type.slice(11), outcome, code])).toEqual([
      ['320600', '150626', 'CaseTransfer', 'accepted', ''],
      ['150626', '320600', 'SupplementRequested', 'accepted', ''],
      ['320600', '150626', 'SupplementSubmitted', 'accepted', ''],
      ['150626', '320600', 'CaseAccepted', 'accepted', ''],
      ['150626', '320600', 'CaseDecided', 'accepted', ''],
      ['320600', '150626', 'WithdrawalRequested', 'rejected', 'ILLEGAL_TRANSITION'],
      ['320600', '150626', 'WithdrawalRequested', 'rejected', 'SEQUENCE_USED'],
    ]);
  });

  it('still stands when a payload and its salt were erased, and says so', async () => {
    const report = await verifyChanged((bundle) => {
      put(bundle, ['envelopes', 0, 'payload'], undefined);
      put(bundle, ['envelopes', 0, 'payload_salt'], undefined);
    });
    expect(report.verified).toBe(true);
    expect(report.timeline).toHaveLength(7);
    expect(report.notes).toEqual([expect.objectContaining({ where: 'envelopes/0', what: 'payload-erased' })]);
  });

  it('may hold an older statement, which is not used, and says so', async () => {
    const newer = await good.peer.restate({ serial: 2, endpoint: '127.0.0.1:9443' });
    const report = await verifyBundle(good.text, [good.exporter.statement, newer, good.peer.statement]);
    expect(report.verified).toBe(true);
    expect(report.notes).toEqual([expect.objectContaining({ where: 'statements/1', what: 'statement-differs' })]);
  });
});

describe('trust comes only from the statements given', () => {
  it('so the embedded ones alone verify nothing', async () => {
    const report = await verifyBundle(good.text, []);
    expect(report.timeline).toEqual([]);
    expectFault(report, 'checkpoint', 'KEY_UNKNOWN');
    expectFault(report, 'envelopes/0/seal', 'KEY_UNKNOWN');
    expect(report.notes).toHaveLength(2);
  });

  it('and a stranger who plays both regions fails', async () => {
    const forged = await evidenceCase();
    const report = await verify(forged.text);
    expect(report.timeline).toEqual([]);
    expectFault(report, 'statements/0', 'FINGERPRINT_MISMATCH');
    expectFault(report, 'authorizations/0', 'KEY_UNKNOWN');
    expectFault(report, 'envelopes/0/seal', 'KEY_UNKNOWN');
    expectFault(report, 'checkpoint', 'KEY_UNKNOWN');
  });

  it('and a seal made outside the validity of its key fails', async () => {
    const report = await verifyBundle(good.text, [
      { ...good.exporter.statement, keys: good.exporter.statement.keys.map(expired) },
      good.peer.statement,
    ]);
    expectFault(report, 'envelopes/0/seal', 'KEY_NOT_VALID');
    expectFault(report, 'checkpoint', 'KEY_NOT_VALID');
  });
});

describe('one changed byte', () => {
  it.each([
    ['header', ['envelopes', 0, 'header'], 'envelopes/0/'],
    ['payload', ['envelopes', 0, 'payload'], 'envelopes/0/payload'],
    ['salt', ['envelopes', 0, 'payload_salt'], 'envelopes/0/payload'],
    ['signed root', ['envelopes', 0, 'seal', 'signed_root'], 'envelopes/0/seal'],
    ['path', ['envelopes', 0, 'seal', 'inclusion_path', 1], 'envelopes/0/seal'],
    ['receipt body', ['envelopes', 0, 'receipt', 'body'], 'envelopes/0/receipt'],
    ['signed root of receipts', ['envelopes', 0, 'receipt', 'seal', 'signed_root'], 'envelopes/0/receipt'],
    ['path of the receipt', ['envelopes', 0, 'receipt', 'seal', 'inclusion_path', 0], 'envelopes/0/receipt'],
    ['log entry', ['envelopes', 0, 'log', 0, 'entry'], 'envelopes/0/log'],
    ['second log entry', ['envelopes', 0, 'log', 1, 'entry'], 'envelopes/0/log'],
    ['log path', ['envelopes', 0, 'log', 1, 'inclusion_path', 2], 'envelopes/0/log'],
    ['verdict entry of a received envelope', ['envelopes', 1, 'log', 0, 'entry'], 'envelopes/1/log'],
    ['checkpoint', ['checkpoint'], 'checkpoint'],
    ['statement', ['statements', 1], 'statements/1'],
    ['authorization', ['authorizations', 0, 'payload'], 'authorizations/0'],
    ['signature of the authorization', ['authorizations', 0, 'signatures', 1, 'signature'], 'authorizations/0'],
  ] as const)('of the %s is found, and where', async (_, path, where) => {
    const text = String(get(JSON.parse(good.text), path));
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 63 }), async (at, by) => {
        const report = await verifyChanged((bundle) => put(bundle, path, swap(text, at, by)));
        expect(report.verified).toBe(false);
        expect(report.faults.some((fault) => fault.where.startsWith(where) || where.startsWith(fault.where))).toBe(
          true,
        );
      }),
      { numRuns: 12 },
    );
  });

  it('anywhere in any text of the bundle makes it fail', async () => {
    const paths = textsOf(JSON.parse(good.text));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.nat(),
        fc.integer({ min: 1, max: 63 }),
        async (path, place, by) => {
          const text = String(get(JSON.parse(good.text), path));
          const report = await verifyChanged((bundle) => put(bundle, path, swap(text, place % text.length, by)));
          expect(report.verified).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('a bundle that was put together wrongly', () => {
  it.each([
    ['leaf index', ['envelopes', 0, 'seal', 'leaf_index'], 0, 'envelopes/0/seal', 'PATH_INVALID'],
    ['tree size', ['envelopes', 0, 'seal', 'tree_size'], 4, 'envelopes/0/seal', 'PATH_INVALID'],
    ['receipt index', ['envelopes', 0, 'receipt', 'seal', 'leaf_index'], 0, 'envelopes/0/receipt', 'PATH_INVALID'],
    ['log index', ['envelopes', 0, 'log', 0, 'index'], 2, 'envelopes/0/log', 'LOG_PROOF_INVALID'],
    ['exporter', ['exported_by'], '150626', 'checkpoint', 'CHECKPOINT_INVALID'],
    ['third region', ['exported_by'], '350500', 'envelopes/0/header', 'BUNDLE_INVALID'],
    ['case', ['case'], '00000000-0000-4000-8000-000000000000', 'envelopes/0/header', 'BUNDLE_INVALID'],
    ['time of export', ['exported_at'], 1000, 'checkpoint', 'KEY_NOT_VALID'],
    ['format', ['format'], 'tongban-evidence/2', 'format', 'BUNDLE_INVALID'],
    ['member nobody knows', ['extra'], 1, 'extra', 'BUNDLE_INVALID'],
    ['unknown member of a seal', ['envelopes', 0, 'seal', 'x'], 1, 'envelopes/0/seal/x', 'BUNDLE_INVALID'],
    ['no checkpoint', ['checkpoint'], undefined, 'checkpoint', 'BUNDLE_INVALID'],
    ['no receipt', ['envelopes', 2, 'receipt'], undefined, 'envelopes/2/receipt', 'BUNDLE_INVALID'],
    ['no log entry', ['envelopes', 2, 'log'], [], 'envelopes/2/log', 'BUNDLE_INVALID'],
    ['salt without payload', ['envelopes', 2, 'payload'], undefined, 'envelopes/2', 'BUNDLE_INVALID'],
    ['no envelopes', ['envelopes'], [], 'envelopes', 'BUNDLE_INVALID'],
    ['no authorization', ['authorizations'], [], 'envelopes/0/authorization', 'AUTHORIZATION_UNKNOWN'],
    ['padding', ['envelopes', 0, 'payload_salt'], `${'A'.repeat(43)}=`, 'envelopes/0/payload_salt', 'BUNDLE_INVALID'],
    [
      'another base64',
      ['envelopes', 0, 'payload_salt'],
      `${'A'.repeat(42)}B`,
      'envelopes/0/payload_salt',
      'BUNDLE_INVALID',
    ],
  ] as const)('is at fault: %s', async (_, path, value, where, code) => {
    expectFault(await verifyChanged((bundle) => put(bundle, path, value)), where, code);
  });

  it('with an envelope left out of the middle has a gap', async () => {
    const report = await verifyWithout(2);
    expectFault(report, 'envelopes', 'BUNDLE_INVALID');
    expect(report.checks).toContainEqual({ what: 'order', ok: false });
  });

  it('with an envelope twice is at fault', async () => {
    const report = await verify(rewrite((envelopes) => [...envelopes, envelopes[0]!]));
    expectFault(report, 'envelopes', 'ID_REUSED');
  });

  it('with the receipt of another envelope is at fault', async () => {
    const report = await verify(
      rewrite((envelopes) => envelopes.map((one, at) => (at === 0 ? { ...one, receipt: envelopes[2]!.receipt } : one))),
    );
    expectFault(report, 'envelopes/0/receipt', 'RECEIPT_INVALID');
  });

  it('with the log entry of another envelope is at fault', async () => {
    const report = await verify(
      rewrite((envelopes) => envelopes.map((one, at) => (at === 0 ? { ...one, log: envelopes[2]!.log } : one))),
    );
    expectFault(report, 'envelopes/0/log', 'LOG_PROOF_INVALID');
  });

  it('with the seal of a receipt in place of that of an envelope is at fault', async () => {
    const report = await verify(
      rewrite((envelopes) =>
        envelopes.map((one, at) => (at === 1 ? { ...one, seal: envelopes[0]!.receipt.seal } : one)),
      ),
    );
    expectFault(report, 'envelopes/1/seal', 'TYP_MISMATCH');
  });

  it('names every fault, not only the first', async () => {
    const report = await verifyChanged((bundle) => {
      for (const at of [0, 3]) put(bundle, ['envelopes', at, 'payload'], 'AAAA');
    });
    expect(report.faults.map(({ where }) => where)).toEqual(['envelopes/0/payload', 'envelopes/3/payload']);
    expect(report.timeline).toHaveLength(5);
    expect(report.checks.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual(['payload', 'order']);
  });

  it.each([['not JSON'], ['[]'], ['null'], ['{}'], ['"text"'], ['']])(
    '%j is a report, not an exception',
    async (text) => {
      const report = await verify(text);
      expect(report.verified).toBe(false);
      expect(report.faults[0]).toMatchObject({ code: 'BUNDLE_INVALID' });
    },
  );

  it('from the future is at fault', async () => {
    expectFault(
      await verifyBundle(good.text, statementsOf(good), { now: SAMPLE_TIME }),
      'exported_at',
      'BUNDLE_INVALID',
    );
  });

  it('holding a statement of hostile shape is at fault, without an exception', async () => {
    const report = await verifyChanged((bundle) => {
      bundle.statements = [`${json({ alg: 'ES256' })}.${json({ jwks: { keys: [null] } })}.AAAA`];
    });
    expectFault(report, 'statements/0', 'STATEMENT_INVALID');
  });
});

function verifyWithout(index: number): Promise<BundleReport> {
  return verify(rewrite((envelopes) => envelopes.filter((_, at) => at !== index)));
}

function rewrite(change: (envelopes: BundleInput['envelopes']) => BundleInput['envelopes']): string {
  return writeBundle({ ...good.input, envelopes: change(good.input.envelopes) });
}

/** Another character of the same alphabet: what a flipped bit leaves when it is not plain garbage. */
function swap(text: string, at: number, by: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const place = alphabet.indexOf(text[at]!);
  const other = place < 0 ? String.fromCharCode(text.charCodeAt(at) ^ 1) : alphabet[(place + by) % 64]!;
  return text.slice(0, at) + other + text.slice(at + 1);
}

/** Paths of all texts but the time of export, which is a number and nobody's signature covers. */
function textsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textsOf(member, [...path, name]));
}

function get(value: unknown, path: Path): unknown {
  return path.reduce((inner, name) => (inner as Record<string, unknown>)[name], value);
}

function put(value: unknown, path: Path, member: unknown): void {
  const parent = get(value, path.slice(0, -1)) as Record<string, unknown>;
  parent[path.at(-1)!] = member;
}

function expired<K extends { notBefore: number; notAfter: number }>(key: K): K {
  return { ...key, notAfter: SAMPLE_TIME };
}

function json(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

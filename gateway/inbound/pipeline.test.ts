import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedError, type ErrorCode, LIMITS, type messages, receiptLeaf } from '#proto';
import {
  AuthorizationError,
  type CompiledAgreement,
  compileAgreement,
  type FixedEnvelope,
  readReceipt,
  sealEnvelopes,
  sealReceipts,
  suiteOf,
  verifyReceiptGroup,
} from '#trust';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { MissingMaterials } from '../peer/incoming.ts';
import { batchOf, type EnvelopeChanges, envelopeOf, type Receiver, receiver } from '../testing/receiver.ts';
import { type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import type { OpenCaseContext } from './authorize.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const AGREED = '00000000-0000-4000-8000-000000000001';

let nantong: ThrowawayRegion;
let other: ThrowawayRegion;
let ed25519: ThrowawayRegion;
let own: ThrowawayRegion;
let folder: string;
let uxin: TestGateway;
let door: Receiver;

beforeAll(async () => {
  const made = { now: NOW - DAY };
  nantong = await throwawayRegion('320600', made);
  other = await throwawayRegion('320600', made);
  ed25519 = await throwawayRegion('320600', { ...made, suite: 'Ed25519' });
  own = await throwawayRegion('150626', made);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-pipeline-'));
  uxin = await testGateway(own, folder, testClock(NOW));
  door = receiver(uxin);
});

afterEach(async () => {
  await uxin.close();
  await rm(folder, { recursive: true });
});

function ping(changes: EnvelopeChanges = {}): FixedEnvelope {
  return envelopeOf(nantong, '150626', NOW, changes);
}

async function send(...envelopes: FixedEnvelope[]): Promise<messages.ReceiptBatch> {
  return door.receive(nantong, await batchOf(nantong, envelopes, uxin.clock.now()));
}

/** The one code of an answer, after the receipts were verified as the sender does. */
function outcome(answer: messages.ReceiptBatch): { kind: string; code: string } {
  if (answer.receipts.length > 0) verifyReceiptGroup(answer.signedRoot, answer.receipts, own.statement);
  const all = [
    ...answer.receipts.map((body) => ({ kind: 'receipt', code: readReceipt(body, '150626', '320600').code })),
    ...answer.deferrals.map(({ code }) => ({ kind: 'deferral', code })),
    ...answer.refusals.map(({ code }) => ({ kind: 'refusal', code })),
  ];
  expect(all).toHaveLength(1);
  return all[0]!;
}

/** The signed root under which each receipt is kept. */
async function sealsOf(...envelopes: FixedEnvelope[]): Promise<string[]> {
  const roots = envelopes.map(({ leaf }) =>
    uxin.store.read.get<{ root: string }>(
      'SELECT signed_root AS root FROM inbox JOIN sealed_group ON sealed_group.id = receipt_group_id WHERE leaf = ?',
      leaf,
    ),
  );
  return (await Promise.all(roots)).map((row) => row!.root);
}

/** Every row that receiving could leave. */
async function stored(): Promise<Record<string, number>> {
  const tables = ['inbox', 'conversation', 'log_entry', 'sealed_group', 'counter', 'outbox'];
  const counts = tables.map(async (table) => {
    const row = await uxin.store.read.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
    return [table, row!.n] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}

async function nextIn(conversation: string): Promise<number | undefined> {
  const row = await uxin.store.read.get<{ next_in: number }>(
    'SELECT next_in FROM conversation WHERE id = ?',
    conversation,
  );
  return row?.next_in;
}

const NOTHING = { inbox: 0, conversation: 0, log_entry: 0, sealed_group: 0, counter: 0, outbox: 0 };
/** One verdict: the envelope, its number, its log entry, the seals of batch and receipts. */
const ONE_VERDICT = { inbox: 1, conversation: 1, log_entry: 1, sealed_group: 2, counter: 0, outbox: 0 };

describe('a good envelope', () => {
  it('is accepted, stored, logged and receipted', async () => {
    const envelope = ping();
    const answer = await send(envelope);
    expect(outcome(answer)).toEqual({ kind: 'receipt', code: '' });
    const receipt = readReceipt(answer.receipts[0]!, '150626', '320600');
    expect(receipt).toMatchObject({ leafHash: envelope.leaf, sequence: 1, receivedAt: NOW, decidedAt: NOW });
    expect(await stored()).toEqual(ONE_VERDICT);
    await uxin.store.write(async () => {});
    const row = await uxin.store.read.get<{ code: string; signed_root: string }>(
      'SELECT i.code, g.signed_root FROM inbox i JOIN sealed_group g ON g.id = i.receipt_group_id',
    );
    expect(row).toEqual({ code: '', signed_root: answer.signedRoot.toString() });
  });

  it('opens the next number of its conversation', async () => {
    for (const sequence of [1, 2, 3]) {
      expect(outcome(await send(ping({ conversation: CASE, sequence })))).toEqual({ kind: 'receipt', code: '' });
    }
    expect(await nextIn(CASE)).toBe(4);
  });
});

describe('an envelope that is refused (steps 1 to 3) leaves nothing', () => {
  const reseal = async (signedRoot: string | Promise<{ signedRoot: string }>, envelope = ping()) => {
    const text = typeof signedRoot === 'string' ? signedRoot : (await signedRoot).signedRoot;
    return { ...(await batchOf(nantong, [envelope], NOW)), signedRoot: Buffer.from(text) };
  };
  const withMember = async (change: (envelope: messages.Envelope) => object, envelope = ping()) => {
    const batch = await batchOf(nantong, [envelope], NOW);
    return { ...batch, envelopes: batch.envelopes.map((member) => ({ ...member, ...change(member) })) };
  };
  const plain = (changes: EnvelopeChanges) => batchOf(nantong, [ping(changes)], NOW);
  /** Rewrites one part of the compact JWS over the root. */
  const tamper = async (part: 0 | 1 | 2, change: (text: string) => string) => {
    const envelope = ping();
    const { signedRoot } = await sealEnvelopes(nantong.signing, '320600', [envelope.leaf], NOW);
    const parts = signedRoot.split('.');
    parts[part] = change(parts[part]!);
    return reseal(parts.join('.'), envelope);
  };
  const json = (change: (claims: object) => object) => (text: string) =>
    Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(text, 'base64url').toString())))).toString('base64url');

  it.each<[string, ErrorCode, () => Promise<messages.Batch>]>([
    ['a message above 1 MiB', 'MESSAGE_TOO_LARGE', () => plain({ bytes: Buffer.alloc(LIMITS.messageBytes) })],
    ['a header that is no message', 'MALFORMED', () => withMember(() => ({ header: Buffer.from('not a header') }))],
    ['an empty header', 'MALFORMED', () => withMember(() => ({ header: Buffer.alloc(0) }))],
    ['a truncated header', 'MALFORMED', () => withMember(({ header }) => ({ header: header.subarray(0, -1) }))],
    ['an id that is no UUIDv7', 'MALFORMED', () => plain({ id: randomUUID() })],
    ['an unknown suite', 'SUITE_MISMATCH', () => plain({ suite: 'none' })],
    ['another sender than the connected peer', 'PEER_MISMATCH', () => plain({ sender: '350500' })],
    ['another recipient', 'WRONG_RECIPIENT', () => plain({ recipient: '350500' })],
    ['a seal that is no JWS', 'JWS_INVALID', () => reseal('hello')],
    ['no seal', 'JWS_INVALID', () => reseal('')],
    [
      'a seal made for receipts',
      'TYP_MISMATCH',
      () => reseal(sealReceipts(nantong.signing, '320600', [Buffer.alloc(1)], NOW)),
    ],
    [
      'a seal with another algorithm',
      'ALGORITHM_NOT_ALLOWED',
      () =>
        tamper(
          0,
          json((header) => ({ ...header, alg: 'none' })),
        ),
    ],
    [
      'a seal by a key that the statement does not name',
      'KEY_UNKNOWN',
      () => reseal(sealEnvelopes(other.signing, '320600', [ping().leaf], NOW)),
    ],
    ['a seal by the log key', 'KEY_UNKNOWN', () => reseal(sealEnvelopes(nantong.log, '320600', [ping().leaf], NOW))],
    [
      'a bad signature',
      'SIGNATURE_INVALID',
      () => tamper(2, (text) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`),
    ],
    [
      'altered claims',
      'SIGNATURE_INVALID',
      () =>
        tamper(
          1,
          json((claims) => ({ ...claims, size: 2 })),
        ),
    ],
    [
      'a seal in the name of another region',
      'ISSUER_MISMATCH',
      () => reseal(sealEnvelopes(nantong.signing, '350500', [ping().leaf], NOW)),
    ],
    ['a seal from more than five minutes ago', 'SEAL_TIME', () => batchOf(nantong, [ping()], NOW - 5 * MINUTE - 1000)],
    [
      'a seal from more than five minutes ahead',
      'SEAL_TIME',
      () => batchOf(nantong, [ping()], NOW + 5 * MINUTE + 1000),
    ],
    ['a header altered after sealing', 'ROOT_MISMATCH', () => withMember(() => ({ header: ping().header }))],
    [
      'an envelope more than was sealed',
      'ROOT_MISMATCH',
      () => reseal(sealEnvelopes(nantong.signing, '320600', [ping().leaf, ping().leaf], NOW)),
    ],
    ['another version', 'VERSION_UNSUPPORTED', () => plain({ version: 2 })],
    ['an extension that we do not know', 'EXTENSION_UNKNOWN', () => plain({ critical: ['future'] })],
    ['another suite than its key has', 'SUITE_MISMATCH', () => plain({ suite: 'Ed25519' })],
    ['an altered payload', 'PAYLOAD_MISMATCH', () => withMember(() => ({ payload: Buffer.from('other') }))],
    ['an altered salt', 'PAYLOAD_MISMATCH', () => withMember(() => ({ payloadSalt: Buffer.alloc(32) }))],
    ['a salt that is too short', 'PAYLOAD_MISMATCH', () => withMember(() => ({ payloadSalt: Buffer.alloc(31, 7) }))],
    [
      'a time of sending after its seal',
      'SENT_IN_FUTURE',
      () => plain({ sentAt: NOW + 6 * MINUTE, expiresAt: NOW + DAY }),
    ],
    ['no lifetime', 'EXPIRY_INVALID', () => plain({ expiresAt: NOW })],
    ['a lifetime above 30 days', 'EXPIRY_INVALID', () => plain({ expiresAt: NOW + LIMITS.lifetimeMs + 1 })],
    ['a lifetime that is over', 'EXPIRED', () => plain({ sentAt: NOW - DAY, expiresAt: NOW })],
  ])('%s: %s', async (_, code, batch) => {
    const made = await batch();
    const answer = await door.receive(nantong, made);
    expect(outcome(answer)).toEqual({ kind: 'refusal', code });
    expect(answer.refusals[0]!.leafHash).toHaveLength(32);
    expect(answer.signedRoot).toHaveLength(0);
    expect(door.decided).toEqual([{ kind: 'refusal', code }]);
    expect(await stored()).toEqual(NOTHING);
    expect(outcome(await send(ping()))).toEqual({ kind: 'receipt', code: '' });
  });

  it('a key outside its validity: KEY_NOT_VALID', async () => {
    uxin.clock.at = NOW + 3 * 365 * DAY;
    expect(outcome(await send(ping({ sentAt: uxin.clock.at - MINUTE, expiresAt: uxin.clock.at + DAY })))).toEqual({
      kind: 'refusal',
      code: 'KEY_NOT_VALID',
    });
    expect(await stored()).toEqual(NOTHING);
  });

  it('an envelope of another suite with its own keys is fine', async () => {
    const envelope = envelopeOf(ed25519, '150626', NOW);
    const answer = await door.receive(ed25519, await batchOf(ed25519, [envelope], NOW));
    expect(outcome(answer)).toEqual({ kind: 'receipt', code: '' });
  });

  it('the same id with other content: ID_REUSED, also beside its own original', async () => {
    const first = ping();
    const id = Buffer.from(first.header)
      .toString('latin1')
      .match(/[0-9a-f-]{36}/)![0];
    await send(first);
    const before = await stored();
    expect(outcome(await send(ping({ id })))).toEqual({ kind: 'refusal', code: 'ID_REUSED' });
    expect(await stored()).toEqual(before);
    const twin = ping({ id: id.replace(/.$/, (last) => (last === '0' ? '1' : '0')) });
    const copy = ping({
      id: Buffer.from(twin.header)
        .toString('latin1')
        .match(/[0-9a-f-]{36}/)![0],
    });
    const answer = await send(twin, copy);
    expect(answer.receipts).toHaveLength(1);
    expect(answer.refusals).toEqual([{ leafHash: copy.leaf, code: 'ID_REUSED' }]);
  });
});

describe('an envelope that came before', () => {
  it('gets the identical receipt body, whatever else has changed since', async () => {
    const envelope = ping();
    const first = await send(envelope);
    const before = await stored();
    uxin.clock.at = NOW + 40 * DAY;
    const again = await door.receive(nantong, {
      ...(await batchOf(nantong, [envelope], NOW)),
      signedRoot: Buffer.from('no seal at all'),
    });
    expect(again.receipts).toEqual(first.receipts);
    expect(again.signedRoot).not.toEqual(first.signedRoot);
    verifyReceiptGroup(again.signedRoot, again.receipts, own.statement);
    expect(await stored()).toEqual(before);
    expect(door.decided.at(-1)).toMatchObject({ kind: 'receipt', repeated: true });
  });

  it('gets it also when it was rejected, and when it is twice in one batch', async () => {
    const bad = ping({ type: 'other.v1.Thing' });
    const answer = await send(bad, bad);
    expect(answer.receipts).toHaveLength(2);
    expect(answer.receipts[0]).toEqual(answer.receipts[1]);
    expect((await send(bad)).receipts[0]).toEqual(answer.receipts[0]);
    expect(await stored()).toEqual(ONE_VERDICT);
  });

  it('has its seal made good when the clock stood before our key as the verdict was to be sealed', async () => {
    const { sign } = own.signing;
    const [first, second] = [ping(), ping()];
    vi.spyOn(own.signing, 'sign').mockRejectedValueOnce(new CodedError('KEY_MISSING'));
    await expect(send(first, second)).rejects.toMatchObject({ code: 'KEY_MISSING' });
    expect(own.signing.sign).toHaveBeenCalledOnce();
    vi.restoreAllMocks();
    expect(own.signing.sign).toBe(sign);
    expect(await sealsOf(first, second)).toEqual(['', '']);
    const again = await send(ping(), second, first);
    expect(again.receipts).toHaveLength(3);
    await vi.waitFor(async () => expect(await sealsOf(first, second)).not.toContain(''));
    const places = await uxin.store.read.all<{ root: string; leaves: Buffer; index: number; receipt: Buffer }>(
      `SELECT signed_root AS root, leaves, receipt_group_index AS "index", receipt FROM inbox
       JOIN sealed_group ON sealed_group.id = receipt_group_id`,
    );
    for (const { root, leaves, index, receipt } of places) {
      expect(root).not.toBe('');
      const leaf = receiptLeaf(suiteOf(own.signing.suite).hash, receipt);
      expect(leaves.subarray(index * leaf.length, (index + 1) * leaf.length)).toEqual(leaf);
    }
    const kept = await stored();
    await send(first);
    expect(await stored()).toEqual(kept);
  });

  it('gets it after a restart', async () => {
    const envelope = ping();
    const first = await send(envelope);
    await uxin.close();
    uxin = await testGateway(own, folder, testClock(NOW));
    door = receiver(uxin);
    expect((await send(envelope)).receipts).toEqual(first.receipts);
  });
});

describe('the order of a conversation (step 4)', () => {
  it('defers what comes too early, storing nothing', async () => {
    const answer = await send(ping({ conversation: CASE, sequence: 3 }));
    expect(outcome(answer)).toEqual({ kind: 'deferral', code: 'SEQUENCE_GAP' });
    expect(answer.deferrals[0]).toMatchObject({ expectedSequence: 1 });
    expect(await stored()).toEqual(NOTHING);
  });

  it('rejects a number that is used, and uses up none for it', async () => {
    await send(ping({ conversation: CASE, sequence: 1 }));
    expect(outcome(await send(ping({ conversation: CASE, sequence: 1 })))).toEqual({
      kind: 'receipt',
      code: 'SEQUENCE_USED',
    });
    expect(await nextIn(CASE)).toBe(2);
    expect(await stored()).toMatchObject({ inbox: 2, log_entry: 2 });
  });

  it('takes a rejected number as used, a deferred one not', async () => {
    await send(ping({ conversation: CASE, type: 'other.v1.Thing' }));
    expect(await nextIn(CASE)).toBe(2);
    await send(ping({ conversation: CASE, sequence: 3 }));
    expect(await nextIn(CASE)).toBe(2);
    expect(outcome(await send(ping({ conversation: CASE, sequence: 2 }))).code).toBe('');
  });

  it('is kept for each peer by itself', async () => {
    const quanzhou = await throwawayRegion('350500', { now: NOW - DAY });
    await send(ping({ conversation: CASE }));
    const foreign = envelopeOf(quanzhou, '150626', NOW, { conversation: CASE, sequence: 2 });
    const answer = await door.receive(quanzhou, await batchOf(quanzhou, [foreign], NOW));
    expect(answer.deferrals).toMatchObject([{ code: 'SEQUENCE_GAP', expectedSequence: 1 }]);
  });
});

describe('a verified envelope that is not permitted (step 5) is rejected with a receipt and uses up its number', () => {
  const transfer = payloadSamples.CaseTransfer;
  const agreement = (changes: Partial<CompiledAgreement['content']> = {}): CompiledAgreement =>
    compileAgreement({
      id: AGREED,
      version: 1,
      parties: ['320600', '150626'],
      grants: [
        {
          grantor: '150626',
          grantee: '320600',
          department: { name: '乌审旗市场监督管理局', code: '11370800MB28559184' },
          rights: ['R1a', 'R3', 'R4'],
          items: ['EX014'],
          modes: ['agency'],
        },
      ],
      fields: ['applicant.*', 'form.*'],
      valid_from: '2026-11-01T00:00:00+08:00',
      valid_until: '2027-02-01T00:00:00+08:00',
      terms: '双方相互委托收件。',
      created_at: '2026-11-01T00:00:00+08:00',
      ...changes,
    });
  const openCase: OpenCaseContext = {
    item: 'EX014',
    mode: 'agency',
    receiving: '320600',
    handling: '150626',
    authorizationId: AGREED,
  };
  const cited = { authorizationId: AGREED, authorizationDigest: Buffer.alloc(32, 1) };
  const withAgreement = (changes?: Parameters<typeof agreement>[0]) =>
    receiver(uxin, { agreementOf: () => agreement(changes), caseOf: async () => openCase });
  const failing = (code: ErrorCode) =>
    receiver(uxin, {
      agreementOf: () => {
        throw new AuthorizationError(code);
      },
      caseOf: async () => openCase,
    });

  it.each<[string, string, () => Receiver, EnvelopeChanges]>([
    ['a type that nobody knows', 'UNKNOWN_TYPE', () => door, { type: 'other.v1.Thing' }],
    ['a question, which has its own way', 'UNKNOWN_TYPE', () => door, { name: 'CertificateQuestion' }],
    ['a payload that is not of its type', 'PAYLOAD_INVALID', () => door, { bytes: Buffer.from('not a Ping at all') }],
    [
      'a payload against its rules',
      'PAYLOAD_INVALID',
      () => door,
      { name: 'CaseRated', body: { score: 9, comment: '', ratedAt: NOW } },
    ],
    [
      'an authorization that we do not know',
      'AUTHORIZATION_UNKNOWN',
      () => failing('AUTHORIZATION_UNKNOWN'),
      { name: 'CaseTransfer', ...cited },
    ],
    [
      'no authorization where one is needed',
      'AUTHORIZATION_REQUIRED',
      () => failing('AUTHORIZATION_REQUIRED'),
      { name: 'CaseTransfer' },
    ],
    [
      'an authorization that ended',
      'AUTHORIZATION_INACTIVE',
      () => withAgreement({ valid_until: '2026-11-19T00:00:00+08:00' }),
      { name: 'CaseTransfer', ...cited },
    ],
    [
      'an item that is not covered',
      'ITEM_NOT_COVERED',
      () => withAgreement(),
      { name: 'CaseTransfer', body: { ...transfer, item: 'EX015' }, ...cited },
    ],
    [
      'a mode that is not covered',
      'MODE_NOT_COVERED',
      () => withAgreement(),
      { name: 'CaseTransfer', body: { ...transfer, mode: 'online' }, ...cited },
    ],
    ['a right that was not granted', 'RIGHT_MISSING', () => withAgreement(), { name: 'CaseAccepted', ...cited }],
    [
      'a field that may not travel',
      'FIELD_NOT_ALLOWED',
      () => withAgreement({ fields: ['applicant.*'] }),
      { name: 'CaseTransfer', ...cited },
    ],
    [
      'a case that we do not have',
      'CASE_UNKNOWN',
      () => receiver(uxin, { agreementOf: () => agreement(), caseOf: async () => undefined }),
      { name: 'CaseRated', ...cited },
    ],
    [
      'another authorization than the case began with',
      'AUTHORIZATION_INACTIVE',
      () => withAgreement(),
      { name: 'CaseRated', ...cited, authorizationId: CASE },
    ],
  ])('%s: %s', async (_, code, open, changes) => {
    door = open();
    const envelope = ping({ conversation: CASE, ...changes });
    expect(outcome(await send(envelope))).toEqual({ kind: 'receipt', code });
    expect(await stored()).toEqual(ONE_VERDICT);
    expect(await nextIn(CASE)).toBe(2);
    expect(door.unexpected).toEqual([]);
  });

  it('what is permitted goes to its handler, with the authorization', async () => {
    const seen: unknown[] = [];
    door = receiver(uxin, {
      agreementOf: () => agreement(),
      caseOf: async () => openCase,
      handlers: {
        CaseTransfer: async (_tx, { name, payload, agreement: under }) =>
          void seen.push([name, (payload as messages.CaseTransfer).caseNumber, under?.content.id]),
      },
    });
    expect(outcome(await send(ping({ name: 'CaseTransfer', ...cited })))).toEqual({ kind: 'receipt', code: '' });
    expect(seen).toEqual([['CaseTransfer', transfer.caseNumber, AGREED]]);
  });

  it('an authorization that awaits its receipt is a deferral, which leaves nothing', async () => {
    door = failing('AUTHORIZATION_PENDING');
    expect(outcome(await send(ping({ name: 'CaseTransfer', ...cited })))).toEqual({
      kind: 'deferral',
      code: 'AUTHORIZATION_PENDING',
    });
    expect(await stored()).toEqual(NOTHING);
  });
});

describe('a handler (step 6)', () => {
  /** A room that writes, and then fails with what the test says. */
  function failingWith(error: unknown): Receiver {
    return receiver(uxin, {
      handlers: {
        Ping: async (tx) => {
          await tx.run("INSERT INTO counter (name, value) VALUES ('written', 1)");
          tx.afterCommit(() => told.push('effect'));
          throw error;
        },
      },
    });
  }
  let told: string[];
  beforeEach(() => {
    told = [];
  });

  it.each<ErrorCode>(['ILLEGAL_TRANSITION', 'ITEM_UNKNOWN', 'STATEMENT_STALE', 'CERTIFICATE_MALFORMED'])(
    'that rejects with %s leaves a verdict and none of its own writes',
    async (code) => {
      door = failingWith(new CodedError(code));
      expect(outcome(await send(ping({ conversation: CASE })))).toEqual({ kind: 'receipt', code });
      expect(await stored()).toEqual(ONE_VERDICT);
      expect(await nextIn(CASE)).toBe(2);
      expect(told).toEqual([]);
      expect(door.unexpected).toEqual([]);
    },
  );

  it('that misses materials defers, names them, and leaves nothing', async () => {
    const digest = Buffer.alloc(32, 9);
    door = failingWith(new MissingMaterials([digest]));
    const answer = await send(ping());
    expect(outcome(answer)).toEqual({ kind: 'deferral', code: 'MATERIAL_MISSING' });
    expect(answer.deferrals[0]!.missingMaterials).toEqual([digest]);
    expect(await stored()).toEqual(NOTHING);
  });

  it.each<ErrorCode>(['BACK_PRESSURE', 'SHUTTING_DOWN', 'PLATFORM_UNREACHABLE'])(
    'that cannot do it now (%s) defers the envelope and leaves nothing',
    async (code) => {
      door = failingWith(new CodedError(code));
      expect(outcome(await send(ping({ conversation: CASE })))).toEqual({ kind: 'deferral', code: 'TRY_LATER' });
      expect(await stored()).toEqual(NOTHING);
      expect(told).toEqual([]);
    },
  );

  it.each([new TypeError('a bug'), new CodedError('INTERNAL')])(
    'that fails unexpectedly defers the envelope, leaves nothing, and is told of: %s',
    async (error) => {
      door = failingWith(error);
      expect(outcome(await send(ping()))).toEqual({ kind: 'deferral', code: 'TRY_LATER' });
      expect(await stored()).toEqual(NOTHING);
      expect(told).toEqual([]);
      expect(door.unexpected).toEqual([error]);
    },
  );
});

describe('a batch of good and bad', () => {
  it('answers every envelope exactly once, each for itself', async () => {
    const repeated = ping();
    await send(repeated);
    const good = [ping({ conversation: CASE, sequence: 1 }), ping({ conversation: CASE, sequence: 2 })];
    const early = ping({ sequence: 2 });
    const unknown = ping({ type: 'other.v1.Thing' });
    const misled = ping({ recipient: '350500' });
    const expired = ping({ sentAt: NOW - DAY, expiresAt: NOW });
    const answer = await send(misled, good[0]!, repeated, early, unknown, expired, good[1]!);
    const receipts = answer.receipts.map((body) => readReceipt(body, '150626', '320600'));
    verifyReceiptGroup(answer.signedRoot, answer.receipts, own.statement);
    const codeOf = (envelope: FixedEnvelope) =>
      receipts.filter(({ leafHash }) => leafHash.equals(envelope.leaf)).map(({ code }) => code);
    expect([...good, repeated, unknown].map(codeOf)).toEqual([[''], [''], [''], ['UNKNOWN_TYPE']]);
    expect(receipts).toHaveLength(4);
    expect(answer.deferrals).toMatchObject([{ leafHash: early.leaf, code: 'SEQUENCE_GAP', expectedSequence: 1 }]);
    expect(answer.refusals).toEqual([
      { leafHash: misled.leaf, code: 'WRONG_RECIPIENT' },
      { leafHash: expired.leaf, code: 'EXPIRED' },
    ]);
    expect(await stored()).toMatchObject({ inbox: 4, log_entry: 4 });
    expect(await nextIn(CASE)).toBe(3);
  });

  it('goes on after a member whose handler failed, without its writes', async () => {
    door = receiver(uxin, {
      handlers: {
        Ping: async (tx, { payload }) => {
          const { note } = payload as messages.Ping;
          await tx.run('INSERT INTO counter (name, value) VALUES (?, 1)', note);
          if (note === 'bad') throw new CodedError('ILLEGAL_TRANSITION');
        },
      },
    });
    const answer = await send(...['one', 'bad', 'two'].map((note) => ping({ body: { note } })));
    expect(answer.receipts.map((body) => readReceipt(body, '150626', '320600').code)).toEqual([
      '',
      'ILLEGAL_TRANSITION',
      '',
    ]);
    expect(await uxin.store.read.all('SELECT name FROM counter ORDER BY name')).toEqual([
      { name: 'one' },
      { name: 'two' },
    ]);
  });

  it('keeps nothing of any member when the commit fails', async () => {
    door = receiver(uxin, {
      handlers: {
        Ping: async (tx) => {
          await tx.run("INSERT INTO counter (name, value) VALUES ('same', 1)");
          await tx.run("INSERT OR ROLLBACK INTO counter (name, value) VALUES ('same', 2)");
        },
      },
    });
    await expect(send(ping({ type: 'other.v1.Thing' }), ping())).rejects.toThrow();
    expect(await stored()).toEqual(NOTHING);
  });
});

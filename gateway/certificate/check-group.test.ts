import { randomUUIDv7 } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataSource, PlatformError } from '#adapters';
import { CodedError, decode, encode, envelopeLeaf, type messages } from '#proto';
import { fixEnvelope, type SealedRoot, sealEnvelopes, sealOf, suiteOf, verifySeal } from '#trust';
import { throwawayRegion } from '../../trust/testing/index.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import { type CheckPair, type CheckRow, checkPair, checksOf, logOf } from '../testing/check-pair.ts';
import { type CheckRegion, licence } from '../testing/check-region.ts';
import type { CheckAnswers } from './check-group.ts';
import type { CheckResult } from './check-service.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const ABSENT = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';

let pair: CheckPair;
let identifiers: string[];

beforeEach(async () => {
  pair = await checkPair(NOW);
  identifiers = [];
  for (let n = 0; n < 3; n += 1) identifiers.push((await pair.uxin.certificates.issue(licence(NOW))).identifier);
});
afterEach(() => pair.close());

function ask(identifier: string, fields: string[] = ['business_items']): Promise<CheckResult> {
  return pair.nantong.checks.ask('150626', { identifier, fields, purpose: '批量核验' }, 'together');
}

/** What became of each question: its status, or the code of its error. */
async function fates(questions: readonly Promise<CheckResult>[]): Promise<string[]> {
  const settled = await Promise.allSettled(questions);
  return settled.map((one) => {
    if (one.status === 'fulfilled') return one.value.status;
    if (one.reason instanceof CodedError) return one.reason.code;
    throw one.reason;
  });
}

async function sealKept(region: CheckRegion, group: number | null): Promise<SealedRoot> {
  const row = await region.store.read.get<{ signed_root: string; leaves: Buffer }>(
    'SELECT signed_root, leaves FROM sealed_group WHERE id = ?',
    group,
  );
  const leaves = Array.from({ length: row!.leaves.length / 32 }, (_, at) =>
    row!.leaves.subarray(at * 32, at * 32 + 32),
  );
  return { signedRoot: row!.signed_root, leaves };
}

/** Every question and every answer that a region keeps is proved alone by the seal of its group. */
async function demandProved(region: CheckRegion, rows: readonly CheckRow[]): Promise<void> {
  for (const row of rows) {
    for (const [group, index, bytes, signer] of [
      [row.question_group, row.question_index, row.question, pair.nantong.own],
      [row.answer_group, row.answer_index, row.answer, pair.uxin.own],
    ] as const) {
      const { header, seal: none } = decode('Envelope', bytes);
      expect(none).toBeNull();
      const root = await sealKept(region, group);
      const leaf = leafOf(header);
      expect(root.leaves[index!]!.equals(leaf)).toBe(true);
      const seal = sealOf(root, index!, signer.signing.suite);
      verifySeal(() => leaf, seal, 'tongban-envelopes+jws', signer.statement, { kind: 'history' });
    }
  }
}

function leafOf(header: Buffer): Buffer {
  return envelopeLeaf(suiteOf(decode('EnvelopeHeader', header).suite).hash, header);
}

describe('questions that are asked together', () => {
  it('travel in groups under one signature each, and each is kept, logged and proved alone', async () => {
    const groups: number[] = [];
    pair.wire.questions = (group) => {
      groups.push(group.questions.length);
      return group;
    };
    const asked = Array.from({ length: 600 }, (_, n) => (n % 7 === 6 ? ABSENT : identifiers[n % 3]!));
    const results = await Promise.all(asked.map((identifier) => ask(identifier)));
    results.forEach(({ status, fields }, n) => {
      if (asked[n] === ABSENT) expect({ status, fields }).toEqual({ status: 'unknown', fields: {} });
      else expect({ status, fields }).toEqual({ status: 'valid', fields: { business_items: '热食类食品制售' } });
    });
    expect(groups).toEqual([256, 256, 88]);
    for (const region of [pair.nantong, pair.uxin]) {
      expect(await checksOf(region)).toHaveLength(600);
      // Who asked logs both the question and the answer.
      expect(await logOf(region)).toHaveLength(region === pair.nantong ? 1200 : 600);
      await region.log.integrate();
      expect((await verifyLog(region.store.read, region.own.statement)).faults).toEqual([]);
    }
    const some = (rows: CheckRow[]) => rows.filter((_, n) => n % 97 === 0);
    await demandProved(pair.nantong, some(await checksOf(pair.nantong)));
    await demandProved(pair.uxin, some(await checksOf(pair.uxin)));
  }, 30_000);

  it('fail alone: what is wrong with one is nothing to the others', async () => {
    const answer = () => Promise.reject(new PlatformError(true, 'away'));
    pair.uxin.sources.push({ kinds: ['real-estate'], answer });
    const parameters = [{ name: 'owner_code', type: 'text', value: 'x' }];
    const data = { item: 'EX018', kind: 'real-estate', parameters, fields: [], purpose: '核验', legalBasis: '规定' };
    const failing = pair.nantong.checks.askData('150626', data, 'together') as Promise<never>;
    expect(await fates([ask(identifiers[0]!), failing, ask(ABSENT)])).toEqual(['valid', 'TRY_LATER', 'unknown']);
    expect(await checksOf(pair.nantong)).toHaveLength(2);
    expect(await checksOf(pair.uxin)).toHaveLength(2);
  });

  it('have as much time each as one that came alone, where the platform is slow', async () => {
    const asked: string[] = [];
    const answer: DataSource['answer'] = async ({ parameters }, signal) => {
      asked.push(String(parameters[0]?.value));
      await setTimeout(3_000, undefined, { signal });
      return { found: false };
    };
    pair.uxin.sources.push({ kinds: ['real-estate'], answer });
    const question = (value: string) => {
      const parameters = [{ name: 'owner_code', type: 'text', value }];
      return { item: 'EX018', kind: 'real-estate', parameters, fields: [], purpose: '核验', legalBasis: '规定' };
    };
    // Three rounds of sixteen take nine seconds; one question may take eight.
    const values = Array.from({ length: 48 }, (_, n) => String(n));
    const answers = values.map((value) => pair.nantong.checks.askData('150626', question(value), 'together'));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(values.map(() => 'not-found'));
    expect(asked).toHaveLength(48);
  }, 30_000);

  it('are not believed to fail when somebody between the regions says so of others', async () => {
    pair.wire.questions = async (group) => {
      const [first, ...rest] = group.questions as [messages.Envelope, ...messages.Envelope[]];
      return sealed({ ...group, questions: [rewritten(first, { recipient: '350500' }), ...rest] });
    };
    expect(await fates([ask(identifiers[0]!), ask(identifiers[1]!)])).toEqual([
      'PROTOCOL_VIOLATION',
      'PROTOCOL_VIOLATION',
    ]);
    expect(await checksOf(pair.nantong)).toEqual([]);
  });

  it('go on with the next stream when one broke', async () => {
    let broken = true;
    pair.wire.questions = (group) => {
      if (broken) throw new CodedError('SHUTTING_DOWN');
      return group;
    };
    expect(await fates([ask(identifiers[0]!), ask(identifiers[1]!)])).toEqual(['SHUTTING_DOWN', 'SHUTTING_DOWN']);
    broken = false;
    expect(await fates([ask(identifiers[0]!), ask(identifiers[1]!)])).toEqual(['valid', 'valid']);
  });

  it('are not without bound', async () => {
    const many = Array.from({ length: 5000 }, () => ask(ABSENT));
    const outcome = await fates(many);
    expect(outcome.filter((fate) => fate === 'BACK_PRESSURE').length).toBeGreaterThan(0);
    expect(outcome.filter((fate) => fate === 'unknown').length).toBeGreaterThanOrEqual(4096);
  }, 60_000);
});

describe('a group that is answered', () => {
  it('has one failure for each bad question, and an answer for each good one', async () => {
    const good = question(identifiers[0]!);
    const bad: [messages.Envelope, string][] = [
      [question(identifiers[0]!, { header: { recipient: '350500' } }), 'WRONG_RECIPIENT'],
      [question(identifiers[0]!, { header: { sender: '350500' } }), 'PEER_MISMATCH'],
      [question(identifiers[0]!, { header: { type: 'tongban.v1.Ping' } }), 'UNKNOWN_TYPE'],
      [question(identifiers[0]!, { header: { sequence: 1 } }), 'PROTOCOL_VIOLATION'],
      [question(identifiers[0]!, { header: { inReplyTo: randomUUIDv7() } }), 'PROTOCOL_VIOLATION'],
      [question(identifiers[0]!, { header: { expiresAt: NOW } }), 'EXPIRY_INVALID'],
      [question(identifiers[0]!, { header: { authorizationId: randomUUIDv7() } }), 'AUTHORIZATION_UNKNOWN'],
      [question(identifiers[0]!, { payload: { fields: Array.from({ length: 51 }, () => 'a') } }), 'PAYLOAD_INVALID'],
      [question(identifiers[0]!, { payload: { reference: 'A'.repeat(26) } }), 'PAYLOAD_INVALID'],
      [{ ...question(identifiers[0]!), payload: Buffer.from('altered') }, 'PAYLOAD_MISMATCH'],
      [question('1.2.3'), 'PAYLOAD_INVALID'],
    ];
    const [frame] = await answered([good, ...bad.map(([envelope]) => envelope), question(ABSENT)]);
    expect(frame!.failures.map(({ code }) => code)).toEqual(bad.map(([, code]) => code));
    expect(frame!.failures.map(({ leafHash }) => leafHash)).toEqual(bad.map(([{ header }]) => leafOf(header)));
    const told = frame!.envelopes.map(({ payload }) => decode('CertificateAnswer', payload).status);
    expect(told).toEqual(['CERTIFICATE_STATUS_VALID', 'CERTIFICATE_STATUS_UNKNOWN']);
    expect(await checksOf(pair.uxin)).toHaveLength(2);
    expect(await logOf(pair.uxin)).toHaveLength(2);
  });

  it.each([
    ['of another region', async () => (await throwawayRegion('350500', { now: NOW })).signing, 'KEY_UNKNOWN'],
    ['over other questions', undefined, 'ROOT_MISMATCH'],
  ])('has only failures under a seal %s, and nothing is kept', async (_what, signer, code) => {
    const questions = [question(identifiers[0]!), question(identifiers[1]!)];
    const root = await sealEnvelopes(
      signer ? await signer() : pair.nantong.own.signing,
      '320600',
      questions.map(({ header }) => leafOf(header)).slice(signer ? 0 : 1),
      NOW,
    );
    const group = { number: 1, signedRoot: Buffer.from(root.signedRoot), questions };
    const [frame] = await framesOf(group);
    expect(frame).toMatchObject({ answers: 1, envelopes: [], failures: [{ code }, { code }] });
    expect(frame!.signedRoot).toHaveLength(0);
    expect(await checksOf(pair.uxin)).toEqual([]);
    expect(await logOf(pair.uxin)).toEqual([]);
  });

  it('gets the same answers again, under a new seal', async () => {
    const questions = [question(identifiers[0]!), question(ABSENT)];
    const [first] = await answered(questions);
    await pair.uxin.certificates.setStatus(identifiers[0]!, 'revoked', '撤销', 'window');
    pair.time.value += 30_000;
    const [again] = await answered([...questions, question(identifiers[1]!)]);
    expect(again!.envelopes.slice(0, 2)).toEqual(first!.envelopes);
    expect(again!.signedRoot).not.toEqual(first!.signedRoot);
    expect(await checksOf(pair.uxin)).toHaveLength(3);
    const alone = await sealedAlone(questions[0]!);
    const one = await pair.uxin.checks.answer(pair.nantong.own.statement, alone);
    expect(one.header).toEqual(first!.envelopes[0]!.header);
    expect(one.seal).not.toBeNull();
    expect(await checksOf(pair.uxin)).toHaveLength(3);
  });

  it('answers no question whose id belongs to another one, before or in the group', async () => {
    const first = question(identifiers[0]!);
    await answered([first]);
    const { id } = decode('EnvelopeHeader', first.header);
    const twice = question(identifiers[1]!);
    const [frame] = await answered([
      question(identifiers[1]!, { header: { id } }),
      twice,
      question(identifiers[2]!, { header: { id: decode('EnvelopeHeader', twice.header).id } }),
    ]);
    expect(frame!.failures.map(({ code }) => code)).toEqual(['ID_REUSED', 'ID_REUSED']);
    expect(frame!.envelopes).toHaveLength(1);
    expect(await checksOf(pair.uxin)).toHaveLength(2);
  });

  it('is answered once when it comes on two streams at the same time', async () => {
    const questions = [question(identifiers[0]!), question(identifiers[1]!)];
    const [[one], [other]] = await Promise.all([answered(questions), answered(questions)]);
    expect(one!.envelopes).toEqual(other!.envelopes);
    expect(await checksOf(pair.uxin)).toHaveLength(2);
    expect(await logOf(pair.uxin)).toHaveLength(2);
  });

  it('is answered in as many frames as its answers need', async () => {
    const long = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`field_${n}`, '长'.repeat(3900)]));
    pair.uxin.sources.push({ kinds: ['real-estate'], answer: async () => ({ found: true, fields: long }) });
    const compiled = [...pair.uxin.agreements.values()][0]!;
    pair.agree({ ...compiled, compiled: { ...compiled.compiled, allowsField: () => true, judge: () => {} } });
    const fields = Object.keys(long);
    const data = { item: 'EX018', kind: 'real-estate', parameters: [{ name: 'a', type: 'text', value: 'b' }], fields };
    const asked = Array.from({ length: 20 }, () =>
      pair.nantong.checks.askData('150626', { ...data, purpose: '核验', legalBasis: '规定' }, 'together'),
    );
    const sizes: number[] = [];
    pair.wire.answers = (frame) => {
      sizes.push(frame.envelopes.reduce((sum, { header, payload }) => sum + header.length + payload.length, 0));
      return frame;
    };
    for (const { status, fields: told } of await Promise.all(asked)) {
      expect(status).toBe('found');
      expect(told).toEqual(long);
    }
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 1024 * 1024);
    for (const region of [pair.nantong, pair.uxin]) expect(await checksOf(region)).toHaveLength(20);
  });
});

describe('an answer to a group that is not right', () => {
  const wrong: [string, (frame: messages.CheckManyResponse) => unknown, string][] = [
    ['altered', (frame) => changed(frame, (one) => ({ ...one, payload: Buffer.from('x') }), false), 'PAYLOAD_MISMATCH'],
    ['left without its seal', (frame) => ({ ...frame, signedRoot: Buffer.alloc(0) }), 'JWS_INVALID'],
    ['one short of its seal', (frame) => ({ ...frame, envelopes: frame.envelopes.slice(1) }), 'ROOT_MISMATCH'],
    ['for another group', (frame) => ({ ...frame, answers: 99 }), 'PROTOCOL_VIOLATION'],
    [
      'about a question that was not asked',
      (frame) => changed(frame, (one) => rewritten(one, { inReplyTo: randomUUIDv7() })),
      'PROTOCOL_VIOLATION',
    ],
    [
      'about another certificate',
      (frame) => changed(frame, (one) => rewritten(one, {}, { identifier: ABSENT })),
      'PROTOCOL_VIOLATION',
    ],
    [
      'with a field that was not asked for',
      (frame) => changed(frame, (one) => rewritten(one, {}, { fields: { residence: 'x' } })),
      'PAYLOAD_INVALID',
    ],
    [
      'a failure of what was not asked',
      (frame) => ({ ...frame, failures: [{ leafHash: Buffer.alloc(32, 1), code: 'EXPIRED' }] }),
      'PROTOCOL_VIOLATION',
    ],
    [
      'a failure with a code that nobody knows',
      (frame) => ({ ...frame, failures: [{ leafHash: Buffer.alloc(32, 1), code: 'WHATEVER' }] }),
      'PROTOCOL_VIOLATION',
    ],
  ];

  it.each(wrong)('is not believed when it is %s', async (_what, change, code) => {
    pair.wire.answers = (frame) => change(frame) as messages.CheckManyResponse;
    expect(await fates([ask(identifiers[0]!), ask(identifiers[1]!)])).toEqual([code, code]);
    expect(await checksOf(pair.nantong)).toEqual([]);
    expect(await logOf(pair.nantong)).toEqual([]);
    delete pair.wire.answers;
    expect(await fates([ask(identifiers[0]!)])).toEqual(['valid']);
  });

  it('is not believed when it comes twice', async () => {
    const frames: messages.CheckManyResponse[] = [];
    pair.wire.answers = (frame) => {
      frames.push(frame);
      return frames[0]!;
    };
    expect(await fates([ask(identifiers[0]!)])).toEqual(['valid']);
    expect(await fates([ask(identifiers[1]!)])).toEqual(['PROTOCOL_VIOLATION']);
  });

  /** Changes the first answer and, unless told otherwise, seals the frame anew as its region would. */
  async function changed(
    frame: messages.CheckManyResponse,
    change: (envelope: messages.Envelope) => messages.Envelope,
    anew = true,
  ): Promise<messages.CheckManyResponse> {
    const [first, ...rest] = frame.envelopes as [messages.Envelope, ...messages.Envelope[]];
    const envelopes = [change(first), ...rest];
    if (!anew) return { ...frame, envelopes };
    const leaves = envelopes.map(({ header }) => leafOf(header));
    const { signedRoot } = await sealEnvelopes(pair.uxin.own.signing, '150626', leaves, pair.time.value);
    return { ...frame, envelopes, signedRoot: Buffer.from(signedRoot) };
  }
});

/** A question of Nantong, not yet sealed. */
function question(
  identifier: string,
  changes: {
    header?: Partial<messages.EnvelopeHeader>;
    payload?: Partial<messages.CertificateQuestion>;
  } = {},
): messages.Envelope {
  const [agreement] = pair.nantong.agreements.values();
  const payload = encode('CertificateQuestion', { identifier, purpose: '核验', ...changes.payload });
  const header = {
    id: randomUUIDv7(),
    type: 'tongban.v1.CertificateQuestion',
    sender: '320600',
    recipient: '150626',
    conversation: randomUUIDv7(),
    sequence: 0,
    sentAt: pair.time.value,
    expiresAt: pair.time.value + 60_000,
    authorizationId: agreement!.id,
    authorizationDigest: agreement!.digest,
    inReplyTo: '',
    suite: pair.nantong.own.signing.suite,
    ...changes.header,
  };
  const { leaf: _, ...fixed } = fixEnvelope(header, payload);
  return { ...fixed, seal: null };
}

function rewritten(
  envelope: messages.Envelope,
  header: Partial<messages.EnvelopeHeader>,
  answer?: Partial<messages.CertificateAnswer>,
): messages.Envelope {
  const payload = answer
    ? encode('CertificateAnswer', { ...decode('CertificateAnswer', envelope.payload), ...answer })
    : envelope.payload;
  const { leaf: _, ...fixed } = fixEnvelope({ ...decode('EnvelopeHeader', envelope.header), ...header }, payload);
  return { ...fixed, seal: null };
}

async function sealed(group: messages.CheckManyRequest): Promise<messages.CheckManyRequest> {
  const leaves = group.questions.map(({ header }) => leafOf(header));
  const { signedRoot } = await sealEnvelopes(pair.nantong.own.signing, '320600', leaves, pair.time.value);
  return { ...group, signedRoot: Buffer.from(signedRoot) };
}

async function sealedAlone(envelope: messages.Envelope): Promise<messages.Envelope> {
  const { signing } = pair.nantong.own;
  const root = await sealEnvelopes(signing, '320600', [leafOf(envelope.header)], pair.time.value);
  return { ...envelope, seal: sealOf(root, 0, signing.suite) };
}

async function answered(questions: messages.Envelope[]): Promise<CheckAnswers[]> {
  return framesOf(await sealed({ number: 1, signedRoot: Buffer.alloc(0), questions }));
}

async function framesOf(group: messages.CheckManyRequest): Promise<CheckAnswers[]> {
  const frames: CheckAnswers[] = [];
  for await (const frame of pair.uxin.checks.answerGroup(pair.nantong.own.statement, group)) frames.push(frame);
  return frames;
}

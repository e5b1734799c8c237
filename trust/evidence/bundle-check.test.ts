import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_TIME } from '../../proto/testing/payload-samples.ts';
import { type CheckChanges, type EvidenceCheck, evidenceCheck } from '../testing/evidence-check.ts';
import { revoking, type TestWitness, witnessedState } from '../testing/witnessed-case.ts';
import { verifyBundle } from './bundle.ts';
import { type CheckBundleInput, writeCheckBundle } from './bundle-format.ts';

const HOUR = 3_600_000;
const SIDES = ['asker', 'answerer'] as const;

const made: Record<string, EvidenceCheck> = {};
beforeAll(async () => {
  for (const side of SIDES) made[side] = await evidenceCheck('ES256', side);
});

const verify = ({ exporter, peer }: EvidenceCheck, text: string) =>
  verifyBundle(text, [exporter.statement, peer.statement]);

async function faultsOf(one: EvidenceCheck, text: string): Promise<string[]> {
  const report = await verify(one, text);
  expect(report.verified).toBe(false);
  expect(report.check).toBeUndefined();
  return report.faults.map(({ where, code }) => `${where} ${code}`);
}

describe.each(SIDES)('the bundle of a check by its %s', (side) => {
  it('proves what was asked and answered, by whom and when', async () => {
    const { input, text, exporter } = made[side]!;
    const report = await verify(made[side]!, text);
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ verified: true, case: '', exportedBy: exporter.region, envelopes: 2, timeline: [] });
    expect(report.check).toEqual({
      id: input.check,
      from: '320600',
      to: '150626',
      askedAt: SAMPLE_TIME,
      subject: '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F',
      purpose: '异地经营核验',
      asked: ['certificate_holder_name', 'residence'],
      status: 'CERTIFICATE_STATUS_VALID',
      answeredAt: SAMPLE_TIME + 1000,
      fields: { certificate_holder_name: '示例餐饮有限公司' },
    });
  });

  it.each(['question', 'answer'] as const)('does not stand with an altered %s', async (name) => {
    const one = made[side]!;
    const flipped = (part: 'header' | 'payload' | 'payloadSalt') => {
      const bytes = Buffer.from(one.input[name][part]!);
      // Within the digest of the payload, where it is the header.
      bytes[bytes.length - 10]! ^= 1;
      return writeCheckBundle({ ...one.input, [name]: { ...one.input[name], [part]: bytes } });
    };
    expect(await faultsOf(one, flipped('header'))).toContain(`${name}/seal PATH_INVALID`);
    expect(await faultsOf(one, flipped('payload'))).toEqual([`${name}/payload PAYLOAD_MISMATCH`]);
    expect(await faultsOf(one, flipped('payloadSalt'))).toEqual([`${name}/payload PAYLOAD_MISMATCH`]);
  });
});

describe('a bundle of a check that was put together wrongly', () => {
  const rewritten = (changes: Partial<CheckBundleInput>) => writeCheckBundle({ ...made['asker']!.input, ...changes });

  it('is at fault: the answer to another question', async () => {
    const other = await evidenceCheck('ES256', 'asker');
    const { question, answer } = other.input;
    expect(await faultsOf(made['asker']!, rewritten({ answer }))).toContain('answer/header BUNDLE_INVALID');
    expect(await faultsOf(made['asker']!, rewritten({ question }))).toContain('question/header BUNDLE_INVALID');
  });

  it('is at fault: question and answer in each other’s place', async () => {
    const { question, answer } = made['asker']!.input;
    const faults = await faultsOf(made['asker']!, rewritten({ question: answer, answer: question }));
    expect(faults).toEqual(['question/header BUNDLE_INVALID', 'answer/header BUNDLE_INVALID']);
  });

  it('is at fault: log entries of something else, too few, too many, in another order', async () => {
    const [first, second] = made['asker']!.input.log as [CheckBundleInput['log'][0], CheckBundleInput['log'][0]];
    const wrong = { ...second, index: second.index + 1 };
    expect(await faultsOf(made['asker']!, rewritten({ log: [first, wrong] }))).toEqual(['log LOG_PROOF_INVALID']);
    expect(await faultsOf(made['asker']!, rewritten({ log: [second, first] }))).toEqual(['log LOG_PROOF_INVALID']);
    expect(await faultsOf(made['asker']!, rewritten({ log: [second] }))).toEqual(['log LOG_PROOF_INVALID']);
    const answerer = made['answerer']!;
    const twice = [...answerer.input.log, ...answerer.input.log];
    const text = writeCheckBundle({ ...answerer.input, log: twice });
    expect(await faultsOf(answerer, text)).toEqual(['log BUNDLE_INVALID']);
  });

  it('stands without the entry of the answer, which older gateways did not write', async () => {
    const { input } = made['asker']!;
    expect((await verify(made['asker']!, rewritten({ log: input.log.slice(0, 1) }))).verified).toBe(true);
  });

  it('stands without payloads, and then proves only that there was a check', async () => {
    const { question, answer } = made['asker']!.input;
    const bare = ({ header, seal }: CheckBundleInput['question']) => ({ header, seal });
    const report = await verify(made['asker']!, rewritten({ question: bare(question), answer: bare(answer) }));
    expect(report.faults).toEqual([]);
    expect(Object.keys(report.check!)).toEqual(['id', 'from', 'to', 'askedAt']);
    expect(report.notes.map(({ where, what }) => `${where} ${what}`)).toEqual([
      'question payload-erased',
      'answer payload-erased',
    ]);
  });

  it('is at fault without its authorization, or with a member that nobody knows', async () => {
    expect(await faultsOf(made['asker']!, rewritten({ authorizations: [] }))).toEqual([
      'question/authorization AUTHORIZATION_UNKNOWN',
      'answer/authorization AUTHORIZATION_UNKNOWN',
    ]);
    const { text } = made['asker']!;
    const more = JSON.stringify({ ...JSON.parse(text), envelopes: [] });
    expect(await faultsOf(made['asker']!, more)).toEqual(['envelopes BUNDLE_INVALID']);
    const { answer: _, ...less } = JSON.parse(text);
    expect(await faultsOf(made['asker']!, JSON.stringify(less))).toContain('answer BUNDLE_INVALID');
  });

  const otherAnswer = { identifier: '1.2.156.3005.2.X', status: 'CERTIFICATE_STATUS_VALID', answeredAt: SAMPLE_TIME };
  it.each<[string, { question?: CheckChanges; answer?: CheckChanges }, string]>([
    ['an answer about another certificate', { answer: { payload: otherAnswer } }, 'answer BUNDLE_INVALID'],
    ['an answer of another kind', { answer: { name: 'DataAnswer', payload: {} } }, 'answer BUNDLE_INVALID'],
    [
      'an answer in another conversation',
      { answer: { header: { conversation: '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5' } } },
      'answer BUNDLE_INVALID',
    ],
    [
      'an answer under no authorization',
      { answer: { header: { authorizationId: '', authorizationDigest: Buffer.alloc(0) } } },
      'answer BUNDLE_INVALID',
    ],
    ['an answer to itself', { answer: { header: { inReplyTo: '' } } }, 'answer/header BUNDLE_INVALID'],
    ['a place in an order', { question: { header: { sequence: 1 } } }, 'question/header BUNDLE_INVALID'],
    ['a message of a case', { question: { name: 'Ping', payload: {} } }, 'question/header BUNDLE_INVALID'],
    ['a third region', { answer: { header: { recipient: '350500' } } }, 'answer/authorization AUTHORIZATION_INVALID'],
  ])('is at fault: %s, though everything is signed', async (_, changes, fault) => {
    const one = await evidenceCheck('ES256', 'answerer', 'ES256', changes);
    expect(await faultsOf(one, one.text)).toContain(fault);
  });
});

describe('a check under keys that were revoked later', () => {
  /** What the asker's bundle is worth when a key was revoked, with a witness who saw the log at a moment. */
  async function judged(whose: 'exporter' | 'peer', seenAt: number, length = 2) {
    const one = made['asker']!;
    const third: TestWitness = { region: one.peer.region, log: one.peer.log, at: seenAt };
    const witnessed = [await witnessedState(one, one.leaves.length, [third])];
    const log = one.input.log.slice(0, length);
    const statements = await Promise.all(
      (['exporter', 'peer'] as const).map((side) =>
        side === whose ? revoking(one[side], ['signing'], SAMPLE_TIME + HOUR) : one[side].statement,
      ),
    );
    return verifyBundle(writeCheckBundle({ ...one.input, log, witnessed }), statements);
  }

  it.each([
    ['exporter', 'question'],
    ['peer', 'answer'],
  ] as const)('of the %s: its %s stands on a log that others saw before', async (whose, side) => {
    const report = await judged(whose, SAMPLE_TIME + HOUR / 2);
    expect(report.faults).toEqual([]);
    expect(report.notes).toContainEqual(expect.objectContaining({ where: `${side}/seal`, what: 'revoked-key' }));
  });

  it('falls when nobody saw it before, or when the answer is not in the log', async () => {
    const late = await judged('peer', SAMPLE_TIME + 2 * HOUR);
    expect(late.faults.map(({ where, code }) => `${where} ${code}`)).toContain('answer/seal KEY_REVOKED');
    const unlogged = await judged('peer', SAMPLE_TIME + HOUR / 2, 1);
    expect(unlogged.faults.map(({ where, code }) => `${where} ${code}`)).toContain('answer/seal KEY_REVOKED');
  });
});

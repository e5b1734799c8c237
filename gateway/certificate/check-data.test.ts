import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataFinding, type DataQuery, type DataSource, PlatformError } from '#adapters';
import { CodedError, decode, encode } from '#proto';
import { fixEnvelope, sealEnvelopes, sealOf } from '#trust';
import { type CheckPair, checkAgreement, checkPair, checksOf, logOf } from '../testing/check-pair.ts';
import type { DataInput } from './check-service.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const OWNER = '11370800MB28559184';

let pair: CheckPair;
let asked: DataQuery[];
let answer: (query: DataQuery, signal: AbortSignal) => Promise<DataFinding>;

beforeEach(async () => {
  pair = await checkPair(NOW, { answerSeconds: 30, reuseSeconds: 3600 });
  asked = [];
  answer = async () => ({ found: true, fields: { address: '示例街1号', price: '1000000', owner: '示例人' } });
  const source: DataSource = {
    kinds: ['real-estate'],
    answer: (query, signal) => {
      asked.push(query);
      return answer(query, signal);
    },
  };
  pair.uxin.sources.push(source);
});
afterEach(() => pair.close());

function ask(changes: Partial<DataInput> = {}, way: 'alone' | 'together' = 'alone') {
  const question = {
    item: 'EX018',
    kind: 'real-estate',
    parameters: [{ name: 'owner_code', type: 'social-credit-code', value: OWNER }],
    fields: ['address', 'price', 'colour'],
    purpose: '核验经营场所',
    legalBasis: '国务院关于在线政务服务的若干规定第八条',
  };
  return pair.nantong.checks.askData('150626', { ...question, ...changes }, way);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((reason: unknown) => reason);
  if (!(error instanceof CodedError)) throw error;
  return error.code;
}

describe.each(['alone', 'together'] as const)('a question about data, %s', (way) => {
  it('is answered with the fields that were asked for and may travel, sealed and logged', async () => {
    const result = await ask({}, way);
    expect(result).toEqual({
      status: 'found',
      answeredAt: NOW,
      fields: { address: '示例街1号' },
      validForSeconds: 30,
      cached: false,
      evidence: expect.any(String),
    });
    expect(asked).toEqual([
      {
        id: result.evidence,
        region: '320600',
        item: 'EX018',
        kind: 'real-estate',
        parameters: [{ name: 'owner_code', type: 'social-credit-code', value: OWNER }],
        fields: ['address'],
        purpose: '核验经营场所',
        legalBasis: '国务院关于在线政务服务的若干规定第八条',
      },
    ]);
    for (const [region, kinds] of [
      [pair.nantong, ['LOG_ENTRY_KIND_CHECK_ASKED', 'LOG_ENTRY_KIND_ANSWER_RECEIVED']],
      [pair.uxin, ['LOG_ENTRY_KIND_CHECK_ANSWERED']],
    ] as const) {
      expect(await checksOf(region)).toMatchObject([{ id: result.evidence, identifier: 'real-estate' }]);
      const entries = await logOf(region);
      expect(entries.map(({ kind }) => kind)).toEqual(kinds);
      expect(encode('LogEntry', { ...entries[0]! }).toString()).not.toMatch(/11370800MB28559184|示例/);
    }
    expect(await ask({}, way)).toEqual({ ...result, cached: true });
    expect(asked).toHaveLength(1);
  });

  it('is told that there is no record only where the platform says so', async () => {
    answer = async () => ({ found: false });
    expect(await ask({}, way)).toMatchObject({ status: 'not-found', fields: {} });
  });

  it('is unknown where no platform answers', async () => {
    pair.uxin.sources.length = 0;
    expect(await ask({}, way)).toMatchObject({ status: 'unknown', fields: {}, validForSeconds: 0 });
  });

  it.each([
    ['is away', async () => Promise.reject(new PlatformError(true, 'away'))],
    ['refuses', async () => Promise.reject(new PlatformError(false, 'refused'))],
    ['says too much', async () => ({ found: true, fields: { address: 'x'.repeat(4001) } })],
  ] as [string, () => Promise<DataFinding>][])('may be asked later when the platform %s', async (_how, fail) => {
    const works = answer;
    answer = fail;
    expect(await codeOf(ask({}, way))).toBe('TRY_LATER');
    for (const region of [pair.nantong, pair.uxin]) {
      expect(await checksOf(region)).toEqual([]);
      expect(await logOf(region)).toEqual([]);
    }
    answer = works;
    expect((await ask({}, way)).status).toBe('found');
  });
});

describe('what may not be asked', () => {
  it.each([
    ['an item that the authorization does not cover', { item: 'EX777' }, 'ITEM_NOT_COVERED'],
    [
      'a parameter that may not travel',
      { parameters: [{ name: 'owner_name', type: 'text', value: '示例人' }] },
      'FIELD_NOT_ALLOWED',
    ],
    ['a kind whose fields may not travel', { kind: 'marriage' }, 'FIELD_NOT_ALLOWED'],
    [
      'a parameter of a wrong form',
      { parameters: [{ name: 'd', type: 'date', value: '2026-02-30' }] },
      'VALIDATION_FAILED',
    ],
    ['no legal basis', { legalBasis: '' }, 'VALIDATION_FAILED'],
  ])('does not leave the house: %s', async (_what, changes, code) => {
    expect(await codeOf(ask(changes))).toBe(code);
    expect(asked).toEqual([]);
    expect(await checksOf(pair.nantong)).toEqual([]);
  });

  it('looks like what nobody answers to whoever asks all the same, and no platform learns of it', async () => {
    // What Nantong believes was agreed is more than what was.
    const wide = checkAgreement({ fields: ['data.*'] });
    pair.nantong.agreements.set(wide.id, wide);
    const refused = await ask({ parameters: [{ name: 'owner_name', type: 'text', value: '示例人' }] });
    const otherItem = { ...wide, compiled: { ...wide.compiled, judge: () => {} } };
    pair.nantong.agreements.set(wide.id, otherItem);
    const uncovered = await ask({ item: 'EX777' });
    pair.uxin.sources.length = 0;
    const nobody = await ask();
    for (const { status, fields } of [refused, uncovered, nobody])
      expect({ status, fields }).toEqual({ status: 'unknown', fields: {} });
    expect(asked).toEqual([]);
    const sizes = (await checksOf(pair.uxin)).map(({ answer: given }) => decode('Envelope', given).payload.length);
    expect(new Set(sizes).size).toBe(1);
  });

  it('is an answer about something else, or with more than was asked', async () => {
    const lies: [object, string][] = [
      [{ kind: 'marriage' }, 'PROTOCOL_VIOLATION'],
      [{ fields: { owner: '示例人' } }, 'PAYLOAD_INVALID'],
      [{ status: 'DATA_STATUS_NOT_FOUND' }, 'PAYLOAD_INVALID'],
    ];
    const { signing } = pair.uxin.own;
    for (const [lie, code] of lies) {
      pair.wire.answer = async (envelope) => {
        const payload = encode('DataAnswer', { ...decode('DataAnswer', envelope.payload), ...lie });
        const { leaf, ...fixed } = fixEnvelope(decode('EnvelopeHeader', envelope.header), payload);
        const root = await sealEnvelopes(signing, '150626', [leaf], NOW);
        return { ...fixed, seal: sealOf(root, 0, signing.suite) };
      };
      expect(await codeOf(ask())).toBe(code);
    }
    expect(await checksOf(pair.nantong)).toEqual([]);
  });
});

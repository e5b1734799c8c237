import { beforeAll, describe, expect, it } from 'vitest';
import { type CodedError, TYP } from '#proto';
import { exampleJoint, JOINT_CREATED } from '../../testing/example-joint.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import type { JointContent, JointPart } from './content.ts';
import { draftJoint, joinJoint, readJoint, signJoint } from './document.ts';

const CODES = ['320600', '150626', '350500'];
let regions: ThrowawayRegion[];
let example: JointContent;

beforeAll(async () => {
  regions = await Promise.all(CODES.map((code) => throwawayRegion(code, { now: JOINT_CREATED })));
  example = exampleJoint(regions.map(({ statement }) => statement));
});

function problemsOf(content: object): string[] {
  try {
    draftJoint(content as JointContent);
  } catch (error) {
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    return (error as CodedError).problems.map(({ pointer, code }) => `${pointer} ${code}`);
  }
  throw new Error('nothing was wrong');
}

describe('drafting', () => {
  it('gives the same bytes whatever the order of the members', () => {
    const reversed = Object.fromEntries(Object.entries(example).reverse()) as unknown as JointContent;
    expect(draftJoint(reversed)).toEqual(draftJoint(example));
    expect(JSON.parse(draftJoint(example).toString())).toEqual(example);
  });

  it.each<[string, (content: JointContent) => object, string[]]>([
    ['two parties', ({ parties }) => ({ parties: parties.slice(0, 2) }), ['/parties REQUIRED']],
    [
      'more than sixteen parties',
      ({ parties }) => ({ parties: Array.from({ length: 17 }, () => parties[0]) }),
      ['/parties TOO_MANY'],
    ],
    [
      'a region twice',
      ({ parties }) => ({ parties: [...parties, parties[1]] }),
      ['/parties/3/region DUPLICATE', '/parties/3/identity DUPLICATE'],
    ],
    ['a lead that is no party', () => ({ lead: '140400' }), ['/lead NOT_A_PARTY']],
    ['a receiving region that is no party', () => ({ receiving: ['320600', '140400'] }), ['/receiving/1 NOT_A_PARTY']],
    ['nobody who receives', () => ({ receiving: [] }), ['/receiving REQUIRED']],
    ['another way of handing over', () => ({ handover: 'never' }), ['/handover NOT_IN_LIST']],
    [
      'a part of a third region',
      ({ parts }) => ({ parts: parts.map((part) => ({ ...part, region: '140400' })) }),
      [
        '/parties/1 NO_PART',
        '/parts/0/region NOT_A_PARTY',
        '/parts/1/region NOT_A_PARTY',
        '/parts/2/region NOT_A_PARTY',
        '/parts/3/region NOT_A_PARTY',
      ],
    ],
    ['two parts of one name', ({ parts }) => ({ parts: [...parts, parts[0]] }), ['/parts/4/id DUPLICATE']],
    [
      'a prerequisite that does not exist',
      ({ parts }) => ({ parts: parts.map((part) => (part.id === 'tax' ? { ...part, after: ['none'] } : part)) }),
      ['/parts/1/after/0 NO_SUCH_PART'],
    ],
    [
      'prerequisites in a circle, and only those on it',
      ({ parts }) => ({ parts: parts.map((part) => (part.id === 'leave' ? { ...part, after: ['settle'] } : part)) }),
      ['/parts/0/after CYCLE', '/parts/2/after CYCLE'],
    ],
    [
      'a part that waits for itself',
      ({ parts }) => ({ parts: parts.map((part) => (part.id === 'tax' ? { ...part, after: ['tax'] } : part)) }),
      ['/parts/1/after CYCLE'],
    ],
    [
      'a field for a part that does not exist',
      () => ({ fields: [{ path: 'applicant.name', parts: ['none'] }] }),
      ['/fields/0/parts/0 NO_SUCH_PART'],
    ],
    ['a field twice', ({ fields }) => ({ fields: [...fields, fields[0]] }), ['/fields/2/path DUPLICATE']],
    ['no time to sign', ({ created_at }) => ({ sign_by: created_at }), ['/sign_by RANGE']],
    ['signing after the end', () => ({ sign_by: '2029-01-01T00:00:00+08:00' }), ['/sign_by RANGE']],
    [
      'an end before its start',
      ({ valid_from }) => ({ valid_until: valid_from, sign_by: valid_from }),
      ['/valid_until RANGE'],
    ],
    ['more than five years', () => ({ valid_until: '2032-01-01T00:00:00+08:00' }), ['/valid_until RANGE']],
    ['contacts', () => ({ contacts: [] }), ['/contacts UNKNOWN_FIELD']],
  ])('refuses %s', (_, change, problems) => {
    expect(problemsOf({ ...example, ...change(example) })).toEqual(problems);
  });

  it('refuses what would not fit a document', () => {
    const [first] = example.parts;
    const parts = Array.from({ length: 64 }, (_, n): JointPart => ({ ...first!, id: `${'p'.repeat(30)}${n}` }));
    const ids = parts.map(({ id }) => id);
    const fields = Array.from({ length: 200 }, (_, n) => ({ path: `form.f${n}`, parts: ids }));
    const receiving = example.parties.map(({ region }) => region);
    expect(problemsOf({ ...example, parts, fields, receiving })).toEqual([' TOO_LONG']);
  });
});

describe('signing and reading', () => {
  it('keeps the bytes of the draft under every signature', async () => {
    const payload = draftJoint(example);
    const signatures = await Promise.all(regions.map(({ signing }) => signJoint(payload, signing)));
    const proposal = readJoint(joinJoint(payload, signatures.slice(0, 1)));
    const complete = readJoint(joinJoint(payload, signatures));
    expect(complete.payload).toEqual(payload);
    expect(complete.digest).toEqual(proposal.digest);
    expect(complete.content).toEqual(example);
    expect(complete.signatures.map(({ kid }) => kid)).toEqual(regions.map(({ signing }) => signing.kid));
    const header = JSON.parse(Buffer.from(complete.signatures[1]!.protected, 'base64url').toString());
    expect(header).toEqual({ alg: 'ES256', kid: regions[1]!.signing.kid, typ: TYP.joint });
  });

  interface Outer {
    payload: string;
    signatures: { protected: string; signature: string }[];
  }
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each<[string, (outer: Outer) => unknown]>([
    ['an unknown member', (outer) => ({ ...outer, header: {} })],
    ['no signature', ({ payload }) => ({ payload, signatures: [] })],
    ['one signature twice', ({ payload, signatures: [one] }) => ({ payload, signatures: [one, one] })],
    ['seventeen signatures', ({ payload, signatures: [one] }) => ({ payload, signatures: Array(17).fill(one) })],
    ['base64url that is not canonical', (outer) => ({ ...outer, payload: `${outer.payload}A` })],
    ['a repeated member', (outer) => JSON.stringify(outer).replace('{', '{"payload":"AA",')],
    ['spaces', (outer) => JSON.stringify(outer, undefined, 1)],
    ['no JSON', () => 'hello'],
    ['too many bytes', () => `{"payload":"${'A'.repeat(256 * 1024)}"}`],
    ['a payload with a circle', (outer) => ({ ...outer, payload: encode({ ...example, parts: circle() }) })],
    [
      'a payload with a repeated member',
      (outer) => {
        const text = JSON.stringify(example).replace('"lead":', '"lead":"350500","lead":');
        return { ...outer, payload: Buffer.from(text).toString('base64url') };
      },
    ],
    [
      'a header with a key in it',
      ({ payload, signatures: [one] }) => {
        const header = JSON.parse(Buffer.from(one!.protected, 'base64url').toString());
        return {
          payload,
          signatures: [{ ...one!, protected: encode({ ...header, jwk: regions[0]!.signing.publicJwk }) }],
        };
      },
    ],
  ])('refuses %s', async (_, change) => {
    const payload = draftJoint(example);
    const signatures = await Promise.all(regions.map(({ signing }) => signJoint(payload, signing)));
    const changed = change(JSON.parse(joinJoint(payload, signatures)));
    const document = typeof changed === 'string' ? changed : JSON.stringify(changed);
    expect(() => readJoint(document)).toThrow(expect.objectContaining({ code: 'JOINT_INVALID' }));
  });

  function circle(): JointPart[] {
    return example.parts.map((part) => (part.id === 'leave' ? { ...part, after: ['settle'] } : part));
  }
});

import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodedError, TYP } from '#proto';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { draftAgreement, readAgreement, signAgreement } from './agreement.ts';
import type { AgreementContent } from './content.ts';
import { EXAMPLE_CREATED, exampleAgreement } from './example-agreement.ts';

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: EXAMPLE_CREATED });
  uxin = await throwawayRegion('150626', { now: EXAMPLE_CREATED, suite: 'Ed25519' });
});

/** The pointers and codes of everything that is wrong. */
function problemsOf(act: () => unknown, code: string): string[] {
  try {
    act();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    expect(error.code).toBe(code);
    return error.problems.map((problem) => `${problem.pointer} ${problem.code}`);
  }
  throw new Error('nothing was wrong');
}

function draftProblems(changes: Record<string, unknown>): string[] {
  return problemsOf(
    () => draftAgreement({ ...exampleAgreement(), ...changes } as AgreementContent),
    'VALIDATION_FAILED',
  );
}

function grantWith(changes: Record<string, unknown>): Record<string, unknown> {
  return { grants: [{ ...exampleAgreement().grants[0], ...changes }] };
}

/** The same value with the members of every object in the opposite order. */
function reverse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverse);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reverse(member)]),
  );
}

describe('drafting', () => {
  it('gives the same bytes whatever the order of the members', () => {
    const [first, ...rest] = exampleAgreement().grants;
    const full = {
      ...first!,
      department: { ...first!.department, seal: '1506260012345' },
      window: { name: '南通市政务服务中心', code: '113206000141602830' },
      catalogue: { scope: '跨省通办', digest: 'A'.repeat(43) },
      grade: 'B',
      basis: 'mutual',
    } as const;
    const content = exampleAgreement({
      grants: [full, ...rest],
      supersedes: '00000000-0000-4000-8000-000000000000',
      counters: '00000000-0000-4000-8000-000000000001',
    });
    const reversed = reverse(content) as AgreementContent;
    expect(draftAgreement(reversed)).toEqual(draftAgreement(content));
    expect(JSON.parse(draftAgreement(content).toString())).toEqual(content);
  });

  it('names everything wrong at once', () => {
    const problems = draftProblems({
      id: 'X',
      parties: ['320600', '999999'],
      grants: [{ ...exampleAgreement().grants[0], rights: ['R9'], items: [], modes: ['fax'], grantee: '350500' }],
      fields: ['applicant.face'],
      valid_until: '2026-02-30T00:00:00Z',
      terms: '',
      contacts: ['张三'],
    });
    expect(problems).toEqual([
      '/id REQUIRED',
      '/parties/1 IDENTIFIER',
      '/grants/0/rights/0 NOT_IN_LIST',
      '/grants/0/modes/0 NOT_IN_LIST',
      '/grants/0/items REQUIRED',
      '/fields/0 FORMAT',
      '/valid_until FORMAT',
      '/terms REQUIRED',
      '/contacts UNKNOWN_FIELD',
      '/grants/0/grantor NOT_A_PARTY',
      '/grants/0/grantee NOT_A_PARTY',
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['one party', { parties: ['150626'] }, '/parties REQUIRED'],
    ['the same party twice', { parties: ['150626', '150626'] }, '/parties/1 DUPLICATE'],
    ['no grant', { grants: [] }, '/grants REQUIRED'],
    ['a grant to oneself', grantWith({ grantee: '150626' }), '/grants/0/grantee SAME_REGION'],
    ['a grant of a third region', grantWith({ grantor: '350500' }), '/grants/0/grantor NOT_A_PARTY'],
    ['a right twice', grantWith({ rights: ['R3', 'R3'] }), '/grants/0/rights/1 DUPLICATE'],
    ['an item twice', grantWith({ items: ['EX018', 'EX018'] }), '/grants/0/items/1 DUPLICATE'],
    [
      'a mistyped department code',
      grantWith({ department: { name: '某局', code: '111506260117283921' } }),
      '/grants/0/department/code IDENTIFIER',
    ],
    ['no department', grantWith({ department: undefined }), '/grants/0/department REQUIRED'],
    ['a field outside the known groups', { fields: ['handler.staff'] }, '/fields/0 FORMAT'],
    ['an end before its start', { valid_until: '2026-11-30T00:00:00+08:00' }, '/valid_until RANGE'],
    ['more than five years', { valid_until: '2031-12-03T00:00:00+08:00' }, '/valid_until RANGE'],
    ['an end before it was written', { created_at: '2029-12-01T00:00:00+08:00' }, '/valid_until RANGE'],
    ['a time without offset', { valid_from: '2026-12-01T00:00:00' }, '/valid_from FORMAT'],
    ['itself as the older one', { supersedes: exampleAgreement().id }, '/supersedes SAME_ID'],
    ['an answer to itself', { counters: exampleAgreement().id }, '/counters SAME_ID'],
    ['an answer to what is no agreement', { counters: 'the other one' }, '/counters REQUIRED'],
    ['neither items nor a catalogue', grantWith({ items: [] }), '/grants/0/items REQUIRED'],
    [
      'a catalogue without its digest',
      grantWith({ catalogue: { scope: '跨省通办' } }),
      '/grants/0/catalogue/digest TYPE',
    ],
    [
      'a catalogue that covers what comes later',
      grantWith({ catalogue: { scope: '跨省通办', digest: 'A'.repeat(43), follows: true } }),
      '/grants/0/catalogue/follows UNKNOWN_FIELD',
    ],
    ['a window without a code', grantWith({ window: { name: '政务服务中心' } }), '/grants/0/window/code TYPE'],
    [
      'a seal that is no number',
      grantWith({ department: { name: '某局', code: '111506260117283920', seal: '公章 1' } }),
      '/grants/0/department/seal FORMAT',
    ],
    ['an unknown grade', grantWith({ grade: 'E' }), '/grants/0/grade NOT_IN_LIST'],
    ['another version', { version: 2 }, '/version RANGE'],
  ])('refuses %s', (_, changes, problem) => {
    expect(draftProblems(changes)).toContain(problem);
  });

  it('refuses what would not fit a document', () => {
    const items = Array.from({ length: 2000 }, (_, index) => `${'X'.repeat(50)}${index}`);
    const grants = [1, 2, 3, 4].map(() => ({ ...exampleAgreement().grants[0], items }));
    expect(draftProblems({ grants })).toEqual([' TOO_LONG']);
  });
});

describe('signing and reading', () => {
  it('keeps the bytes of the draft through both signatures', async () => {
    const payload = draftAgreement(exampleAgreement());
    const proposal = await signAgreement(payload, nantong.signing);
    const complete = await signAgreement(proposal, uxin.signing);
    const agreement = readAgreement(complete);
    expect(agreement.payload).toEqual(payload);
    expect(agreement.digest).toEqual(createHash('sha256').update(payload).digest());
    expect(agreement.digest).toEqual(readAgreement(proposal).digest);
    expect(agreement.content).toEqual(exampleAgreement());
    expect(agreement.signatures.map(({ kid }) => kid)).toEqual([nantong.signing.kid, uxin.signing.kid]);
    const headers = agreement.signatures.map((one) => JSON.parse(Buffer.from(one.protected, 'base64url').toString()));
    expect(headers).toEqual([
      { alg: 'ES256', kid: nantong.signing.kid, typ: TYP.authorization },
      { alg: 'Ed25519', kid: uxin.signing.kid, typ: TYP.authorization },
    ]);
  });

  it('refuses to sign twice with one key, or a third time', async () => {
    const proposal = await signAgreement(draftAgreement(exampleAgreement()), nantong.signing);
    await expect(signAgreement(proposal, nantong.signing)).rejects.toMatchObject({ code: 'CONFLICT' });
    const complete = await signAgreement(proposal, uxin.signing);
    await expect(signAgreement(complete, uxin.log)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('signs nothing that is not a valid agreement', async () => {
    const calls: Uint8Array[] = [];
    const sign = async (data: Uint8Array) => {
      calls.push(data);
      return Buffer.alloc(64);
    };
    const signer = { ...nantong.signing, sign };
    const wrong = Buffer.from(JSON.stringify({ ...exampleAgreement(), parties: [] }));
    await expect(signAgreement(wrong, signer)).rejects.toMatchObject({ code: 'AUTHORIZATION_INVALID' });
    expect(calls).toEqual([]);
  });
});

describe('reading strictly', () => {
  interface Outer {
    payload: string;
    signatures: { protected: string; signature: string }[];
  }

  async function altered(change: (outer: Outer) => unknown): Promise<() => unknown> {
    const proposal = await signAgreement(draftAgreement(exampleAgreement()), nantong.signing);
    const complete = await signAgreement(proposal, uxin.signing);
    const outer = JSON.parse(complete) as Outer;
    const changed = change(outer) ?? outer;
    return () => readAgreement(typeof changed === 'string' ? changed : JSON.stringify(changed));
  }

  const encode = (text: string) => Buffer.from(text).toString('base64url');

  it.each<[string, (outer: Outer) => unknown]>([
    ['an unknown member', (outer) => ({ ...outer, header: {} })],
    [
      'an unprotected header',
      ({ payload, signatures }) => ({ payload, signatures: [{ ...signatures[0], header: {} }] }),
    ],
    ['no signature', ({ payload }) => ({ payload, signatures: [] })],
    ['three signatures', ({ payload, signatures }) => ({ payload, signatures: [...signatures, signatures[0]] })],
    ['one signature twice', ({ payload, signatures: [one] }) => ({ payload, signatures: [one, one] })],
    ['padded base64url', (outer) => ({ ...outer, payload: `${outer.payload}=` })],
    ['base64url that is not canonical', (outer) => ({ ...outer, payload: `${outer.payload}A` })],
    ['spaces around', (outer) => `${JSON.stringify(outer)}\n`],
    ['a repeated member', (outer) => JSON.stringify(outer).replace('{', '{"payload":"AA",')],
    ['a byte order mark', (outer) => `\ufeff${JSON.stringify(outer)}`],
    ['no JSON', () => 'eyJ'],
    ['a list', () => '[]'],
    ['too many bytes', () => `{"payload":"${'A'.repeat(512 * 1024)}"}`],
    ['a payload that is no JSON', (outer) => ({ ...outer, payload: encode('{') })],
    [
      'a payload that is not UTF-8',
      (outer) => ({ ...outer, payload: Buffer.of(0x22, 0xff, 0x22).toString('base64url') }),
    ],
    ['a payload with spaces', (outer) => ({ ...outer, payload: encode(JSON.stringify(exampleAgreement(), null, 1)) })],
    [
      'a payload with a repeated member',
      (outer) => {
        const text = JSON.stringify(exampleAgreement());
        return { ...outer, payload: encode(text.replace('"fields":', '"fields":["form.*"],"fields":')) };
      },
    ],
    [
      'a payload with contacts',
      (outer) => ({ ...outer, payload: encode(JSON.stringify({ ...exampleAgreement(), contacts: [] })) }),
    ],
    [
      'a header with a key',
      ({ payload, signatures }) => {
        const header = JSON.parse(Buffer.from(signatures[0]!.protected, 'base64url').toString());
        const smuggled = encode(JSON.stringify({ ...header, jwk: nantong.signing.publicJwk }));
        return { payload, signatures: [{ protected: smuggled, signature: signatures[0]!.signature }] };
      },
    ],
  ])('refuses %s', async (_, change) => {
    const read = await altered(change);
    expect(read).toThrow(expect.objectContaining({ code: 'AUTHORIZATION_INVALID' }));
  });

  it('points at the wrong member', async () => {
    const read = await altered((outer) => {
      outer.signatures[1]!.protected = encode(JSON.stringify({ alg: 'none', typ: TYP.authorization }));
    });
    expect(problemsOf(read, 'AUTHORIZATION_INVALID')).toEqual(['/signatures/1/protected/kid TYPE']);
  });
});

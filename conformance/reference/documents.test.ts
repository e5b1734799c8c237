import { beforeAll, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { type AgreementContent, draftAgreement, type Grant, listDigest, signAgreement, verifyAgreement } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { readStatement, type Statement, verifyAuthorization } from './documents.ts';
import { Refused } from './wire.ts';

const NOW = Date.parse('2026-11-01T09:00:00+08:00');
const OLDER = '00000000-0000-4000-8000-000000000001';

const grant: Grant = {
  grantor: '150626',
  grantee: '320600',
  department: { name: '乌审旗市场监督管理局', code: '111506260117283920', seal: '1506260012345' },
  window: { name: '南通市政务服务中心', code: '113206000141602830' },
  rights: ['R1a', 'R3'],
  items: ['EX018'],
  catalogue: { scope: '跨省通办', digest: listDigest(['EX014', 'EX055']) },
  modes: ['agency'],
  grade: 'B',
  basis: 'mutual',
};

const content: AgreementContent = {
  id: '6f1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11',
  version: 1,
  parties: ['320600', '150626'],
  grants: [grant],
  fields: ['applicant.name', 'form.经营项目'],
  valid_from: '2026-12-01T00:00:00+08:00',
  valid_until: '2029-12-01T00:00:00+08:00',
  terms: '双方相互委托收件。',
  supersedes: OLDER,
  counters: OLDER,
  created_at: '2026-11-01T09:00:00+08:00',
};

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let statements: Map<string, Statement>;

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW, suite: 'Ed25519' });
  statements = new Map([nantong, uxin].map(({ region, jwt }) => [region, readStatement(jwt)]));
});

/** A document with these payload bytes, signed by both whatever they say. */
async function signed(payload: Buffer): Promise<string> {
  const honest = await signAgreement(await signAgreement(draftAgreement(content), nantong.signing), uxin.signing);
  const encoded = payload.toString('base64url');
  const { signatures } = JSON.parse(honest) as { signatures: { protected: string }[] };
  const signers = [nantong.signing, uxin.signing];
  const again = signatures.map(async ({ protected: header }, index) => {
    const signature = await signers[index]!.sign(Buffer.from(`${header}.${encoded}`));
    return { protected: header, signature: signature.toString('base64url') };
  });
  return JSON.stringify({ payload: encoded, signatures: await Promise.all(again) });
}

/** What both verifiers say: the digest, or the code. */
function verdicts(document: string): [ours: string, product: string] {
  const known = new Map([nantong, uxin].map(({ region, statement }) => [region, statement]));
  return [
    said(() => verifyAuthorization(JSON.parse(document), (code) => statements.get(code)).digest),
    said(() => verifyAgreement(document, (code) => known.get(code), { signatures: 'complete' }).digest),
  ];
}

function said(verify: () => Buffer): string {
  try {
    return verify().toString('hex');
  } catch (error) {
    if (error instanceof Refused || error instanceof CodedError) return error.code;
    throw error;
  }
}

describe('an authorization document', () => {
  it('with every member verifies under both verifiers, with the same digest', async () => {
    const [ours, product] = verdicts(await signed(draftAgreement(content)));
    expect(ours).toMatch(/^[0-9a-f]{64}$/);
    expect(product).toBe(ours);
  });

  const optional: (keyof Grant)[] = ['window', 'catalogue', 'grade', 'basis'];
  it.each([...optional, 'seal', 'supersedes', 'counters'])('verifies without %s', async (member) => {
    const changed = structuredClone(content) as unknown as Record<string, unknown> & {
      grants: Record<string, object>[];
    };
    for (const holder of [changed, changed.grants[0]!, changed.grants[0]!['department'] as Record<string, unknown>])
      delete holder[member];
    const [ours, product] = verdicts(await signed(Buffer.from(JSON.stringify(changed))));
    expect(ours).toMatch(/^[0-9a-f]{64}$/);
    expect(product).toBe(ours);
  });

  it.each<[string, Partial<Record<keyof Grant, unknown>>]>([
    ['neither items nor a catalogue', { items: [], catalogue: undefined }],
    ['a catalogue without a digest', { catalogue: { scope: '跨省通办' } }],
    ['a digest that is not canonical', { catalogue: { ...grant.catalogue!, digest: `${'A'.repeat(42)}B` } }],
    ['a digest of another length', { catalogue: { ...grant.catalogue!, digest: 'A'.repeat(42) } }],
    ['a catalogue that follows', { catalogue: { ...grant.catalogue!, follows: true } }],
    ['a scope of two lines', { catalogue: { ...grant.catalogue!, scope: 'a\nb' } }],
    ['a window without a name', { window: { name: '', code: '113206000141602830' } }],
    ['a window with another member', { window: { ...grant.window!, phone: '1' } }],
    ['a seal with a space', { department: { ...grant.department, seal: '15 06' } }],
    ['an unknown grade', { grade: 'E' }],
    ['a basis that the levels do not allow', { basis: 'authorization' }],
    ['an unknown member', { note: '' } as never],
  ])('is refused with %s', async (_, change) => {
    const document = await signed(Buffer.from(JSON.stringify({ ...content, grants: [{ ...grant, ...change }] })));
    expect(verdicts(document)).toEqual(['AUTHORIZATION_INVALID', 'AUTHORIZATION_INVALID']);
  });

  it.each(['supersedes', 'counters'])('is refused when it names itself in %s', async (member) => {
    const document = await signed(Buffer.from(JSON.stringify({ ...content, [member]: content.id })));
    expect(verdicts(document)).toEqual(['AUTHORIZATION_INVALID', 'AUTHORIZATION_INVALID']);
  });
});

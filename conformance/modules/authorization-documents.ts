import { createHmac, randomUUID } from 'node:crypto';
import { TYP } from '#proto';
import { type AgreementContent, draftAgreement, type Signer, suiteOf } from '#trust';
import type { Workbench } from '../workbench.ts';

/** An item code that no catalogue has. */
export const NO_ITEM = 'EX999';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What stands in one protected header, and who signs under it. */
export interface BadSignature {
  readonly header?: object;
  readonly signer?: Signer;
  /** Text of the protected header instead of the header's own. */
  readonly text?: (honest: string) => string;
}

/** A proposal of ours that a target could accept, were it not for what the check makes of it. */
export function proposalContent(
  { own, target, now }: Workbench,
  changes: Partial<AgreementContent> = {},
): AgreementContent {
  const at = (ms: number) => new Date(now() + ms).toISOString();
  return {
    id: randomUUID(),
    version: 1,
    parties: [own.region, target.region],
    grants: [
      {
        grantor: own.region,
        grantee: target.region,
        department: { name: '一致性测试部门', code: '11370800MB28559184' },
        rights: ['R1a'],
        items: [NO_ITEM],
        modes: ['agency'],
      },
    ],
    fields: [],
    valid_from: at(0),
    valid_until: at(DAY_MS),
    terms: '一致性测试。',
    created_at: at(-1000),
    ...changes,
  };
}

/** A document with one signature, honest or not. */
export async function documentOf(
  bench: Workbench,
  payload: Buffer,
  { header = {}, signer = bench.acting.signing, text = (honest) => honest }: BadSignature = {},
): Promise<string> {
  const { signing } = bench.acting;
  const honest = { alg: suiteOf(signing.suite).alg, kid: signing.kid, typ: TYP.authorization, ...header };
  const protectedHeader = Buffer.from(text(JSON.stringify(honest))).toString('base64url');
  const encoded = payload.toString('base64url');
  const signature = await signer.sign(Buffer.from(`${protectedHeader}.${encoded}`));
  const signatures = [{ protected: protectedHeader, signature: signature.toString('base64url') }];
  return JSON.stringify({ payload: encoded, signatures });
}

/** A proposal that is right but for its content. */
export async function proposalWith(bench: Workbench, changes: Partial<AgreementContent>): Promise<string> {
  return documentOf(bench, draftAgreement(proposalContent(bench, changes)));
}

/** Ways in which a document is no document, each with its name. */
export const BAD_DOCUMENTS: readonly {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  readonly make: (bench: Workbench) => Promise<string>;
}[] = [
  {
    id: 'two-signatures',
    zh: '同一方签名两次的提案',
    en: 'a proposal with two signatures of one party',
    make: async (bench) => {
      const document = JSON.parse(await honest(bench)) as { payload: string; signatures: object[] };
      return JSON.stringify({ ...document, signatures: [...document.signatures, ...document.signatures] });
    },
  },
  {
    id: 'repeated-member',
    zh: '成员重复的提案',
    en: 'a proposal in which a member stands twice',
    make: (bench) => {
      const text = draftAgreement(proposalContent(bench)).toString();
      return documentOf(bench, Buffer.from(text.replace('"fields":', '"fields":["form.*"],"fields":')));
    },
  },
  {
    id: 'critical',
    zh: '带有未知关键扩展的提案',
    en: 'a proposal with an unknown critical extension',
    make: (bench) => honest(bench, { header: { crit: ['exp'], exp: 0 } }),
  },
  {
    id: 'embedded-key',
    zh: '签名头中夹带密钥的提案',
    en: 'a proposal that brings its own key',
    make: (bench) => honest(bench, { header: { jwk: bench.strangerKey.publicJwk }, signer: bench.strangerKey }),
  },
  {
    id: 'typ',
    zh: '以其他用途的签名充当的提案',
    en: 'a proposal under a signature for another purpose',
    make: (bench) => honest(bench, { header: { typ: TYP.envelopeRoot } }),
  },
  {
    id: 'algorithm',
    zh: '以公钥作 HMAC 密钥签名的提案',
    en: 'a proposal under a MAC made with the public key',
    make: (bench) => {
      const { signing } = bench.acting;
      const secret = JSON.stringify(signing.publicJwk);
      const sign = async (data: Uint8Array) => createHmac('sha256', secret).update(data).digest();
      return honest(bench, { header: { alg: 'HS256' }, signer: { ...signing, sign } });
    },
  },
  {
    id: 'other-region',
    zh: '以对端密钥编号签名的提案',
    en: 'a proposal under the kid of the other region',
    make: (bench) => {
      const kid = bench.target.keys.find(({ purpose }) => purpose === 'signing')?.kid;
      return honest(bench, { header: { kid } });
    },
  },
];

function honest(bench: Workbench, bad?: BadSignature): Promise<string> {
  return documentOf(bench, draftAgreement(proposalContent(bench)), bad);
}

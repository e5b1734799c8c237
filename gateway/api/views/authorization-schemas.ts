import { Type } from '@fastify/type-provider-typebox';
import type { AgreementContent, Change } from '#trust';
import type { RegionContacts } from '../../authorization/agreement-contacts.ts';
import type { AgreementDetails, AgreementView } from '../../authorization/agreement-view.ts';
import { CLOSED, Digest, described, instant } from './schemas.ts';

const State = Type.Unsafe<AgreementView['state']>({
  type: 'string',
  description:
    'draft 草案, proposed 已提出, accepted 已签待确认, active 生效, suspended 中止, expired 到期, countered 已被反提案, ' +
    'superseded 已续签, revoked 撤销',
});

const outline = {
  id: Type.String(),
  digest: Digest,
  peer: Type.String({ description: '对方地区 / other party' }),
  proposer: Type.String({ description: '提出方 / region that proposed it' }),
  state: State,
  content: described<AgreementContent>(
    '双方、事项、权限、字段、有效期和条款 / parties, grants, fields, validity, terms',
  ),
  code: Type.String({ description: '上次提出或接受失败的原因 / why the last proposal or acceptance failed, or empty' }),
  activatedAt: Type.Optional(instant('生效 / in force since')),
  suspensions: Type.Unsafe<AgreementView['suspensions']>(
    Type.Array(Type.Object({ by: Type.String(), reason: Type.String(), at: instant('中止 / since') }), {
      description: '由谁中止;只有中止方能恢复 / who has it suspended; only those may resume',
    }),
  ),
  supersededFrom: Type.Optional(instant('续签协议取代之时 / when its renewal takes its place')),
  revocation: Type.Optional(
    Type.Object({ by: Type.String(), reason: Type.String(), forCause: Type.Boolean(), at: Type.Integer() }),
  ),
  createdAt: instant('创建 / created'),
  updatedAt: instant('更新 / changed'),
};

/** An authorization as it stands in a list. */
export const Outline = Type.Object(outline);

const Link = Type.Object({ id: Type.String(), proposer: Type.String(), state: State, createdAt: instant('提出') });

/** An authorization with everything but its contacts. */
export const Details = Type.Object({
  ...outline,
  document: Type.String({ description: '签名文件 / the document as it is signed, by one region or both' }),
  catalogues: Type.Unsafe<AgreementDetails['catalogues']>(
    Type.Array(Type.Object({ scope: Type.String(), digest: Type.String(), items: Type.Array(Type.String()) }), {
      description: '通办清单所指事项 / the items that its catalogues stand for',
    }),
  ),
  lineage: Type.Unsafe<AgreementDetails['lineage']>(
    Type.Object({
      chain: Type.Array(Link, { description: '提案与反提案,先后为序 / proposals that answered one another' }),
      renews: Type.Optional(Type.String({ description: '续签的原协议 / agreement that it renews' })),
      renewedBy: Type.Array(Type.String({ description: '续签协议 / renewals of it' })),
    }),
  ),
});

/** What is different in one version from another. */
export const Changes = Type.Object({
  changes: Type.Unsafe<readonly Change[]>(
    Type.Array(
      Type.Object({
        kind: Type.String(),
        zh: Type.String(),
        en: Type.String(),
        lines: Type.Optional(Type.Array(Type.String({ description: '正文的删、增行 / lines out and in' }))),
      }),
    ),
  ),
});

const contact = {
  name: Type.String({ description: '姓名' }),
  role: Type.Optional(Type.String({ description: '职责' })),
  phone: Type.Optional(Type.String({ description: '电话' })),
  email: Type.Optional(Type.String({ description: '电子邮箱' })),
};

/** What a region says about whom to call. */
export const ContactsInput = Type.Object({ contacts: Type.Array(Type.Object(contact, CLOSED)) }, CLOSED);

export const Contacts = Type.Object({
  sides: Type.Unsafe<readonly RegionContacts[]>(
    Type.Array(
      Type.Object({
        region: Type.String(),
        contacts: Type.Array(Type.Object(contact)),
        changedAt: instant('变更 / changed'),
      }),
    ),
  ),
});

/** What an operator writes. */
export const Draft = described<object>(
  '协议内容，不含 id、version、created_at、counters / an agreement without id, version, created_at and counters: ' +
    '{parties, grants: [{grantor, grantee, department: {name, code, seal?}, window?, rights, items, ' +
    'catalogue?: {scope}, modes, grade?, basis?}], fields, valid_from, valid_until, terms, supersedes?}',
);

export const DraftChanges = described<object>(
  '与原协议不同的成员 / the members that are to be different from the older one, as in a draft',
);

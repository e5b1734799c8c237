import { Type } from '@fastify/type-provider-typebox';
import {
  boolean,
  both,
  checkIdentityDocument,
  checkRegionCode,
  fields,
  type IdentityDocumentType,
  identifier,
  identityDocumentTypes,
  instant,
  integer,
  list,
  MODES,
  type Mode,
  oneOf,
  optional,
  type Rule,
  text,
} from '#proto';
import { CASE_ROLES } from '../../case/search/case-filter.ts';
import { type Role, STATES, type State } from '../../case/transitions.ts';
import { numberKey } from '../../certificate/library-holders.ts';
import { StateWord } from '../views/case-schemas.ts';
import { CLOSED, words } from '../views/schemas.ts';

/** A question for the cases of an applicant. */
export interface CaseSearchBody {
  readonly applicant: {
    readonly documentType?: IdentityDocumentType | null;
    readonly number?: string | null;
    readonly name?: string | null;
  };
  readonly purpose?: string | null;
  readonly state?: readonly State[] | null;
  readonly item?: string | null;
  readonly peer?: string | null;
  readonly role?: Role | null;
  readonly mode?: Mode | null;
  readonly number?: string | null;
  readonly dueBefore?: number | null;
  readonly overdue?: boolean | null;
  readonly updatedSince?: number | null;
  readonly limit?: number | null;
  readonly cursor?: string | null;
}

/** A number goes with its kind, and is held against it as it is looked up: with a capital X. */
const applicant: Rule = both(
  fields({
    documentType: optional(oneOf(...identityDocumentTypes)),
    number: optional(text(40)),
    name: optional(text(200)),
  }),
  (value, pointer, problems) => {
    const { documentType, number, name } = value as CaseSearchBody['applicant'];
    const wrong = (field: string, code: string, message: string) =>
      problems.push({ pointer: `${pointer}/${field}`, code, message });
    if (!number && !documentType && !name) wrong('number', 'REQUIRED', 'is required, or a name alone');
    if (!number && documentType) wrong('number', 'REQUIRED', 'is required with a kind of document');
    if (number && !documentType) wrong('documentType', 'REQUIRED', 'is required with a number');
    if (!number || !documentType) return;
    const checked = checkIdentityDocument(documentType, numberKey(number));
    if (!checked.ok) wrong('number', 'IDENTIFIER', checked.reason);
  },
);

export const caseSearchBody: Rule = fields({
  applicant,
  purpose: optional(text(200, { min: 2 })),
  state: optional(list(oneOf(...Object.keys(STATES)), 30, 1)),
  item: optional(text(64)),
  peer: optional(identifier(checkRegionCode)),
  role: optional(oneOf(...CASE_ROLES)),
  mode: optional(oneOf(...MODES)),
  number: optional(text(20, { pattern: /^[0-9]+$/, hint: 'must be digits with which our number begins' })),
  dueBefore: optional(instant),
  overdue: optional(boolean),
  updatedSince: optional(instant),
  limit: optional(integer(1, 200)),
  cursor: optional(text(512)),
});

/** {@link caseSearchBody} for the description of the API. */
export const CaseSearchJson = Type.Object(
  {
    applicant: Type.Object(
      {
        documentType: Type.Optional(words(identityDocumentTypes, '证件类型 / kind of document')),
        number: Type.Optional(Type.String({ description: '证件号码,须写明证件类型 / its number' })),
        name: Type.Optional(Type.String({ description: '姓名或名称,须完全一致 / name, as a whole' })),
      },
      { ...CLOSED, description: '申请人:证件或姓名,可并用 / the applicant, by document, by name, or both' },
    ),
    purpose: Type.Optional(
      Type.String({
        description: '用途(2 至 200 字);令牌带常设用途的可不写 / why it is asked; a token may have a standing one',
      }),
    ),
    state: Type.Optional(Type.Array(StateWord)),
    item: Type.Optional(Type.String({ description: '事项编码 / item code' })),
    peer: Type.Optional(Type.String({ description: '对方地区 / other region' })),
    role: Type.Optional(words(CASE_ROLES, '收件地或办理地 / our part')),
    mode: Type.Optional(words(MODES, '通办模式 / mode')),
    number: Type.Optional(Type.String({ description: '办件编号的开头 / digits with which our number begins' })),
    dueBefore: Type.Optional(Type.Integer({ description: '时限届满早于 / a limit runs out before; ms' })),
    overdue: Type.Optional(Type.Boolean({ description: '时限已届满 / a limit has run out' })),
    updatedSince: Type.Optional(Type.Integer({ description: '此后有变化 / changed since; ms' })),
    limit: Type.Optional(Type.Integer()),
    cursor: Type.Optional(Type.String()),
  },
  CLOSED,
);

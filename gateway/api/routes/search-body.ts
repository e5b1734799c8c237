import { Type } from '@fastify/type-provider-typebox';
import {
  both,
  checkIdentityDocument,
  checkRegionCode,
  fields,
  type IdentityDocumentType,
  identifier,
  identityDocumentTypes,
  integer,
  oneOf,
  optional,
  type Rule,
  text,
} from '#proto';
import { STATUS_WORDS, type StatusWord } from '#trust';
import { numberKey } from '../../certificate/library-holders.ts';
import { CLOSED, words } from '../views/schemas.ts';

/** A question for the certificates of a holder. */
export interface SearchBody {
  readonly holder: {
    readonly number?: string | null;
    readonly documentType?: IdentityDocumentType | null;
    readonly name?: string | null;
  };
  readonly purpose: string;
  readonly type?: string | null;
  readonly number?: string | null;
  readonly issuer?: string | null;
  readonly status?: StatusWord | null;
  readonly case?: string | null;
  readonly limit?: number | null;
  readonly cursor?: string | null;
}

/** A number is held against its kind as it is looked up: with a capital X. */
const holder: Rule = both(
  fields({
    number: optional(text(40)),
    documentType: optional(oneOf(...identityDocumentTypes)),
    name: optional(text(200)),
  }),
  (value, pointer, problems) => {
    const { number, documentType, name } = value as SearchBody['holder'];
    const at = `${pointer}/number`;
    const isGiven = typeof number === 'string';
    if (!isGiven && (documentType || typeof name !== 'string'))
      problems.push({ pointer: at, code: 'REQUIRED', message: 'is required, or a name alone' });
    if (!isGiven || !documentType) return;
    const checked = checkIdentityDocument(documentType, numberKey(number));
    if (!checked.ok) problems.push({ pointer: at, code: 'IDENTIFIER', message: checked.reason });
  },
);

export const searchBody: Rule = fields({
  holder,
  purpose: text(200),
  type: optional(text(21)),
  number: optional(text(100)),
  issuer: optional(identifier(checkRegionCode)),
  status: optional(oneOf(...STATUS_WORDS)),
  case: optional(text(64)),
  limit: optional(integer(1, 200)),
  cursor: optional(text(512)),
});

/** {@link searchBody} for the description of the API. */
export const SearchBodyJson = Type.Object(
  {
    holder: Type.Object(
      {
        number: Type.Optional(Type.String({ description: '证件号码 / number of his document' })),
        documentType: Type.Optional(words(identityDocumentTypes, '证件类型 / kind of document')),
        name: Type.Optional(Type.String({ description: '姓名或名称,须完全一致 / name, as a whole' })),
      },
      { ...CLOSED, description: '持证主体,含共同持证人 / a holder, one of several too' },
    ),
    purpose: Type.String({ description: '用途 / why it is asked' }),
    type: Type.Optional(Type.String({ description: '证照类型代码 / code of the type' })),
    number: Type.Optional(Type.String({ description: '证照编号 / number of the certificate' })),
    issuer: Type.Optional(Type.String({ description: '签发地区 / region whose key signed' })),
    status: Type.Optional(words(STATUS_WORDS)),
    case: Type.Optional(Type.String({ description: '会话号或办件编号 / conversation or case number' })),
    limit: Type.Optional(Type.Integer()),
    cursor: Type.Optional(Type.String()),
  },
  CLOSED,
);

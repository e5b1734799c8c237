import type { JWK } from 'jose';
import {
  both,
  CodedError,
  checkIdentityDocument,
  checkItemCode,
  checkRegionCode,
  checkSocialCreditCode,
  fields,
  type IdentityDocumentType,
  identifier,
  identityDocumentTypes,
  instant,
  isIdentifierOf,
  list,
  oneOf,
  optional,
  type Problem,
  type Rule,
  text,
  verifyCertificateIdentifier,
} from '#proto';
import { isPublicKey } from './sd-jwt/holder-key.ts';
import { type StatusReference, statusReferenceRule } from './status/status-reference.ts';
import type { CertificateType, CertificateTypes } from './types/types.ts';
import { anyValuesRule, type FieldValues } from './types/values.ts';

/** Who holds a certificate (持证主体). */
export interface CertificateHolder {
  readonly name: string;
  /** Kind of document behind `number` (持证主体代码类型). */
  readonly documentType: IdentityDocumentType;
  readonly number: string;
}

/** What an issuer says in a certificate. Times in milliseconds. */
export interface CertificateContent {
  /** 电子证照标识 (GB/T 36904), minted with the type and the authority of this content. */
  readonly identifier: string;
  /** 证照类型代码 */
  readonly typeCode: string;
  /** 证照编号, as printed. */
  readonly number: string;
  /** 证照名称, as printed. */
  readonly name: string;
  /** The region that issues and whose key signs. */
  readonly region: string;
  /** 颁发机构: name and social credit code. */
  readonly authority: { readonly name: string; readonly code: string };
  /** 持证主体; of several the first. */
  readonly holder: CertificateHolder;
  /** The other holders, of a certificate that has several. */
  readonly otherHolders?: readonly CertificateHolder[] | undefined;
  /** Public key whose holder can prove that the certificate is his; undefined when none does. */
  readonly holderKey?: JWK | undefined;
  /** 有效期起始 */
  readonly validFrom: number;
  /** 有效期截止, exclusive; undefined when it has no end (长期). */
  readonly validUntil?: number | undefined;
  /** 颁发日期 */
  readonly issuedAt: number;
  /** Code of the item that produced it (关联事项). */
  readonly item: string;
  /** Number of the case that produced it (办件编号), if it may be shown. */
  readonly caseNumber?: string | undefined;
  /** Type-specific fields (照面信息), by key. */
  readonly fields: FieldValues;
  /** Where we publish its status (证照状态); undefined when we publish none. */
  readonly statusList?: StatusReference | undefined;
}

export const MAX_OTHER_HOLDERS = 50;
const HOLDER: Rule = both(
  fields({ name: text(200), documentType: oneOf(...identityDocumentTypes), number: text(40) }),
  (value, pointer, problems) => {
    const { documentType, number } = value as CertificateHolder;
    const result = checkIdentityDocument(documentType, number);
    if (!result.ok) add(problems, `${pointer}/number`, 'IDENTIFIER', result.reason);
  },
);
const CONTENT = fields({
  identifier: identifier(verifyCertificateIdentifier),
  typeCode: text(21),
  number: text(100),
  name: text(200),
  region: identifier(checkRegionCode),
  authority: fields({ name: text(100), code: identifier(checkSocialCreditCode) }),
  holder: HOLDER,
  otherHolders: optional(list(HOLDER, MAX_OTHER_HOLDERS, 1)),
  holderKey: optional((value, pointer, problems) => {
    if (!isPublicKey(value as JWK)) add(problems, pointer, 'FORMAT', 'must be a public JWK of a suite');
  }),
  validFrom: instant,
  validUntil: optional(instant),
  issuedAt: instant,
  item: identifier(checkItemCode),
  caseNumber: optional(text(64)),
  // By the rule of the type, below.
  fields: () => {},
  statusList: optional(statusReferenceRule),
});

/**
 * Checks what is to be issued, by the rules of every certificate and of its type.
 *
 * @returns the type
 * @throws CodedError VALIDATION_FAILED with every wrong field
 */
export function checkContent(content: CertificateContent, types: CertificateTypes): CertificateType {
  const problems: Problem[] = [];
  CONTENT(content, '', problems);
  const type = types.get(content.typeCode);
  if (!type) add(problems, '/typeCode', 'NOT_IN_LIST', 'is not a type of certificate that is defined here');
  if (problems.length === 0) checkTogether(content, problems);
  (type?.whole ?? anyValuesRule)(content.fields, '/fields', problems);
  if (!type || problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  return type;
}

/** Fields that are right each by itself may still contradict one another. */
function checkTogether(content: CertificateContent, problems: Problem[]): void {
  const { identifier: text, typeCode, authority, validFrom, validUntil } = content;
  if (!isIdentifierOf(text, typeCode, authority.code))
    add(problems, '/identifier', 'IDENTIFIER', 'was minted for another type or another authority');
  if (typeof validUntil === 'number' && Math.floor(validUntil / 1000) <= Math.floor(validFrom / 1000))
    add(problems, '/validUntil', 'RANGE', 'must be later than validFrom');
}

function add(problems: Problem[], pointer: string, code: string, message: string): void {
  problems.push({ pointer, code, message });
}

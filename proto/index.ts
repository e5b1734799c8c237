/** Face of the layer: the wire between regions. Other layers import only this. */
export { materialOpinion, type NoteMember, noteRules } from './case-note-rules.ts';
export {
  committedMaterials,
  PAPER_KINDS,
  type PaperKind,
  REVOCATION_GROUNDS,
  type RevocationGround,
} from './case-parts.ts';
export { IDENTITY_CHECK_WAYS, MODES, type Mode } from './case-rules.ts';
export {
  decode,
  definitions,
  encode,
  type Message,
  type MessageInput,
  type MessageName,
  PACKAGE,
  typeName,
} from './codec.ts';
export { DATA_PARAMETER_TYPES, dataKind, MAX_ANSWER_SECONDS } from './data-rules.ts';
export { type Answer, CodedError, ERROR_CODES, type ErrorCode, isErrorCode, type Problem } from './error-codes.ts';
export { checkForm, type FormField, type FormSchema } from './form-schema.ts';
export { headerFault } from './header-rules.ts';
export {
  CERTIFICATE_REFERENCE_BYTES,
  type CertificateIdentifier,
  type CertificateIdentifierParts,
  type CertificateReference,
  type Check,
  checkCertificateReference,
  checkCitizenNumber,
  checkIdentityDocument,
  checkItemCode,
  checkMobileNumber,
  checkRegionCode,
  checkSocialCreditCode,
  formatCertificateReference,
  type IdentityDocumentType,
  identityDocumentTypes,
  isIdentifierOf,
  isRegionCode,
  maskName,
  maskNumber,
  mintCertificateIdentifier,
  mintCertificateReference,
  parseCertificateIdentifier,
  parseCertificateReference,
  provinceOf,
  readCertificateIdentifier,
  recogniseItemCode,
  regionFullName,
  regionName,
  verifyCertificateIdentifier,
} from './identifiers/index.ts';
export {
  answerMembers,
  INQUIRY_KINDS,
  INQUIRY_OUTCOMES,
  type InquiryKind,
  inquiryByKind,
  inquiryMembers,
  outcomeByKind,
} from './inquiry-rules.ts';
export {
  feeRules,
  itemRules,
  MAX_CATALOGUE_ITEMS,
  MAX_CATALOGUE_PARTS,
  materialRules,
  reviewStepRules,
} from './item-rules.ts';
export { CONSENT_WAYS, ERASURE_GROUNDS, type ErasureGround, LEGAL_BASES, legalBasis } from './legal-basis.ts';
export { LIMITS } from './limits.ts';
export type * as messages from './messages.ts';
export {
  checkPayload,
  contactList,
  PAYLOAD_NAMES,
  type PayloadName,
  payloadName,
  UUID,
} from './payload-rules.ts';
export {
  absentOr,
  boolean,
  both,
  bytes,
  fields,
  identifier,
  instant,
  integer,
  list,
  oneOf,
  optional,
  optionalText,
  type Rule,
  record,
  text,
} from './rules.ts';
export {
  CheckClient,
  type CheckServiceHandlers,
  ExchangeClient,
  type ExchangeServiceHandlers,
  MaterialClient,
  type MaterialServiceHandlers,
  RecoveryClient,
  services,
} from './services.ts';
export {
  auditLeaf,
  envelopeLeaf,
  type Hash,
  logLeaf,
  payloadDigest,
  receiptLeaf,
  regionUrn,
  SALT_BYTES,
  TYP,
  treeNode,
} from './signing-bytes.ts';

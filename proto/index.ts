/** Face of the layer: the wire between regions. Other layers import only this. */
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
export { type Answer, CodedError, ERROR_CODES, type ErrorCode, isErrorCode, type Problem } from './error-codes.ts';
export { headerFault } from './header-rules.ts';
export {
  type CertificateIdentifier,
  type CertificateIdentifierParts,
  type Check,
  checkCitizenNumber,
  checkIdentityDocument,
  checkItemCode,
  checkMobileNumber,
  checkRegionCode,
  checkSocialCreditCode,
  type IdentityDocumentType,
  identityDocumentTypes,
  isRegionCode,
  maskName,
  maskNumber,
  mintCertificateIdentifier,
  parseCertificateIdentifier,
  provinceOf,
  recogniseItemCode,
  regionFullName,
  regionName,
  verifyCertificateIdentifier,
} from './identifiers/index.ts';
export { LIMITS } from './limits.ts';
export type * as messages from './messages.ts';
export {
  checkPayload,
  contactList,
  MODES,
  type Mode,
  PAYLOAD_NAMES,
  type PayloadName,
  payloadName,
  UUID,
} from './payload-rules.ts';
export {
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
  services,
} from './services.ts';
export {
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

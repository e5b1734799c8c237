export type { CertificateIdentifier, CertificateIdentifierParts } from './certificate-identifier.ts';
export {
  formatCertificateIdentifier,
  isIdentifierOf,
  mintCertificateIdentifier,
  parseCertificateIdentifier,
  readCertificateIdentifier,
  verifyCertificateIdentifier,
} from './certificate-identifier.ts';
export type { CertificateReference } from './certificate-reference.ts';
export {
  CERTIFICATE_REFERENCE_BYTES,
  checkCertificateReference,
  formatCertificateReference,
  mintCertificateReference,
  parseCertificateReference,
} from './certificate-reference.ts';
export type { Check, Checked } from './check.ts';
export { checkCitizenNumber } from './citizen-number.ts';
export type { IdentityDocumentType } from './identity-document.ts';
export { checkIdentityDocument, identityDocumentTypes, isIdentityDocumentType } from './identity-document.ts';
export type { ItemCodeKind } from './item-code.ts';
export { checkItemCode, recogniseItemCode } from './item-code.ts';
export { maskName, maskNumber } from './mask.ts';
export { checkMobileNumber } from './mobile-number.ts';
export {
  checkRegionCode,
  checkStatisticalRegionCode,
  isRegionCode,
  isStatisticalRegionCode,
  provinceOf,
  regionFullName,
  regionName,
  regionTableDate,
} from './region-code.ts';
export { checkSocialCreditCode } from './social-credit-code.ts';

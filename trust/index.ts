/** Face of the layer: keys, regions, envelopes, authorizations, certificates and evidence. No network, no database. */
export { type Agreement, draftAgreement, readAgreement, signAgreement } from './authorization/agreement.ts';
export type { AgreementContent, Grant } from './authorization/content.ts';
export { type AuthorizedUse, type CompiledAgreement, compileAgreement } from './authorization/judge.ts';
export { needsAuthorization, POLICY, type Side } from './authorization/policy.ts';
export { RIGHT_NAMES, RIGHTS, type Right } from './authorization/rights.ts';
export {
  type AuthorizationActor,
  type AuthorizationEvent,
  type AuthorizationState,
  demandActive,
  nextState,
} from './authorization/states.ts';
export { type VerifiedAgreement, verifyAgreement } from './authorization/verify.ts';
export {
  demandInForce,
  issueCertificate,
  presentCertificate,
  type VerifiedCertificate,
  verifyCertificate,
} from './certificate/certificate.ts';
export { type CertificateView, disclosableFields } from './certificate/claims.ts';
export {
  type CertificateContent,
  type CertificateHolder,
  checkContent as checkCertificateContent,
} from './certificate/content.ts';
export { builtInCertificateTypes, type CertificateType, type CertificateTypes } from './certificate/types.ts';
export type { Clock } from './clock.ts';
export { inclusionPath, merkleRoot, rootFromPath } from './envelope/merkle.ts';
export {
  type ArrivedEnvelope,
  openMember,
  openSealed,
  readArrived,
  type VerifiedEnvelope,
  verifyContent,
  verifyGroup,
  verifySeal,
} from './envelope/open.ts';
export { readReceipt, receiptBody, type Verdict, verifyReceiptGroup } from './envelope/receipt.ts';
export {
  type FixedEnvelope,
  fixEnvelope,
  type SealedRoot,
  sealEnvelopes,
  sealOf,
  sealReceipts,
} from './envelope/seal.ts';
export { type TimePolicy, type VerifiedRoot, verifyRoot } from './envelope/signed-root.ts';
export { AuthorizationError, VerificationError } from './errors.ts';
export { verifyBundle } from './evidence/bundle.ts';
export { writeBundle } from './evidence/bundle-format.ts';
export type { BundleReport } from './evidence/bundle-report.ts';
export { type LogCheckpoint, signCheckpoint, verifyCheckpoint } from './evidence/checkpoint.ts';
export { decodeFrontier, EMPTY_FRONTIER, encodeFrontier, type LogFrontier } from './evidence/frontier.ts';
export {
  appendLeaves,
  logConsistencyProof,
  logInclusionProof,
  logRoot,
  type TileNode,
  type TileReader,
  verifyLogConsistency,
  verifyLogInclusion,
} from './evidence/log.ts';
export { readJws, signJws, type VerificationKey, type VerifiedJws, verifyJws } from './jws.ts';
export { createFileKeyStore, openFileKeyStore } from './keys/file-key-store.ts';
export { moveIdentityKey, revokeKey, rotateKey } from './keys/key-life.ts';
export { type KeyInfo, type KeyStore, usableAt } from './keys/key-store.ts';
export { readPassphrase } from './keys/passphrase.ts';
export { type KeyPurpose, localSigner, type Signer } from './keys/signer.ts';
export type { TlsIdentity } from './pki/tls-identity.ts';
export { keyValidAt, RegionDirectory } from './region/directory.ts';
export { issueOwnStatement, statedKeys } from './region/region-keys.ts';
export { REVOCATION_REASONS, type RevocationReason } from './region/revocation.ts';
export {
  fingerprintOf,
  issueStatement,
  matchesFingerprint,
  type RegionStatement,
  type StatementContent,
  type StatementKey,
  type StatementTls,
  spkiOf,
  verifyStatement,
} from './region/statement.ts';
export { importPublicJwk, SUITE_NAMES, type Suite, type SuiteName, suiteOf, suiteOfKey } from './suites.ts';

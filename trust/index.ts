/** Face of the layer: keys, regions, envelopes, authorizations, certificates and evidence. No network, no database. */

export { linesOf } from './archive/lines.ts';
export { readVolume, type SealedVolume } from './archive/read-volume.ts';
export type { ArchivedEvidence } from './archive/volume-format.ts';
export { writeVolume } from './archive/write-volume.ts';
export { type Agreement, draftAgreement, readAgreement, signAgreement } from './authorization/agreement.ts';
export { type CatalogueLists, catalogueLists, listDigest } from './authorization/catalogue-list.ts';
export { type Change, describeChanges } from './authorization/changes/changes.ts';
export type { AgreementContent, Grant } from './authorization/content.ts';
export {
  type VerifiedEntrustments,
  verifyEntrustments,
} from './authorization/entrustment/chain.ts';
export {
  ENTRUSTED_RIGHTS,
  type EntrustmentContent,
  type Holder,
} from './authorization/entrustment/content.ts';
export {
  type EntrustmentLink,
  issueEntrustment,
  readEntrustment,
} from './authorization/entrustment/link.ts';
export {
  readRevocation,
  signRevocation,
  verifyRevocation,
} from './authorization/entrustment/revocation.ts';
export type { JointContent } from './authorization/joint/content.ts';
export { draftJoint, type JointSignature, joinJoint, readJoint, signJoint } from './authorization/joint/document.ts';
export {
  type EndingKind,
  type JointEnding,
  readEnding,
  signEnding,
  strongerEnding,
  type VerifiedEnding,
  verifyEnding,
} from './authorization/joint/ending.ts';
export { longestWay, stagesOf } from './authorization/joint/order.ts';
export { type JointRole, type JointState, nextJointState } from './authorization/joint/states.ts';
export { type VerifiedJoint, verifyJoint, verifyJointSignature } from './authorization/joint/verify.ts';
export {
  type AuthorizedUse,
  type CompiledAgreement,
  compileAgreement,
  type LocalUse,
} from './authorization/judge.ts';
export { needsAuthorization, opensUnder, POLICY, type Side } from './authorization/policy.ts';
export { RIGHT_NAMES, RIGHTS, type Right } from './authorization/rights.ts';
export {
  type AuthorizationActor,
  type AuthorizationEvent,
  type AuthorizationState,
  type AuthorizationWord,
  demandUse,
  hasEnded,
  nextState,
  stateAfterNews,
  wordOf,
} from './authorization/states.ts';
export { type VerifiedAgreement, verifyAgreement } from './authorization/verify.ts';
export {
  demandInForce,
  issueCertificate,
  presentCertificate,
  type VerifiedCertificate,
  verifyCertificate,
} from './certificate/certificate.ts';
export { holderTypeOf } from './certificate/claim-names.ts';
export {
  type CertificateContent,
  type CertificateHolder,
  checkContent as checkCertificateContent,
} from './certificate/content.ts';
export { isPaperCertificate, readPaperCertificate, writePaperCertificate } from './certificate/paper/paper.ts';
export { paperPresentation } from './certificate/paper/presentation.ts';
export { type BindingDemand, bindSdJwt } from './certificate/sd-jwt/key-binding.ts';
export { issueStampedCopy, type Stamp } from './certificate/stamped-copy.ts';
export {
  demandFresh,
  issueStatusList,
  MAX_STATUS_LIST_LENGTH,
  readStatusList,
  STATUS_LIST_SIZE,
  statusIn,
  type VerifiedStatusList,
  verifyStatusList,
} from './certificate/status/status-list.ts';
export type { StatusReference } from './certificate/status/status-reference.ts';
export { STATUS_WORDS, type StatusWord } from './certificate/status/status-words.ts';
export { fieldText, shownFields } from './certificate/types/display.ts';
export {
  builtInCertificateTypes,
  type CertificateType,
  type CertificateTypes,
  readCertificateTypes,
  typeNamed,
} from './certificate/types/types.ts';
export type { CertificateView } from './certificate/view.ts';
export type { Clock } from './clock.ts';
export { demandAddedSeal } from './document/added-seal.ts';
export { signCms } from './document/cms-sign.ts';
export { certifyForDocuments } from './document/cms-sign-certificate.ts';
export { signPdf } from './document/cms-sign-pdf.ts';
export { signerOfPdf } from './document/cms-sign-reader.ts';
export { countEntries, readRevocationList, revocationListsIn } from './document/crypto/revocation-list.ts';
export { examineDocument, NOBODY, readTrustList, type TrustList } from './document/document.ts';
export { VERDICTS as DOCUMENT_VERDICTS } from './document/findings.ts';
export { DOCUMENT_LIMITS } from './document/limits.ts';
export type { DocumentReport, SealReport } from './document/report.ts';
export { examineInThread } from './document/thread.ts';
export { inclusionPath, merkleRoot, rootFromPath } from './envelope/merkle.ts';
export {
  type ArrivedEnvelope,
  openKept,
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
export { type BundleInput, WITNESSED_MAX, writeBundle, writeCheckBundle } from './evidence/bundle-format.ts';
export type { BundleReport } from './evidence/bundle-report.ts';
export {
  type LogCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from './evidence/checkpoint.ts';
export { cosignCheckpoint, verifyCosignature, witnessOf } from './evidence/cosignature.ts';
export { type EpochOpening, signEpochOpening, verifyEpochOpening } from './evidence/epoch-opening.ts';
export { decodeFrontier, EMPTY_FRONTIER, encodeFrontier, type LogFrontier } from './evidence/frontier.ts';
export {
  appendLeaves,
  frontierRoot,
  logConsistencyProof,
  logInclusionProof,
  logRoot,
  type TileNode,
  type TileReader,
  verifyLogConsistency,
  verifyLogInclusion,
} from './evidence/log.ts';
export {
  readAuthorities,
  readTimestampResponse,
  TIMESTAMP_BYTES,
  type Timestamp,
  timestampRequest,
  verifyTimestamp,
} from './evidence/timestamp.ts';
export {
  type AnchorConfiguration,
  type AnchorContent,
  issueAnchorConfiguration,
  readLocation,
  verifyAnchorConfiguration,
} from './federation/anchor.ts';
export {
  ANCHOR_FILES,
  ANCHOR_LIMITS,
  type AnchorIndex,
  fileDigest,
  issueAnchorIndex,
  issueRevocations,
  type Revocation,
  verifyAnchorIndex,
} from './federation/anchor-index.ts';
export { createAnchorKey, openAnchorKey } from './federation/anchor-key.ts';
export {
  type AnchorPapers,
  type AnchorPin,
  anchorsOf,
  readSubordinate,
  type TrustedAnchor,
  trustBelow,
  trustPinned,
  type VouchedRegion,
  vouchFor,
} from './federation/chain.ts';
export {
  type ConformanceResult,
  issueConformanceResult,
  testerOf,
  verifyConformanceResult,
} from './federation/conformance-result.ts';
export { type ChainConstraints, demandWithin, isRegionPrefix } from './federation/constraints.ts';
export { demandInDate, type Entity, entityUrn, isAnchorName } from './federation/entity.ts';
export { issueSubordinateStatement, type SubordinateStatement } from './federation/subordinate.ts';
export { isMarkType, issueTrustMark, type TrustMark, verifyTrustMark } from './federation/trust-mark.ts';
export { readJws, signJws, type VerificationKey, type VerifiedJws, verifyJws } from './jws.ts';
export { Custodian, type CustodyContext, type CustodyKey, type FoundKey } from './keys/custody/custodian.ts';
export { custodyRule, type KeyCustody } from './keys/custody/custody.ts';
export { Circuit } from './keys/custody/remote/circuit.ts';
export { SignatureServer } from './keys/custody/remote/signature-server.ts';
export type { SignerAnswer, SignerRequest, SignerTransport } from './keys/custody/remote/transport.ts';
export { Turns } from './keys/custody/turns.ts';
export { createFileKeyStore, openFileKeyStore } from './keys/file-key-store.ts';
export { openHolderKey } from './keys/holder-key.ts';
export { openIdentityFile } from './keys/identity-file.ts';
export { holdsKey, readKeyFolder } from './keys/key-folder.ts';
export type { IndexedKey } from './keys/key-index.ts';
export { adoptKey, findKey, moveIdentityKey, revokeKey, rotateKey } from './keys/key-life.ts';
export { type KeyInfo, type KeyStore, usableAt } from './keys/key-store.ts';
export { readPassphrase } from './keys/passphrase.ts';
export { type KeyPurpose, localSigner, type Signer, STATED_PURPOSES } from './keys/signer.ts';
export {
  createStorageKey,
  listStorageKeys,
  openStorageKeys,
  STORAGE_CIPHERS,
  type StorageCipher,
  type StorageKey,
  type StorageKeyInfo,
} from './keys/storage-key.ts';
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

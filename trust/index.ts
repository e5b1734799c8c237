/** Face of the layer: keys, regions, envelopes, authorizations, certificates and evidence. No network, no database. */
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
export { readJws, signJws, type VerificationKey, type VerifiedJws, verifyJws } from './jws.ts';
export { type KeyPurpose, localSigner, type Signer } from './keys/signer.ts';
export { keyValidAt, RegionDirectory } from './region/directory.ts';
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

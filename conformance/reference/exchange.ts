import { UUID } from './documents.ts';
import { HASHES, type Moment, type SignedRoot, type Signer, type Suite, verifyRoot } from './signed.ts';
import {
  demand,
  type Header,
  leafOf,
  pathLeadsTo,
  type ReceiptBody,
  Refused,
  readHeader,
  readReceiptBody,
  treeRoot,
} from './wire.ts';

/** Envelopes and receipts of proto/README.md. */

const MIB = 1024 * 1024;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TYPE = /^[A-Za-z][A-Za-z0-9_.]{0,99}$/;
const REGION_CODE = /^\d{6,12}$/;
const THIRTY_DAYS = 30 * 24 * 3600 * 1000;
const FIVE_MINUTES = 300_000;
export const OUTCOME = { accepted: 1, rejected: 2 };
/** The closed table of the specification. */
export const ERROR_CODES = new Set(
  `
  PEER_UNKNOWN PEER_MISMATCH WRONG_RECIPIENT PROTOCOL_VIOLATION SHUTTING_DOWN BACK_PRESSURE MALFORMED
  VERSION_UNSUPPORTED EXTENSION_UNKNOWN MESSAGE_TOO_LARGE ID_REUSED JWS_INVALID TYP_MISMATCH ALGORITHM_NOT_ALLOWED
  KEY_UNKNOWN KEY_REVOKED KEY_NOT_VALID SIGNATURE_INVALID SUITE_MISMATCH ISSUER_MISMATCH ROOT_MISMATCH PATH_INVALID
  PAYLOAD_MISMATCH SEAL_TIME SENT_IN_FUTURE EXPIRED EXPIRY_INVALID SEQUENCE_GAP SEQUENCE_USED MATERIAL_MISSING
  TRY_LATER GIVEN_UP UNKNOWN_TYPE PAYLOAD_INVALID AUTHORIZATION_UNKNOWN AUTHORIZATION_PENDING AUTHORIZATION_SUSPENDED
  AUTHORIZATION_INACTIVE AUTHORIZATION_REQUIRED AUTHORIZATION_INVALID ITEM_NOT_COVERED MODE_NOT_COVERED
  RIGHT_MISSING FIELD_NOT_ALLOWED JOINT_UNKNOWN JOINT_INVALID JOINT_INACTIVE ENTRUSTMENT_UNKNOWN ENTRUSTMENT_INVALID
  ENTRUSTMENT_WIDENED ENTRUSTMENT_DEPTH ENTRUSTMENT_CYCLE ENTRUSTMENT_INACTIVE ENTRUSTMENT_REVOKED MATERIAL_GRADE
  CASE_UNKNOWN INQUIRY_UNKNOWN ITEM_UNKNOWN ITEM_VERSION_UNKNOWN REMOTE_VIDEO_NOT_ALLOWED ILLEGAL_TRANSITION MATERIAL_TOO_LARGE MATERIAL_OFFSET MATERIAL_DIGEST MATERIAL_QUOTA
  STATEMENT_INVALID STATEMENT_EXPIRED STATEMENT_STALE FINGERPRINT_MISMATCH ANCHOR_UNREACHABLE CHAIN_INVALID
  CHAIN_EXPIRED CHAIN_CONSTRAINT CHAIN_REVOKED CHAIN_STALE TRUST_MARK_INVALID TRUST_MARK_MISSING RECEIPT_INVALID
  CHECKPOINT_INVALID LOG_PROOF_INVALID LOG_CORRUPT LOG_FORKED TIMESTAMP_INVALID TIMESTAMP_UNAVAILABLE BUNDLE_INVALID ARCHIVE_INVALID
  CERTIFICATE_MALFORMED CERTIFICATE_DISCLOSURE CERTIFICATE_EXPIRED CERTIFICATE_NOT_YET_VALID CERTIFICATE_NOT_IN_FORCE
  CERTIFICATE_ISSUER CERTIFICATE_IDENTIFIER CERTIFICATE_TYPE CERTIFICATE_BINDING CERTIFICATE_BINDING_MISSING
  CERTIFICATE_BINDING_STALE CERTIFICATE_EXISTS CERTIFICATE_REFERENCE
  STATUS_LIST_INVALID STATUS_LIST_ISSUER STATUS_LIST_STALE STATUS_INDEX STATUS_UNKNOWN RENDITION_UNSUPPORTED RENDITION_ALTERED
  WATERMARK_UNSUPPORTED WATERMARK_REFUSED
  VALIDATION_FAILED REQUEST_INVALID UNAUTHORIZED FORBIDDEN ROLE_CONFLICT SECOND_FACTOR_REQUIRED SECOND_FACTOR_WRONG SECOND_FACTOR_LOCKED
  MATERIAL_PARKED MATERIAL_UNSCANNED NOT_FOUND
  PURPOSE_REQUIRED CONFLICT IDEMPOTENCY_KEY_REUSED EVENTS_GONE PEER_NOT_PINNED PEER_UNREACHABLE PEER_CERTIFICATE GATEWAY_UNREACHABLE
  PLATFORM_UNREACHABLE PLATFORM_REFUSED MAPPING_FAILED CREDIT_RESTRICTED CREDIT_UNKNOWN CONFIG_INVALID PASSPHRASE_WRONG KEY_MISSING ISSUER_UNREACHABLE SIGNER_UNAVAILABLE
  SIGNER_REFUSED SIGNER_WRONG SEAL_UNAVAILABLE SEAL_REFUSED SEAL_WRONG STORE_VERSION STORE_UNAVAILABLE STORE_IN_USE AT_REST_LOCKED
  AT_REST_BROKEN AT_REST_PLAIN INTERNAL
  STORE_PUT_BACK RESTORE_PENDING CONVERSATION_HELD BACKUP_INVALID
`
    .trim()
    .split(/\s+/),
);

/** Seal in the names and types of this page: hashes as bytes, the signed root as text. */
export interface Seal {
  readonly signedRoot: string;
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly path: readonly Uint8Array[];
}

/** An envelope as it arrives, or as it stands in a bundle. */
export interface SealedEnvelope {
  readonly header: Buffer;
  readonly payload?: Buffer;
  readonly salt?: Buffer;
  readonly seal: Seal;
}

export interface ProvenEnvelope {
  readonly header: Header;
  readonly leaf: Buffer;
}

/** A header whose `H` is known. */
export type KnownHeader = Header & { readonly suite: Suite };

/** @throws Refused MALFORMED, SUITE_MISMATCH */
export function headerOf(bytes: Buffer): KnownHeader {
  const header = readHeader(bytes);
  const { authorizationId, authorizationDigest: digest, inReplyTo } = header;
  const cited = UUID.test(authorizationId) && digest.length === 32;
  const rules: [string, boolean][] = [
    ['critical', header.critical.length <= 16],
    ['sent_at and expires_at', header.sentAt >= 0 && header.expiresAt >= 0],
    ['id', UUID_V7.test(header.id)],
    ['type', TYPE.test(header.type)],
    ['sender', REGION_CODE.test(header.sender)],
    ['recipient', REGION_CODE.test(header.recipient)],
    ['conversation', UUID.test(header.conversation)],
    ['authorization', cited || (authorizationId === '' && digest.length === 0)],
    ['in_reply_to', inReplyTo === '' || UUID_V7.test(inReplyTo)],
    ['payload_digest', header.payloadDigest.length === 32],
  ];
  for (const [field, met] of rules) demand(met, 'MALFORMED', `the field ${field} of the header breaks its rule`);
  demand(Object.hasOwn(HASHES, header.suite), 'SUITE_MISMATCH', `the suite ${header.suite}`);
  return { ...header, suite: header.suite as Suite };
}

/**
 * Verifies that a header or a receipt body is under a signed root, whose key says how the tree was hashed.
 *
 * @throws Refused with a code of the signed objects, PATH_INVALID
 */
export function verifySeal(member: Buffer, seal: Seal, typ: string, signer: Signer, moment: Moment): SignedRoot {
  const root = verifyRoot(seal.signedRoot, typ, signer, moment);
  const H = HASHES[root.suite];
  const leads = pathLeadsTo(H, root.root, leafOf(H, member), seal.leafIndex, seal.treeSize, seal.path);
  demand(seal.treeSize === root.size && leads, 'PATH_INVALID', 'the path does not lead to the signed root');
  return root;
}

/** Version, extensions, suite, payload and times under a verified root. */
export function verifyContent(
  header: Header,
  { payload, salt }: Partial<SealedEnvelope>,
  root: SignedRoot,
  moment: Moment,
) {
  demand(header.version === 1, 'VERSION_UNSUPPORTED', `version ${header.version}`);
  demand(header.critical.length === 0, 'EXTENSION_UNKNOWN', `extensions ${header.critical.join()}`);
  demand(header.suite === root.suite, 'SUITE_MISMATCH', `suite ${header.suite} under a root of ${root.suite}`);
  if (payload !== undefined && salt !== undefined) {
    const fits = salt.length === 32 && HASHES[root.suite](salt, payload).equals(header.payloadDigest);
    demand(fits, 'PAYLOAD_MISMATCH', 'the payload is not the one that the header was made for');
  }
  const { sentAt, expiresAt } = header;
  demand(sentAt <= root.iat * 1000 + FIVE_MINUTES, 'SENT_IN_FUTURE', 'sent after it was sealed');
  demand(sentAt < expiresAt && expiresAt <= sentAt + THIRTY_DAYS, 'EXPIRY_INVALID', 'ends too early or too late');
  demand(moment === 'history' || moment.now < expiresAt, 'EXPIRED', 'the envelope expired');
}

/**
 * Opens one envelope on arrival: alone with a seal, or as a member of a complete group.
 *
 * @param headers the header bytes of the whole group, when the envelope came in one
 * @param now milliseconds
 * @throws Refused
 */
export function openEnvelope(
  envelope: SealedEnvelope,
  from: Signer,
  to: string,
  now: number,
  headers?: readonly Buffer[],
): ProvenEnvelope {
  const size = envelope.header.length + (envelope.payload?.length ?? 0);
  demand(size <= MIB, 'MESSAGE_TOO_LARGE', 'the message is larger than 1 MiB');
  const header = headerOf(envelope.header);
  demand(header.sender === from.region, 'PEER_MISMATCH', `sent by ${header.sender}`);
  demand(header.recipient === to, 'WRONG_RECIPIENT', `sent to ${header.recipient}`);
  const leaf = leafOf(HASHES[header.suite], envelope.header);
  const root =
    headers === undefined
      ? verifySeal(envelope.header, envelope.seal, 'tongban-envelopes+jws', from, { now })
      : verifyGroup(envelope.seal.signedRoot, 'tongban-envelopes+jws', headers, from, { now });
  demand(Math.abs(root.iat * 1000 - now) <= FIVE_MINUTES, 'SEAL_TIME', 'not sealed within five minutes of now');
  verifyContent(header, envelope, root, { now });
  return { header, leaf };
}

/**
 * Verifies the root of a complete group of headers or receipt bodies.
 *
 * @throws Refused with a code of the signed objects, ROOT_MISMATCH
 */
export function verifyGroup(jws: string, typ: string, members: readonly Buffer[], signer: Signer, moment: Moment) {
  const root = verifyRoot(jws, typ, signer, moment);
  const H = HASHES[root.suite];
  const rebuilt = treeRoot(
    H,
    members.map((member) => leafOf(H, member)),
  );
  const fits = root.size === members.length && rebuilt.equals(root.root);
  demand(fits, 'ROOT_MISMATCH', 'the rebuilt tree has another root');
  return root;
}

/** What a receipt must be about. */
export interface ReceiptSubject {
  readonly issuer: string;
  readonly audience: string;
  readonly envelopeId: string;
  readonly leaf: Buffer;
  readonly conversation: string;
  readonly sequence: number;
}

/** @throws Refused RECEIPT_INVALID */
export function readReceipt(body: Buffer, about: ReceiptSubject): ReceiptBody {
  const receipt = attempt(() => readReceiptBody(body));
  demand(receipt, 'RECEIPT_INVALID', 'the receipt cannot be read');
  const rejected = receipt.outcome === OUTCOME.rejected && ERROR_CODES.has(receipt.code);
  const rules: [string, boolean][] = [
    ['version', receipt.version === 1],
    ['issuer', receipt.issuer === about.issuer],
    ['audience', receipt.audience === about.audience],
    ['envelope_id', receipt.envelopeId === about.envelopeId],
    ['leaf_hash', receipt.leafHash.equals(about.leaf)],
    ['conversation', receipt.conversation === about.conversation],
    ['sequence', receipt.sequence === about.sequence],
    ['outcome', rejected || (receipt.outcome === OUTCOME.accepted && receipt.code === '')],
  ];
  for (const [field, met] of rules) demand(met, 'RECEIPT_INVALID', `the field ${field} of the receipt is wrong`);
  return receipt;
}

/** @throws Refused with a code of the signed objects, PATH_INVALID, RECEIPT_INVALID */
export function verifyReceipt(bytes: Buffer, seal: Seal, issuer: Signer, about: ReceiptSubject) {
  const { suite, key } = verifySeal(bytes, seal, 'tongban-receipts+jws', issuer, 'history');
  return { body: readReceipt(bytes, about), leaf: leafOf(HASHES[suite], bytes), key };
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

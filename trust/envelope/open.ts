import {
  decode,
  envelopeLeaf,
  type Hash,
  headerFault,
  LIMITS,
  type messages,
  payloadDigest,
  SALT_BYTES,
  TYP,
} from '#proto';
import { VerificationError } from '../errors.ts';
import type { RegionStatement } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import { merkleRoot, rootFromPath } from './merkle.ts';
import { type TimePolicy, type VerifiedRoot, verifyRoot } from './signed-root.ts';

/** An envelope whose header can be read and that is addressed to us by the connected peer. Nothing is proved yet. */
export interface ArrivedEnvelope {
  readonly header: messages.EnvelopeHeader;
  readonly headerBytes: Buffer;
  readonly payload: Buffer;
  readonly payloadSalt: Buffer;
  /** Leaf hash: the identity of the envelope. */
  readonly leaf: Buffer;
}

declare const verified: unique symbol;

/** An envelope whose seal, payload and times were verified. Only this file can make one. */
export type VerifiedEnvelope = ArrivedEnvelope & { readonly [verified]: true };

/** Extensions that this version understands. */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set();

/**
 * Reads the header and holds it against the connection (step 1 of receiving).
 *
 * @param peer region that the TLS certificate proved
 * @param us our own region
 * @throws VerificationError MESSAGE_TOO_LARGE, MALFORMED, SUITE_MISMATCH, PEER_MISMATCH, WRONG_RECIPIENT
 */
export function readArrived(envelope: messages.Envelope, peer: string, us: string): ArrivedEnvelope {
  if (envelope.header.length + envelope.payload.length > LIMITS.messageBytes)
    throw new VerificationError('MESSAGE_TOO_LARGE');
  const header = decode('EnvelopeHeader', envelope.header);
  const fault = headerFault(header);
  if (fault) throw new VerificationError('MALFORMED', fault);
  if (header.sender !== peer) throw new VerificationError('PEER_MISMATCH');
  if (header.recipient !== us) throw new VerificationError('WRONG_RECIPIENT');
  return {
    header,
    headerBytes: envelope.header,
    payload: envelope.payload,
    payloadSalt: envelope.payloadSalt,
    leaf: envelopeLeaf(suiteOf(header.suite).hash, envelope.header),
  };
}

/**
 * Verifies the one signature over a complete group (step 3, for all of it).
 *
 * @param headers header bytes of every envelope of the group, in order
 * @throws VerificationError the codes of `verifyRoot`, ROOT_MISMATCH
 */
export function verifyGroup(
  signedRoot: Uint8Array,
  headers: readonly Uint8Array[],
  sender: RegionStatement,
  time: TimePolicy,
): VerifiedRoot & { readonly leaves: readonly Buffer[] } {
  const root = verifyRoot(signedRoot, TYP.envelopeRoot, sender, time);
  const { hash } = root.key.suite;
  const leaves = headers.map((header) => envelopeLeaf(hash, header));
  if (root.size !== leaves.length || !merkleRoot(hash, leaves).equals(root.root))
    throw new VerificationError('ROOT_MISMATCH');
  return { ...root, leaves };
}

/**
 * Verifies that one leaf is under a signed root, by its path.
 *
 * @param leafOf the leaf under a hash: the tree has that of the key that signed, whatever the leaf says of itself
 * @throws VerificationError the codes of `verifyRoot`, PATH_INVALID
 */
export function verifySeal(
  leafOf: (hash: Hash) => Uint8Array,
  seal: messages.Seal,
  typ: string,
  signer: RegionStatement,
  time: TimePolicy,
): VerifiedRoot {
  const root = verifyRoot(seal.signedRoot, typ, signer, time);
  if (seal.treeSize !== root.size) throw new VerificationError('PATH_INVALID');
  const { hash } = root.key.suite;
  const reached = rootFromPath(hash, leafOf(hash), seal.leafIndex, seal.treeSize, seal.inclusionPath);
  if (!reached?.equals(root.root)) throw new VerificationError('PATH_INVALID');
  return root;
}

/**
 * Opens one member of a verified group: payload, versions and times (step 3, for each).
 *
 * @throws VerificationError VERSION_UNSUPPORTED, EXTENSION_UNKNOWN, SUITE_MISMATCH, PAYLOAD_MISMATCH, SENT_IN_FUTURE,
 *   EXPIRY_INVALID, EXPIRED
 */
export function openMember(arrived: ArrivedEnvelope, root: VerifiedRoot, now: number): VerifiedEnvelope {
  verifyContent(arrived, root);
  if (now >= arrived.header.expiresAt) throw new VerificationError('EXPIRED');
  return arrived as VerifiedEnvelope;
}

/**
 * Opens an envelope that carries its own seal, as in Check.
 *
 * @throws VerificationError the codes of `verifySeal` and `openMember`
 */
export function openSealed(
  arrived: ArrivedEnvelope,
  seal: messages.Seal | null,
  sender: RegionStatement,
  now: number,
): VerifiedEnvelope {
  if (!seal) throw new VerificationError('JWS_INVALID', 'the envelope has no seal');
  const leafOf = (hash: Hash) => envelopeLeaf(hash, arrived.headerBytes);
  return openMember(arrived, verifySeal(leafOf, seal, TYP.envelopeRoot, sender, { kind: 'arrival', now }), now);
}

/**
 * Opens an envelope that was decided before, as a region gives it back to one that lost it: expiry has no meaning then.
 *
 * @param root its seal, verified for history
 * @throws VerificationError the codes of `verifyContent`
 */
export function openKept(arrived: ArrivedEnvelope, root: VerifiedRoot): VerifiedEnvelope {
  verifyContent(arrived, root);
  return arrived as VerifiedEnvelope;
}

/**
 * Verifies everything about an envelope that does not depend on the present: for history, where expiry has no meaning.
 *
 * @throws VerificationError VERSION_UNSUPPORTED, EXTENSION_UNKNOWN, SUITE_MISMATCH, PAYLOAD_MISMATCH, SENT_IN_FUTURE,
 *   EXPIRY_INVALID
 */
export function verifyContent(
  { header, payload, payloadSalt }: Pick<ArrivedEnvelope, 'header' | 'payload' | 'payloadSalt'>,
  root: VerifiedRoot,
): void {
  if (header.version !== 1) throw new VerificationError('VERSION_UNSUPPORTED');
  if (header.critical.some((name) => !KNOWN_EXTENSIONS.has(name))) throw new VerificationError('EXTENSION_UNKNOWN');
  if (header.suite !== root.key.suite.name) throw new VerificationError('SUITE_MISMATCH');
  if (payloadSalt.length !== SALT_BYTES)
    throw new VerificationError('PAYLOAD_MISMATCH', 'the salt does not have 32 bytes');
  if (!payloadDigest(root.key.suite.hash, payloadSalt, payload).equals(header.payloadDigest)) {
    throw new VerificationError('PAYLOAD_MISMATCH');
  }
  if (header.sentAt > root.sealedAt + LIMITS.sealSkewMs) throw new VerificationError('SENT_IN_FUTURE');
  if (header.expiresAt <= header.sentAt || header.expiresAt - header.sentAt > LIMITS.lifetimeMs) {
    throw new VerificationError('EXPIRY_INVALID');
  }
}

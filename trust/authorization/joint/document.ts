import { hash } from 'node:crypto';
import { CodedError, fields, LIMITS, list, TYP, text } from '#proto';
import { VerificationError } from '../../errors.ts';
import { encodeJson } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { suiteOf } from '../../suites.ts';
import { decodeMember, readStrictJson } from '../strict-json.ts';
import { checkJointContent, type JointContent, jointContent, orderedJointContent } from './content.ts';

/** One signature as it stands in the document: base64url texts of RFC 7515, 7.2.1. */
export interface JointSignature {
  readonly protected: string;
  readonly signature: string;
}

/** A document that is well formed. Nothing about its signatures is proved. */
export interface JointDocument {
  readonly content: JointContent;
  /** The bytes that are signed, kept exactly as they came. */
  readonly payload: Buffer;
  /** SHA-256 of the payload bytes, whatever suites the parties have. */
  readonly digest: Buffer;
  readonly signatures: readonly (JointSignature & { readonly kid: string })[];
  /** The document's text, exactly as it came. */
  readonly document: string;
}

/** Room that one signature needs in a document, in bytes. */
const SIGNATURE_BYTES = 512;

const part = text(LIMITS.jointBytes, { pattern: /^[\w-]+$/, hint: 'must be base64url' });
const serialization = fields({
  payload: part,
  signatures: list(fields({ protected: part, signature: part }), LIMITS.jointParties, 1),
});
const protectedHeader = fields({ alg: text(20), kid: text(100), typ: text(100) });

/**
 * Fixes the payload bytes of a joint-handling agreement for ever. Everything wrong is named at once.
 *
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong member
 */
export function draftJoint(draft: Omit<JointContent, 'version'>): Buffer {
  const content = { version: 1, ...draft } as JointContent;
  const problems = checkJointContent(content);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the joint agreement is not valid', problems);
  const payload = Buffer.from(JSON.stringify(orderedJointContent(content)));
  if (Math.ceil((payload.length * 4) / 3) + LIMITS.jointParties * SIGNATURE_BYTES > LIMITS.jointBytes) {
    const tooLarge = { pointer: '', code: 'TOO_LONG', message: 'is too large to fit a document of 256 KiB' };
    throw new CodedError('VALIDATION_FAILED', 'the joint agreement is too large', [tooLarge]);
  }
  return payload;
}

/**
 * Signs the payload bytes; every party signs the same ones, each by itself.
 *
 * @param signer a *signing* key of one's own region
 */
export async function signJoint(payload: Uint8Array, signer: Signer): Promise<JointSignature> {
  const header = encodeJson({ alg: suiteOf(signer.suite).alg, kid: signer.kid, typ: TYP.joint });
  const input = Buffer.from(`${header}.${Buffer.from(payload).toString('base64url')}`);
  return { protected: header, signature: (await signer.sign(input)).toString('base64url') };
}

/** The document of a payload and its signatures: JWS general serialization (RFC 7515, 7.2.1). */
export function joinJoint(payload: Uint8Array, signatures: readonly JointSignature[]): string {
  return JSON.stringify({
    payload: Buffer.from(payload).toString('base64url'),
    signatures: signatures.map(({ protected: header, signature }) => ({ protected: header, signature })),
  });
}

/**
 * Reads a document strictly: size, members, canonical base64url, compact JSON, content, one signature a key.
 *
 * @throws VerificationError JOINT_INVALID with the pointer of every wrong member
 */
export function readJoint(document: string): JointDocument {
  if (document.length > LIMITS.jointBytes) invalid('the document is larger than 256 KiB');
  const outer = readStrictJson<{ payload: string; signatures: JointSignature[] }>(
    Buffer.from(document),
    serialization,
    'JOINT_INVALID',
  );
  const signatures = outer.signatures.map(({ protected: header, signature }, index) => {
    const pointer = `/signatures/${index}`;
    decodeMember(signature, 'JOINT_INVALID', `${pointer}/signature`);
    return { kid: kidOf(header, `${pointer}/protected`), protected: header, signature };
  });
  if (new Set(signatures.map(({ kid }) => kid)).size < signatures.length) {
    invalid('the document has two signatures with the same key');
  }
  const payload = decodeMember(outer.payload, 'JOINT_INVALID', '/payload');
  const content = readStrictJson<JointContent>(payload, jointContent, 'JOINT_INVALID');
  return { content, payload, digest: hash('sha256', payload, 'buffer'), signatures, document };
}

/**
 * The key that a protected header names.
 *
 * @throws VerificationError JOINT_INVALID
 */
export function kidOf(header: string, pointer: string): string {
  const bytes = decodeMember(header, 'JOINT_INVALID', pointer);
  return readStrictJson<{ kid: string }>(bytes, protectedHeader, 'JOINT_INVALID', pointer).kid;
}

function invalid(detail: string): never {
  throw new VerificationError('JOINT_INVALID', detail);
}

import { hash } from 'node:crypto';
import { CodedError, fields, list, type Problem, type Rule, TYP, text } from '#proto';
import { VerificationError } from '../errors.ts';
import { decodePart, encodeJson } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { suiteOf } from '../suites.ts';
import { type AgreementContent, checkContent, orderedContent } from './content.ts';

/** Largest document in bytes. */
export const AGREEMENT_BYTES = 512 * 1024;

/** Room that two signatures need in a document, in bytes. */
const SIGNATURES_BYTES = 2048;

/** One signature as it stands in the document: base64url texts of RFC 7515, 7.2.1. */
export interface AgreementSignature {
  readonly kid: string;
  readonly protected: string;
  readonly signature: string;
}

/** A document that is well formed. Nothing about its signatures is proved. */
export interface Agreement {
  readonly content: AgreementContent;
  /** The bytes that are signed, kept exactly as they came. */
  readonly payload: Buffer;
  /** SHA-256 of the payload bytes, whatever suites the parties have: what envelopes cite. */
  readonly digest: Buffer;
  readonly signatures: readonly AgreementSignature[];
  /** The document's text, exactly as it came. */
  readonly document: string;
}

interface Serialization {
  payload: string;
  signatures: { protected: string; signature: string }[];
}

const part = text(AGREEMENT_BYTES, { pattern: /^[\w-]+$/, hint: 'must be base64url' });
const serialization = fields({ payload: part, signatures: list(fields({ protected: part, signature: part }), 2, 1) });
const protectedHeader = fields({ alg: text(20), kid: text(100), typ: text(100) });

/**
 * Fixes the payload bytes of an agreement for ever. Everything wrong is named at once.
 *
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong member
 */
export function draftAgreement(draft: Omit<AgreementContent, 'version'>): Buffer {
  const content = { version: 1, ...draft } as AgreementContent;
  const problems = checkContent(content);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the agreement is not valid', problems);
  const payload = Buffer.from(JSON.stringify(orderedContent(content)));
  if (Math.ceil((payload.length * 4) / 3) + SIGNATURES_BYTES > AGREEMENT_BYTES) {
    const tooLarge = { pointer: '', code: 'TOO_LONG', message: 'is too large to fit a document of 512 KiB' };
    throw new CodedError('VALIDATION_FAILED', 'the agreement is too large', [tooLarge]);
  }
  return payload;
}

/**
 * Adds a signature: the first to payload bytes, the second to the other party's document.
 *
 * @param signer a *signing* key of one's own region
 * @returns the document: JWS general serialization (RFC 7515, 7.2.1)
 * @throws CodedError CONFLICT when this key has signed already or both signatures are there; VerificationError
 *   AUTHORIZATION_INVALID when there is nothing well formed to sign
 */
export async function signAgreement(unsigned: Uint8Array | string, signer: Signer): Promise<string> {
  const { payload, signatures } = typeof unsigned === 'string' ? readAgreement(unsigned) : readPayload(unsigned);
  if (signatures.some(({ kid }) => kid === signer.kid)) {
    throw new CodedError('CONFLICT', 'the agreement is signed with this key already');
  }
  if (signatures.length > 1) throw new CodedError('CONFLICT', 'the agreement has both signatures already');
  const header = encodeJson({ alg: suiteOf(signer.suite).alg, kid: signer.kid, typ: TYP.authorization });
  const encoded = Buffer.from(payload).toString('base64url');
  const signature = (await signer.sign(Buffer.from(`${header}.${encoded}`))).toString('base64url');
  return serialize({ payload: encoded, signatures: [...signatures, { protected: header, signature }] });
}

/**
 * Reads a document strictly: size, members, canonical base64url, compact JSON, content, one signature a key.
 *
 * @throws VerificationError AUTHORIZATION_INVALID with the pointer of every wrong member
 */
export function readAgreement(document: string): Agreement {
  if (document.length > AGREEMENT_BYTES) invalid('the document is larger than 512 KiB');
  const outer = readJson<Serialization>(Buffer.from(document), serialization, '');
  const signatures = outer.signatures.map(({ protected: header, signature }, index) => {
    const pointer = `/signatures/${index}`;
    decode(signature, `${pointer}/signature`);
    const headerBytes = decode(header, `${pointer}/protected`);
    const { kid } = readJson<{ kid: string }>(headerBytes, protectedHeader, `${pointer}/protected`);
    return { kid, protected: header, signature };
  });
  if (signatures[0]!.kid === signatures[1]?.kid) invalid('the document has two signatures with the same key');
  const { payload, content } = readPayload(decode(outer.payload, '/payload'));
  return { content, payload, digest: hash('sha256', payload, 'buffer'), signatures, document };
}

function readPayload(payload: Uint8Array): {
  content: AgreementContent;
  payload: Buffer;
  signatures: readonly never[];
} {
  const rule: Rule = (value, _, problems) => problems.push(...checkContent(value));
  return { content: readJson<AgreementContent>(payload, rule, ''), payload: Buffer.from(payload), signatures: [] };
}

function serialize({ payload, signatures }: Serialization): string {
  return JSON.stringify({
    payload,
    signatures: signatures.map(({ protected: header, signature }) => ({ protected: header, signature })),
  });
}

/** Compact JSON only: one text for one value, so that no member can stand twice and mean two things to two readers. */
function readJson<T>(bytes: Uint8Array, rule: Rule, pointer: string): T {
  const [textual, value] = parse(bytes, pointer);
  if (JSON.stringify(value) !== textual) {
    invalid('the document holds JSON with spaces, needless escapes or a repeated member');
  }
  const problems: Problem[] = [];
  rule(value, pointer, problems);
  if (problems.length > 0) throw new VerificationError('AUTHORIZATION_INVALID', undefined, problems);
  return value as T;
}

function parse(bytes: Uint8Array, pointer: string): [string, unknown] {
  try {
    const textual = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return [textual, JSON.parse(textual)];
  } catch (cause) {
    return invalid('the document holds something that is not JSON', pointer, cause);
  }
}

function decode(encoded: string, pointer: string): Buffer {
  try {
    return decodePart(encoded);
  } catch (cause) {
    return invalid('the document holds base64url that is not canonical', pointer, cause);
  }
}

function invalid(detail: string, pointer?: string, cause?: unknown): never {
  const problems = pointer === undefined ? [] : [{ pointer, code: 'FORMAT', message: 'cannot be decoded' }];
  throw new VerificationError('AUTHORIZATION_INVALID', detail, problems, { cause });
}

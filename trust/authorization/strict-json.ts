import type { ErrorCode, Problem, Rule } from '#proto';
import { VerificationError } from '../errors.ts';
import { decodePart } from '../jws.ts';

/**
 * Reads what was signed as compact JSON: one text for one value, so that no member can stand twice and mean two things to
 * two readers.
 *
 * @param code what the caller calls a document that is not valid
 * @param pointer where the bytes stand in the document
 * @throws VerificationError `code` with the pointer of every wrong member
 */
export function readStrictJson<T>(bytes: Uint8Array, rule: Rule, code: ErrorCode, pointer = ''): T {
  const [textual, value] = parse(bytes, code, pointer);
  if (JSON.stringify(value) !== textual) {
    throw new VerificationError(code, 'it holds JSON with spaces, needless escapes or a repeated member');
  }
  const problems: Problem[] = [];
  rule(value, pointer, problems);
  if (problems.length > 0) throw new VerificationError(code, undefined, problems);
  return value as T;
}

/**
 * Decodes canonical base64url.
 *
 * @throws VerificationError `code` with the pointer
 */
export function decodeMember(encoded: string, code: ErrorCode, pointer: string): Buffer {
  try {
    return decodePart(encoded);
  } catch (cause) {
    throw undecodable(code, pointer, cause);
  }
}

function parse(bytes: Uint8Array, code: ErrorCode, pointer: string): [string, unknown] {
  try {
    const textual = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return [textual, JSON.parse(textual)];
  } catch (cause) {
    throw undecodable(code, pointer, cause);
  }
}

function undecodable(code: ErrorCode, pointer: string, cause: unknown): VerificationError {
  const problem = { pointer, code: 'FORMAT', message: 'cannot be decoded' };
  return new VerificationError(code, 'it holds something that cannot be decoded', [problem], { cause });
}

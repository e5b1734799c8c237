import { hash } from 'node:crypto';
import type { JWK } from 'jose';
import { CodedError, LIMITS, type Problem, TYP } from '#proto';
import { readJws, signJws } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { decodeMember, readStrictJson } from '../strict-json.ts';
import { type EntrustmentContent, entrustmentContent, orderedEntrustment } from './content.ts';

/** A link that is well formed. Nothing about its signature or its place in a chain is proved. */
export interface EntrustmentLink {
  readonly content: EntrustmentContent;
  /** SHA-256 of the text: what the next link cites, and what is revoked. */
  readonly digest: Buffer;
  /** Compact JWS. */
  readonly text: string;
}

/**
 * Signs one link of a chain of entrustments. Whether it follows from the link above is for `verifyEntrustments`.
 *
 * @param signer a *signing* key of the region, or the key that the link above gives its holder
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong member
 */
export async function issueEntrustment(
  draft: Omit<EntrustmentContent, 'version'>,
  signer: Signer,
): Promise<EntrustmentLink> {
  const content = { version: 1, ...draft } as EntrustmentContent;
  const problems: Problem[] = [];
  entrustmentContent(content, '', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the entrustment is not valid', problems);
  const text = await signJws(signer, TYP.entrustment, orderedEntrustment(content));
  if (text.length > LIMITS.jwsBytes) {
    const tooLarge = { pointer: '', code: 'TOO_LONG', message: 'is larger than 64 KiB when it is signed' };
    throw new CodedError('VALIDATION_FAILED', 'the entrustment is too large', [tooLarge]);
  }
  return readEntrustment(text);
}

/**
 * Reads a link strictly, without trusting it.
 *
 * @param pointer where it stands, for the problems
 * @throws VerificationError JWS_INVALID, ENTRUSTMENT_INVALID with the pointer of every wrong member
 */
export function readEntrustment(text: string, pointer = ''): EntrustmentLink {
  readJws(text);
  const payload = decodeMember(text.split('.')[1]!, 'ENTRUSTMENT_INVALID', pointer);
  const content = readStrictJson<EntrustmentContent>(payload, entrustmentContent, 'ENTRUSTMENT_INVALID', pointer);
  return { content, digest: hash('sha256', text, 'buffer'), text };
}

/** RFC 7638 thumbprint of a key that a link names. */
export function holderKid({ kty, crv, x, y }: JWK): string {
  const members = y === undefined ? { crv, kty, x } : { crv, kty, x, y };
  return hash('sha256', JSON.stringify(members), 'base64url');
}

import { ERROR_CODES, type ErrorCode } from '#proto';
import type { ExitCode } from './command.ts';

/** Somebody does not answer, or cannot now: the same command may work later. */
const UNREACHABLE: ReadonlySet<ErrorCode> = new Set([
  'GATEWAY_UNREACHABLE',
  'PEER_UNREACHABLE',
  'PLATFORM_UNREACHABLE',
  'ANCHOR_UNREACHABLE',
  'SIGNER_UNAVAILABLE',
  'SEAL_UNAVAILABLE',
  'TIMESTAMP_UNAVAILABLE',
  'SHUTTING_DOWN',
  'BACK_PRESSURE',
  'SECOND_FACTOR_LOCKED',
  'MATERIAL_UNSCANNED',
  'TRY_LATER',
]);

/** What was examined is not what it claims to be, beside everything that a receiver refuses. */
const FAILED: ReadonlySet<ErrorCode> = new Set([
  'STATEMENT_INVALID',
  'STATEMENT_EXPIRED',
  'STATEMENT_STALE',
  'FINGERPRINT_MISMATCH',
  'CHAIN_INVALID',
  'CHAIN_EXPIRED',
  'CHAIN_CONSTRAINT',
  'CHAIN_REVOKED',
  'CHAIN_STALE',
  'TRUST_MARK_INVALID',
  'TRUST_MARK_MISSING',
  'RECEIPT_INVALID',
  'CHECKPOINT_INVALID',
  'LOG_PROOF_INVALID',
  'LOG_CORRUPT',
  'LOG_FORKED',
  'TIMESTAMP_INVALID',
  'BUNDLE_INVALID',
  'CERTIFICATE_MALFORMED',
  'CERTIFICATE_DISCLOSURE',
  'RENDITION_ALTERED',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_NOT_YET_VALID',
  'CERTIFICATE_ISSUER',
  'CERTIFICATE_IDENTIFIER',
  'CERTIFICATE_TYPE',
  'CERTIFICATE_BINDING',
  'CERTIFICATE_BINDING_MISSING',
  'CERTIFICATE_BINDING_STALE',
  'CERTIFICATE_REFERENCE',
  'MATERIAL_DIGEST',
  'SIGNER_WRONG',
  'SEAL_WRONG',
  'INTERNAL',
]);

/** Exit code of a command that ended with an error. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  if (UNREACHABLE.has(code)) return 3;
  return FAILED.has(code) || ERROR_CODES[code].answer === 'refusal' ? 1 : 2;
}

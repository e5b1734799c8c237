import { expect, test } from 'vitest';
import type { ErrorCode } from '#proto';
import { exitCodeOf } from './exit-code.ts';

test.each<[ErrorCode, number]>([
  ['SIGNATURE_INVALID', 1],
  ['STATEMENT_INVALID', 1],
  ['FINGERPRINT_MISMATCH', 1],
  ['BUNDLE_INVALID', 1],
  ['LOG_CORRUPT', 1],
  ['CERTIFICATE_ISSUER', 1],
  ['CERTIFICATE_REFERENCE', 1],
  ['MATERIAL_DIGEST', 1],
  ['INTERNAL', 1],
  ['VALIDATION_FAILED', 2],
  ['CONFIG_INVALID', 2],
  ['PASSPHRASE_WRONG', 2],
  ['NOT_FOUND', 2],
  ['CONFLICT', 2],
  ['ILLEGAL_TRANSITION', 2],
  ['PEER_NOT_PINNED', 2],
  ['GATEWAY_UNREACHABLE', 3],
  ['PEER_UNREACHABLE', 3],
  ['SHUTTING_DOWN', 3],
])('%s ends with %i', (code, exit) => {
  expect(exitCodeOf(code)).toBe(exit);
});

import { SUITE_NAMES, suiteOf } from '../../suites.ts';
import type { HashName } from './disclosure.ts';
import { type Claims, malformed } from './text.ts';

/** What no `_sd_alg` means (RFC 9901, 4.1.1). */
const DEFAULT: HashName = 'sha-256';
const NAMES: ReadonlySet<unknown> = new Set(SUITE_NAMES.map((name) => suiteOf(name).hashName));

/**
 * The hash that the claims of an SD-JWT name for their digests.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED when it is none of a suite
 */
export function hashNameOf({ _sd_alg: name = DEFAULT }: Claims): HashName {
  return NAMES.has(name) ? (name as HashName) : malformed('names a hash that is none of a suite');
}

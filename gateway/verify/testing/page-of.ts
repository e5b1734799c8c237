import { builtInCertificateTypes } from '#trust';
import type { VerificationConfig } from '../../config/verification-config.ts';
import { createLog } from '../../telemetry/log.ts';
import type { CheckRegion } from '../../testing/check-region.ts';
import { PublicVerification, type PublicVerificationOptions } from '../verification.ts';

/** What a test has otherwise than the region itself. */
interface PageChanges extends Partial<VerificationConfig> {
  readonly certificates?: PublicVerificationOptions['certificates'];
  /** PEM. */
  readonly documentTrust?: string;
  readonly revocation?: PublicVerificationOptions['revocation'];
  /** Takes the lines of the log. */
  readonly logged?: string[];
}

/** What strangers may verify at a region, fresh: nothing was counted yet. */
export function pageOf(
  region: CheckRegion,
  clock: { now(): number },
  { certificates = region.certificates, documentTrust = '', revocation, logged = [], ...config }: PageChanges = {},
): PublicVerification {
  const { region: code } = region.own.statement;
  return new PublicVerification({
    config: { page: true, askPeers: false, ratePerMinute: 30, ...config },
    store: region.store,
    clock,
    log: createLog({ level: 'debug', region: code, clock }, { write: (line) => void logged.push(line) }),
    region: code,
    certificates,
    checks: region.checks,
    types: builtInCertificateTypes,
    statements: () => [region.own.statement, ...[...region.pinned.values()].map(({ statement }) => statement)],
    documentTrust,
    revocation,
  });
}

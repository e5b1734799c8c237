import { knownOrNewer } from './data-rules.ts';
import { checkCertificateReference, verifyCertificateIdentifier } from './identifiers/index.ts';
import { add, both, bytes, fields, identifier, instant, oneOf, text } from './rules.ts';

/**
 * What a `CertificateNotice` (状态变更告知) must be. A ground that is newer than this program must not keep a revocation
 * out; a status that is newer must, since nobody here could act on it.
 */
export const certificateNotice = both(
  fields({
    identifier: identifier(verifyCertificateIdentifier, { optional: true }),
    reference: identifier(checkCertificateReference, { optional: true }),
    digest: bytes(32),
    status: oneOf(
      'CERTIFICATE_STATUS_VALID',
      'CERTIFICATE_STATUS_SUSPENDED',
      'CERTIFICATE_STATUS_CANCELLED',
      'CERTIFICATE_STATUS_REVOKED',
      'CERTIFICATE_STATUS_WITHDRAWN',
    ),
    ground: knownOrNewer(
      'CERTIFICATE_GROUND_OTHER',
      'CERTIFICATE_GROUND_FALSE_MATERIALS',
      'CERTIFICATE_GROUND_ISSUED_IN_ERROR',
      'CERTIFICATE_GROUND_HOLDER_REQUEST',
      'CERTIFICATE_GROUND_PENALTY',
      'CERTIFICATE_GROUND_LAPSE',
      'CERTIFICATE_GROUND_REPLACED',
    ),
    reason: text(500),
    decidedAt: instant,
    authority: text(200),
  }),
  (value, pointer, problems) => {
    const { identifier: named, reference, status, ground } = value as Record<string, string>;
    if (named === '' && reference === '') add(problems, `${pointer}/identifier`, 'REQUIRED', 'is required');
    if (ground === 'CERTIFICATE_GROUND_FALSE_MATERIALS' && status !== 'CERTIFICATE_STATUS_REVOKED')
      add(problems, `${pointer}/ground`, 'CONFLICT', 'false materials end in a revocation and in nothing else');
  },
);

// Original file: tongban/v1/certificate.proto

import type { CertificateStatus as _tongban_v1_CertificateStatus, CertificateStatus__Output as _tongban_v1_CertificateStatus__Output } from '../../tongban/v1/CertificateStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface CertificateAnswer {
  /**
   * Identifier and reference as in the question: what was not known to the asker is told as a field or not at all.
   */
  'identifier'?: (string);
  'status'?: (_tongban_v1_CertificateStatus);
  /**
   * Milliseconds.
   */
  'answeredAt'?: (number | string | Long);
  'fields'?: ({[key: string]: string});
  'reference'?: (string);
  /**
   * Seconds for which the asker may use this answer again for the very same question; 0: it must ask again.
   */
  'validForSeconds'?: (number);
}

export interface CertificateAnswer__Output {
  /**
   * Identifier and reference as in the question: what was not known to the asker is told as a field or not at all.
   */
  'identifier': (string);
  'status': (_tongban_v1_CertificateStatus__Output);
  /**
   * Milliseconds.
   */
  'answeredAt': (number);
  'fields': ({[key: string]: string});
  'reference': (string);
  /**
   * Seconds for which the asker may use this answer again for the very same question; 0: it must ask again.
   */
  'validForSeconds': (number);
}

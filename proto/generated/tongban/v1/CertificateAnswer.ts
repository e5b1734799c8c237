// Original file: tongban/v1/certificate.proto

import type { CertificateStatus as _tongban_v1_CertificateStatus, CertificateStatus__Output as _tongban_v1_CertificateStatus__Output } from '../../tongban/v1/CertificateStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface CertificateAnswer {
  'identifier'?: (string);
  'status'?: (_tongban_v1_CertificateStatus);
  /**
   * Milliseconds.
   */
  'answeredAt'?: (number | string | Long);
  'fields'?: ({[key: string]: string});
}

export interface CertificateAnswer__Output {
  'identifier': (string);
  'status': (_tongban_v1_CertificateStatus__Output);
  /**
   * Milliseconds.
   */
  'answeredAt': (number);
  'fields': ({[key: string]: string});
}

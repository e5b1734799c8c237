// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

export interface IdentityCheck {
  'matched'?: (boolean);
  'checkedAt'?: (number | string | Long);
  /**
   * Device that compared; never an image.
   */
  'device'?: (string);
  /**
   * P2: on-site (现场) or remote-video (远程视频核验); empty counts as on-site.
   */
  'way'?: (string);
  /**
   * Who saw the applicant; always there for remote-video.
   */
  'checkedBy'?: (_tongban_v1_Handler | null);
}

export interface IdentityCheck__Output {
  'matched': (boolean);
  'checkedAt': (number);
  /**
   * Device that compared; never an image.
   */
  'device': (string);
  /**
   * P2: on-site (现场) or remote-video (远程视频核验); empty counts as on-site.
   */
  'way': (string);
  /**
   * Who saw the applicant; always there for remote-video.
   */
  'checkedBy': (_tongban_v1_Handler__Output | null);
}

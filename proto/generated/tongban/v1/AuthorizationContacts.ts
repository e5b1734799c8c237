// Original file: tongban/v1/authorization.proto

import type { Contact as _tongban_v1_Contact, Contact__Output as _tongban_v1_Contact__Output } from '../../tongban/v1/Contact.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * The unsigned annex: whom to call at the sender. Each one replaces the one before.
 */
export interface AuthorizationContacts {
  'authorizationId'?: (string);
  'authorizationDigest'?: (Buffer | Uint8Array | string);
  'contacts'?: (_tongban_v1_Contact)[];
  /**
   * Milliseconds.
   */
  'changedAt'?: (number | string | Long);
}

/**
 * The unsigned annex: whom to call at the sender. Each one replaces the one before.
 */
export interface AuthorizationContacts__Output {
  'authorizationId': (string);
  'authorizationDigest': (Buffer);
  'contacts': (_tongban_v1_Contact__Output)[];
  /**
   * Milliseconds.
   */
  'changedAt': (number);
}

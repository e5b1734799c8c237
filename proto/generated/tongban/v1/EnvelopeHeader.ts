// Original file: tongban/v1/envelope.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The envelope's identity and address. Holds no personal data: it outlives the payload.
 */
export interface EnvelopeHeader {
  /**
   * 1.
   */
  'version'?: (number);
  /**
   * Names of extensions that a receiver must understand; an unknown one is refused.
   */
  'critical'?: (string)[];
  /**
   * UUIDv7, lower case.
   */
  'id'?: (string);
  /**
   * Full name of the payload message, e.g. "tongban.v1.CaseTransfer".
   */
  'type'?: (string);
  /**
   * Region code (GB/T 2260) of the sender.
   */
  'sender'?: (string);
  /**
   * Region code of the recipient.
   */
  'recipient'?: (string);
  /**
   * Random UUID; for a case it is the case key that both regions share.
   */
  'conversation'?: (string);
  /**
   * From 1, without gaps, per conversation and sender. 0 for Check, which has no order.
   */
  'sequence'?: (number | string | Long);
  /**
   * Milliseconds since 1970-01-01T00:00:00Z.
   */
  'sentAt'?: (number | string | Long);
  /**
   * Milliseconds; at most 30 days after sent_at.
   */
  'expiresAt'?: (number | string | Long);
  /**
   * Mutual authorization (相互授权) under which the message is sent; empty where a pinned peer suffices.
   */
  'authorizationId'?: (string);
  /**
   * Digest of the authorization document.
   */
  'authorizationDigest'?: (Buffer | Uint8Array | string);
  /**
   * Id of the envelope that this one answers; empty if none.
   */
  'inReplyTo'?: (string);
  /**
   * H(salt || payload).
   */
  'payloadDigest'?: (Buffer | Uint8Array | string);
  /**
   * Signature suite of the sender's signing key: ES256, Ed25519 or SM2-SM3.
   */
  'suite'?: (string);
}

/**
 * The envelope's identity and address. Holds no personal data: it outlives the payload.
 */
export interface EnvelopeHeader__Output {
  /**
   * 1.
   */
  'version': (number);
  /**
   * Names of extensions that a receiver must understand; an unknown one is refused.
   */
  'critical': (string)[];
  /**
   * UUIDv7, lower case.
   */
  'id': (string);
  /**
   * Full name of the payload message, e.g. "tongban.v1.CaseTransfer".
   */
  'type': (string);
  /**
   * Region code (GB/T 2260) of the sender.
   */
  'sender': (string);
  /**
   * Region code of the recipient.
   */
  'recipient': (string);
  /**
   * Random UUID; for a case it is the case key that both regions share.
   */
  'conversation': (string);
  /**
   * From 1, without gaps, per conversation and sender. 0 for Check, which has no order.
   */
  'sequence': (number);
  /**
   * Milliseconds since 1970-01-01T00:00:00Z.
   */
  'sentAt': (number);
  /**
   * Milliseconds; at most 30 days after sent_at.
   */
  'expiresAt': (number);
  /**
   * Mutual authorization (相互授权) under which the message is sent; empty where a pinned peer suffices.
   */
  'authorizationId': (string);
  /**
   * Digest of the authorization document.
   */
  'authorizationDigest': (Buffer);
  /**
   * Id of the envelope that this one answers; empty if none.
   */
  'inReplyTo': (string);
  /**
   * H(salt || payload).
   */
  'payloadDigest': (Buffer);
  /**
   * Signature suite of the sender's signing key: ES256, Ed25519 or SM2-SM3.
   */
  'suite': (string);
}

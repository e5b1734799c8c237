import { hkdfSync } from 'node:crypto';
import type { ConnectionOptions, PSKCallbackNegotation, TlsOptions } from 'node:tls';

/** Both sides know one key and no certificates: nothing expires between replicas (RFC 5489, RFC 7905). */
const ONE_SUITE = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;
const IDENTITY = 'tongban-replica';

/**
 * The key between the replicas of one region. It comes from the key of the API, which all of them have and nobody else:
 * who may speak here in the name of any client could make any token anyway.
 */
export function replicaKey(apiKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', apiKey, '', 'tongban replica v1', 32));
}

/** For the leader, which takes what the others pass on. */
export function leaderTls(key: Buffer): TlsOptions {
  return { ...ONE_SUITE, pskCallback: (_socket, identity) => (identity === IDENTITY ? key : null) };
}

/** For the others. Only who knows the key answers: a handshake that is done is the proof. */
export function followerTls(key: Buffer): ConnectionOptions {
  const psk: PSKCallbackNegotation = { psk: key, identity: IDENTITY };
  return { ...ONE_SUITE, pskCallback: () => psk, checkServerIdentity: () => undefined };
}

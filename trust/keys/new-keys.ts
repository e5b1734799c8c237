import { createPrivateKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { LIMITS } from '#proto';
import { makeTlsIdentity, type TlsIdentity } from '../pki/tls-identity.ts';
import { type SuiteName, suiteOf } from '../suites.ts';
import type { KeyInfo } from './key-store.ts';
import { type KeyPurpose, localSigner } from './signer.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * How long new keys may be used, in milliseconds. Keys that work online every day live two years, the usual life of
 * such certificates, so that replacing them stays a practised routine. The identity is what peers pinned by hand, and
 * the log key is what published checkpoints are read with for as long as cases are kept: both live ten years.
 */
export const KEY_LIFETIME_MS = {
  identity: 3653 * DAY_MS,
  log: 3653 * DAY_MS,
  signing: 731 * DAY_MS,
  certificate: 731 * DAY_MS,
  seal: 731 * DAY_MS,
  tls: 731 * DAY_MS,
} as const satisfies Record<KeyInfo['purpose'], number>;

/** A fresh key and what is known of it. */
export interface NewKey {
  readonly info: KeyInfo;
  readonly privateKey: KeyObject;
}

/** A fresh TLS key with its certificate. */
export interface NewTlsKey extends NewKey {
  readonly identity: TlsIdentity;
}

/** A fresh set: one key for every purpose. */
export interface NewKeys {
  /** All but the TLS key. */
  readonly signing: readonly NewKey[];
  readonly tls: NewTlsKey;
}

/** What the keys of a new region are for, in the order of their making; TLS comes on top. */
const PURPOSES = ['identity', 'signing', 'log', 'certificate', 'seal'] as const;

/**
 * Makes one key for every purpose of a region; the TLS key is always EC P-256, which every TLS library speaks.
 *
 * @param suite of the identity, signing and certificate keys
 * @param now milliseconds
 */
export async function makeKeys(suite: SuiteName, now: number): Promise<NewKeys> {
  return {
    signing: await Promise.all(PURPOSES.map((purpose) => makeKey(purpose, suiteFor(purpose, suite), now))),
    tls: await makeTlsKey(now),
  };
}

/**
 * Suite of the keys of a purpose. Where everything is to be SM2, so are they all. Else the log key is Ed25519, which
 * signed notes (C2SP) ask for, and the seal key (印章密钥) is ES256, the only one of our suites whose signatures the
 * usual readers of PDF know.
 *
 * @param suite of the region
 */
export function suiteFor(purpose: KeyPurpose, suite: SuiteName): SuiteName {
  if (suite === 'SM2-SM3') return suite;
  if (purpose === 'log') return 'Ed25519';
  return purpose === 'seal' ? 'ES256' : suite;
}

/**
 * Makes a key of one purpose.
 *
 * @param now milliseconds
 */
export async function makeKey(purpose: KeyPurpose, suite: SuiteName, now: number): Promise<NewKey> {
  const { privateKey, publicKey } = suiteOf(suite).generate();
  const { kid, publicJwk } = await localSigner(suite, privateKey, publicKey);
  if (isAwkward(kid)) return makeKey(purpose, suite, now);
  return { info: { kid, purpose, suite, ...validity(purpose, now), publicJwk }, privateKey };
}

/**
 * Makes a TLS key with its certificate.
 *
 * @param now milliseconds
 */
export async function makeTlsKey(now: number): Promise<NewTlsKey> {
  const window = validity('tls', now);
  const identity = await makeTlsIdentity(window);
  const jwk = identity.certificate.publicKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(jwk);
  if (isAwkward(kid)) return makeTlsKey(now);
  return {
    info: { kid, purpose: 'tls', suite: 'ES256', ...window, publicJwk: { ...jwk, kid, alg: 'ES256' } },
    privateKey: createPrivateKey(identity.privateKeyPem),
    identity,
  };
}

/** Typed after a command, a key id that begins with a hyphen would be taken for an option. */
function isAwkward(kid: string): boolean {
  return kid.startsWith('-');
}

/** Begins a little in the past, so that a peer whose clock is behind takes a new key at once. Whole seconds. */
export function validity(purpose: keyof typeof KEY_LIFETIME_MS, now: number): { notBefore: number; notAfter: number } {
  const second = Math.floor(now / 1000) * 1000;
  return { notBefore: second - LIMITS.sealSkewMs, notAfter: second + KEY_LIFETIME_MS[purpose] };
}

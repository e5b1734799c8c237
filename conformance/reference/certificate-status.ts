import { inflateSync } from 'node:zlib';
import { SECONDS, STATUS_URI } from './certificate-claims.ts';
import type { Statement } from './documents.ts';
import { matching, object, oneOf, printed, whole } from './shape.ts';
import { demandNotRevoked, demandSignature, demandValid, readJws, URN } from './signed.ts';
import { decoded, demand, Refused } from './wire.ts';

/** Status lists of certificates of proto/README.md. */

const CODE = 'STATUS_LIST_INVALID';
const MIB = 1024 * 1024;
const FIVE_MINUTES = 300_000;
const YEAR = 366 * 24 * 3600;
const WORDS: Readonly<Record<number, StatusWord>> = {
  0: 'valid',
  1: 'revoked',
  2: 'suspended',
  11: 'cancelled',
  12: 'withdrawn',
};

const LIST = object({
  iss: printed(100),
  sub: STATUS_URI,
  iat: SECONDS,
  'exp?': SECONDS,
  'ttl?': whole(1, YEAR),
  status_list: object({ bits: oneOf(1, 2, 4, 8), lst: matching(/^[\w-]+$/), 'aggregation_uri?': STATUS_URI }),
});

export type StatusWord = 'valid' | 'revoked' | 'suspended' | 'cancelled' | 'withdrawn';

export interface StatusList {
  /** Seconds. */
  readonly iat: number;
  /** Seconds. */
  readonly exp?: number;
  /** Seconds. */
  readonly ttl?: number;
  readonly bits: number;
  readonly entries: Buffer;
}

export interface StatusListDemand {
  /** Milliseconds. */
  readonly now: number;
  /** Milliseconds: an older list is stale. */
  readonly maxAge?: number;
  /** `iat` of the newest copy that was seen, seconds. */
  readonly seen?: number;
}

/**
 * Verifies the status list that a certificate names.
 *
 * @param issuer of the certificate
 * @throws Refused STATUS_LIST_INVALID, STATUS_LIST_ISSUER, STATUS_LIST_STALE or a code of the signed objects
 */
export function verifyStatusList(
  jwt: string,
  issuer: Statement,
  uri: string,
  { now, maxAge, seen }: StatusListDemand,
): StatusList {
  const jws = readJws(jwt, 'statuslist+jwt', CODE, 2 * MIB);
  LIST(jws.claims, CODE);
  const {
    iss,
    sub,
    status_list: list,
    ...times
  } = jws.claims as {
    iss: string;
    sub: string;
    iat: number;
    exp?: number;
    ttl?: number;
    status_list: { bits: number; lst: string };
  };
  const isOfIt = iss === `${URN}${issuer.region}` && sub === uri;
  demand(isOfIt, 'STATUS_LIST_ISSUER', 'the list is not the one that the certificate names');
  const keys = issuer.keys.filter(({ purpose }) => purpose === 'certificate');
  const key = demandSignature(jws, keys);
  demandNotRevoked(key);
  demandValid(key, times.iat * 1000);
  demand(times.iat * 1000 <= now + FIVE_MINUTES, CODE, 'the list was signed in the future');
  const age = now - times.iat * 1000;
  const isFresh = (times.exp === undefined || now < times.exp * 1000) && age <= (maxAge ?? age);
  demand(isFresh && times.iat >= (seen ?? times.iat), 'STATUS_LIST_STALE', 'the list expired, or is too old');
  return { ...times, bits: list.bits, entries: inflated(list.lst) };
}

/** @throws Refused STATUS_INDEX, STATUS_UNKNOWN */
export function statusIn({ bits, entries }: StatusList, idx: number): StatusWord {
  const perByte = 8 / bits;
  const byte = entries[Math.floor(idx / perByte)];
  demand(byte !== undefined, 'STATUS_INDEX', `the list has no entry ${idx}`);
  const word = WORDS[Math.floor(byte / 2 ** ((idx % perByte) * bits)) % 2 ** bits];
  if (word === undefined) throw new Refused('STATUS_UNKNOWN', `the value of entry ${idx} has no meaning`);
  return word;
}

function inflated(lst: string): Buffer {
  try {
    return inflateSync(decoded(lst) ?? Buffer.alloc(0), { maxOutputLength: 4 * MIB });
  } catch {
    throw new Refused(CODE, 'the entries cannot be inflated, or only to more than 4 MiB');
  }
}

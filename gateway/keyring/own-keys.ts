import { CodedError } from '#proto';
import {
  type KeyInfo,
  type KeyPurpose,
  type KeyStore,
  type RegionStatement,
  type Signer,
  type StatementKey,
  type TlsIdentity,
  verifyStatement,
} from '#trust';
import { spkiOfKey } from './told-ends.ts';

/** What our region says of itself and the keys that it may use, at one moment. Every list begins with the newest key. */
export interface OwnKeys {
  readonly statement: RegionStatement;
  readonly signing: readonly Signer[];
  readonly certificate: readonly Signer[];
  /** Empty in a region from before there were seal keys. */
  readonly seal: readonly Signer[];
  readonly log: readonly Signer[];
  readonly tls: readonly TlsIdentity[];
}

/**
 * Opens the keys that are both stated and in the folder: peers believe no others. A key that waits for a statement is
 * left alone, and so is one that ended.
 *
 * @param now milliseconds
 * @throws CodedError STATEMENT_INVALID, CONFIG_INVALID, KEY_MISSING, PASSPHRASE_WRONG
 */
export async function openOwnKeys(region: string, keys: KeyStore, jwt: string, now: number): Promise<OwnKeys> {
  const statement = await verifyStatement(jwt.trim());
  if (statement.region !== region) {
    throw new CodedError('CONFIG_INVALID', `the config is for region ${region}, the statement for ${statement.region}`);
  }
  const list = (await keys.list()).toReversed();
  // One after the other: each costs a deliberate 16 MiB of memory to open.
  const signing = demanded('signing', await openSigners(keys, list, statement, 'signing', now));
  const certificate = demanded('certificate', await openSigners(keys, list, statement, 'certificate', now));
  const seal = await openSigners(keys, list, statement, 'seal', now);
  const log = demanded('log', await openSigners(keys, list, statement, 'log', now));
  const tls = demanded('TLS', await openTls(keys, list, statement, now));
  return { statement, signing, certificate, seal, log, tls };
}

async function openSigners(
  keys: KeyStore,
  list: readonly KeyInfo[],
  statement: RegionStatement,
  purpose: Exclude<KeyPurpose, 'identity'>,
  now: number,
): Promise<Signer[]> {
  const stated = new Map(statement.keys.filter((key) => isOf(key, purpose, now)).map((key) => [key.kid, key]));
  const signers: Signer[] = [];
  for (const { kid } of list.filter((key) => key.purpose === purpose && stated.has(key.kid))) {
    signers.push(await keys.signer(purpose, kid));
  }
  return signers;
}

/** A key of the statement that may still be used. */
function isOf(key: StatementKey, purpose: KeyPurpose, now: number): boolean {
  return key.purpose === purpose && key.revokedAt === undefined && now < key.notAfter;
}

async function openTls(
  keys: KeyStore,
  list: readonly KeyInfo[],
  statement: RegionStatement,
  now: number,
): Promise<TlsIdentity[]> {
  const stated = new Map(statement.tls.map(({ spki, certificate }) => [spki, certificate]));
  const identities: TlsIdentity[] = [];
  for (const { kid, purpose, publicJwk } of list) {
    if (purpose !== 'tls') continue;
    const certificate = stated.get(spkiOfKey({ publicJwk }));
    // What the folder says of its end does not count before a statement names its successor.
    if (certificate && now < certificate.validToDate.getTime()) identities.push(await keys.tls(kid));
  }
  return identities;
}

function demanded<T>(what: string, opened: readonly T[]): readonly T[] {
  if (opened.length > 0) return opened;
  throw new CodedError(
    'STATEMENT_INVALID',
    `our statement names no ${what} key of the key folder that may be used; issue a new one with: tongban statement --renew`,
  );
}

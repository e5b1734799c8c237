import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { CodedError } from '#proto';
import type { RevocationReason } from '../region/revocation.ts';
import type { SuiteName } from '../suites.ts';
import { Custodian } from './custody/custodian.ts';
import type { FileCustody, KeyCustody } from './custody/custody.ts';
import type { Reach } from './file-key-store.ts';
import { certificateFile, editKeyFolder, keyFile, readKeyFolder, writeKeyFiles } from './key-folder.ts';
import type { IndexedKey } from './key-index.ts';
import { type KeyInfo, usableAt } from './key-store.ts';
import { makeKey, makeTlsKey, suiteFor, validity } from './new-keys.ts';
import { demandPassphrase } from './passphrase.ts';
import { decryptPrivateKey } from './pkcs8.ts';
import { syncFolder, writePrivateFile } from './private-file.ts';

/** How a key takes the place of the one before it. */
export interface Rotation {
  readonly purpose: KeyInfo['purpose'];
  readonly passphrase: string;
  /** Milliseconds. */
  readonly now: number;
  /** Milliseconds that the keys before it may still be used: what is under way, and peers that are away. */
  readonly overlapMs: number;
}

/**
 * Makes a new key of a purpose (密钥轮换). The keys before it end after the overlap; nothing is ever deleted, since old
 * evidence names them. The new key keeps the suite: another suite would change the hashes of what waits to be sent.
 *
 * A new identity key is only for a lost or stolen one: every peer has to pin the region anew.
 *
 * @returns what is known of the new key
 * @throws CodedError KEY_MISSING when the folder holds no key of the purpose (but for seal keys), CONFIG_INVALID for an unusable passphrase,
 *   PASSPHRASE_WRONG when it is another than that of the keys already there, CONFLICT while another command changes the
 *   keys
 */
export async function rotateKey(dir: string, { purpose, passphrase, now, overlapMs }: Rotation): Promise<KeyInfo> {
  demandPassphrase(passphrase);
  await demandSamePassphrase(dir, passphrase);
  return editKeyFolder(dir, async (keys) => {
    const suite = suiteOfNext(purpose, keys, dir);
    const made = purpose === 'tls' ? await makeTlsKey(now) : await makeKey(purpose, suite, now);
    await writeKeyFiles(dir, made, passphrase);
    const before = keys.map((key) => (key.purpose === purpose ? endingAt(key, now + overlapMs) : key));
    return { keys: [...before, { ...made.info, created: now }], result: made.info };
  });
}

/** A key that is kept elsewhere and takes the place of the one before it. */
export interface Adoption extends Rotation {
  readonly custody: Exclude<KeyCustody, FileCustody>;
  readonly reach: Reach;
}

/**
 * Takes a key that is kept elsewhere (密钥保管) into the folder's list: in a PKCS#12 container, a token or a signature
 * server. The keys before it end after the overlap, as in a rotation. For TLS a certificate is made with the key.
 *
 * @returns what is known of the key
 * @throws CodedError CONFLICT when it is listed already, is of another suite than the keys before it, or another command
 *   changes the keys; KEY_MISSING, PASSPHRASE_WRONG, CONFIG_INVALID, SIGNER_UNAVAILABLE, SIGNER_REFUSED, SIGNER_WRONG
 *   when it cannot be opened where it is kept
 */
export async function adoptKey(dir: string, adoption: Adoption): Promise<KeyInfo> {
  const { purpose, passphrase, custody, reach, now, overlapMs } = adoption;
  const custodian = new Custodian({ folder: dir, passphrase, servers: new Map(), environment: {}, ...reach });
  return editKeyFolder(dir, async (keys) => {
    const suite = suiteOfNext(purpose, keys, dir);
    const window = validity(purpose, now);
    const info = { ...(await foundKey(custodian, purpose, custody, dir, window)), purpose, ...window, custody };
    if (keys.some(({ kid }) => kid === info.kid)) throw new CodedError('CONFLICT', 'the key is listed already');
    if (info.suite !== suite) {
      const words = `the key is for ${info.suite}, the ${purpose} keys of this region are for ${suite}`;
      throw new CodedError(
        'CONFLICT',
        `${words}; another suite needs a new gateway: tongban init --suite ${info.suite}`,
      );
    }
    if (purpose !== 'tls') await custodian.openSigner(custody, info);
    const before = keys.map((key) => (key.purpose === purpose ? endingAt(key, now + overlapMs) : key));
    return { keys: [...before, { ...info, created: now }], result: info };
  });
}

/** Folders that were made before there were seal keys have none: the first one takes the suite that fits the region. */
function suiteOfNext(purpose: KeyInfo['purpose'], keys: readonly IndexedKey[], dir: string): SuiteName {
  const last = keys.findLast((key) => key.purpose === purpose);
  if (last) return last.suite;
  const signing = keys.findLast((key) => key.purpose === 'signing');
  if (purpose === 'seal' && signing) return suiteFor(purpose, signing.suite);
  throw new CodedError('KEY_MISSING', `there is no ${purpose} key in ${dir}`);
}

async function foundKey(
  custodian: Custodian,
  purpose: KeyInfo['purpose'],
  custody: Adoption['custody'],
  dir: string,
  window: { notBefore: number; notAfter: number },
): Promise<Pick<KeyInfo, 'kid' | 'suite' | 'publicJwk'>> {
  if (purpose !== 'tls') return custodian.findKey(custody);
  if (custody.kind !== 'pkcs12') {
    throw new CodedError('CONFIG_INVALID', `a TLS key cannot be kept as ${custody.kind}; keep it as file or pkcs12`);
  }
  const { certificate, certificatePem } = await custodian.certify(custody, window);
  const jwk = certificate.publicKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(jwk);
  await writePrivateFile(certificateFile(dir, { kid }), certificatePem);
  return { kid, suite: 'ES256', publicJwk: { ...jwk, kid } };
}

/**
 * Marks a key as revoked (密钥吊销): its next statement tells the peers. What is not proved to be older than `at` does
 * not count any more.
 *
 * @param kid the key id, or as much of its beginning as names one key
 * @param now milliseconds
 * @returns what is known of the key now
 * @throws CodedError NOT_FOUND, CONFLICT for an identity key, a key that is revoked already, the last usable key of its
 *   purpose, or while another command changes the keys
 */
export function revokeKey(
  dir: string,
  kid: string,
  revoked: { readonly at: number; readonly reason: RevocationReason },
  now: number,
): Promise<KeyInfo> {
  return editKeyFolder(dir, async (keys) => {
    const key = findKey(keys, kid);
    demandRevocable(key, keys, now);
    // Whole seconds, as the statement says it; earlier rather than later.
    const at = Math.floor(revoked.at / 1000) * 1000;
    const changed = { ...key, revoked: { at, reason: revoked.reason } };
    return { keys: keys.map((other) => (other === key ? changed : other)), result: changed };
  });
}

/**
 * Carries the identity key to another folder, such as a medium that goes into a safe. The copy is read back and opened
 * before the file here is overwritten and removed.
 *
 * @returns the path of the copy
 * @throws CodedError KEY_MISSING when it is not here, PASSPHRASE_WRONG, CONFLICT when the target holds such a file
 */
export async function moveIdentityKey(dir: string, target: string, passphrase: string): Promise<string> {
  const info = (await readKeyFolder(dir)).keys.findLast(({ purpose }) => purpose === 'identity');
  if (!info) throw new CodedError('KEY_MISSING', `there is no identity key in ${dir}`);
  const from = keyFile(dir, info);
  const text = await readFile(from, 'utf8').catch((cause) => {
    throw new CodedError('KEY_MISSING', `the identity key is not here any more: ${from}`, [], { cause });
  });
  decryptPrivateKey(text, passphrase);
  await mkdir(target, { recursive: true, mode: 0o700 });
  const to = join(target, basename(from));
  await writeNew(to, text);
  if ((await readFile(to, 'utf8')) !== text)
    throw new CodedError('KEY_MISSING', `the copy ${to} is not what was written`);
  // The name of the copy must outlive a loss of power before the original goes.
  await syncFolder(target);
  await erase(from);
  return to;
}

/**
 * The key that somebody means.
 *
 * @param start the key id, or as much of its beginning as names one key
 * @throws CodedError NOT_FOUND when it names none or several
 */
export function findKey(keys: readonly IndexedKey[], start: string): IndexedKey {
  const found = start.length < 4 ? [] : keys.filter(({ kid }) => kid.startsWith(start));
  if (found.length === 1) return found[0]!;
  throw new CodedError(
    'NOT_FOUND',
    found.length === 0
      ? `no key begins with ${start} (at least four characters); see: tongban key list`
      : `${found.length} keys begin with ${start}; give more of the key id`,
  );
}

function endingAt(key: IndexedKey, end: number): IndexedKey {
  // Whole seconds, as statements say it.
  return { ...key, notAfter: Math.min(key.notAfter, Math.ceil(end / 1000) * 1000) };
}

function demandRevocable(key: IndexedKey, keys: readonly IndexedKey[], now: number): void {
  if (key.revoked) throw new CodedError('CONFLICT', 'the key is revoked already');
  if (key.purpose === 'identity') {
    throw new CodedError(
      'CONFLICT',
      'an identity key cannot be revoked by its own statement: make a new one with "tongban key rotate identity" and let every peer pin it again',
    );
  }
  const others = keys.filter((other) => other !== key && other.purpose === key.purpose && usableAt(other, now));
  if (others.length === 0) {
    throw new CodedError(
      'CONFLICT',
      `it is the last ${key.purpose} key that can be used; make another first: tongban key rotate ${key.purpose}`,
    );
  }
}

/** Two passphrases in one folder would leave a gateway that cannot open all of its keys. */
async function demandSamePassphrase(dir: string, passphrase: string): Promise<void> {
  const { keys } = await readKeyFolder(dir);
  for (const key of keys.toReversed()) {
    if (key.custody) continue;
    const text = await readFile(keyFile(dir, key), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    decryptPrivateKey(text, passphrase);
    return;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CodedError('CONFLICT', `there is a file already: ${path}`);
    }
    throw new CodedError('KEY_MISSING', `the identity key cannot be written to ${path}`, [], { cause });
  }
}

/** Overwrites before removing; on media that move blocks about this is no promise, and the file is encrypted anyway. */
async function erase(path: string): Promise<void> {
  const { size } = await stat(path);
  const handle = await open(path, 'r+');
  try {
    await handle.write(Buffer.alloc(size));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rm(path);
}

import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileKeyStore, type RegionStatement, rotateKey, type Signer, verifyStatement } from '#trust';
import { type GatewayConfig, loadConfig, statementFile } from '../config/config.ts';
import { makeRegionFolder, removeFolders } from '../testing/live-region.ts';
import { issueNext, nextContent, STATEMENT_LIFETIME_MS, sameContent } from './next-statement.ts';
import { openOwnKeys } from './own-keys.ts';
import { readStatementFile } from './statement-file.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 22);
const passphrase = 'a passphrase for tests';

let folder: string;
let config: GatewayConfig;

beforeEach(async () => {
  folder = await makeRegionFolder('320600', { now: NOW });
  config = await loadConfig(join(folder, 'gateway.yaml'));
});
afterEach(() => removeFolders(folder));

const keyStore = () => openFileKeyStore(config.keys.directory, passphrase);
const identity = async (): Promise<Signer> => (await keyStore()).signer('identity');
const onDisk = async (): Promise<RegionStatement> => verifyStatement((await readStatementFile(folder)).trim());
const issue = async (now: number, content = nextContent) =>
  issueNext(config, { identity: await identity(), now, content });
const rotate = (purpose: 'signing' | 'tls' | 'identity', now = NOW) =>
  rotateKey(config.keys.directory, { purpose, passphrase, now, overlapMs: 7 * DAY });
const ends = ({ keys }: RegionStatement) =>
  keys.filter(({ purpose }) => purpose === 'signing').map((key) => key.notAfter);

describe('our next statement', () => {
  it('follows the current one, names old and new key, and is in force on disk', async () => {
    const before = await onDisk();
    const made = await rotate('signing');
    const next = await issue(NOW);
    expect(next).toMatchObject({ serial: 2, previous: before.digest.toString('base64url'), identity: before.identity });
    expect(next).toMatchObject({ name: config.name, endpoint: config.peer.endpoint, issuedAt: NOW });
    expect(next.expiresAt).toBe(NOW + STATEMENT_LIFETIME_MS);
    expect(ends(next)).toEqual([NOW + 7 * DAY, made.notAfter]);
    expect((await onDisk()).jwt).toBe(next.jwt);
  });

  it('begins an overlap late when it was signed late, so that nothing was signed after the end of its key', async () => {
    const first = (await onDisk()).tls[0]!.spki;
    const made = await rotate('signing');
    await rotate('tls');
    const late = await issue(NOW + 20 * DAY);
    expect(ends(late)).toEqual([NOW + 27 * DAY, made.notAfter]);
    expect(late.tls.map(({ spki }) => spki)).toEqual([first, expect.any(String)]);
    const within = await issue(NOW + 22 * DAY);
    expect(ends(within)).toEqual(ends(late));
    expect(within.tls).toHaveLength(2);
    const after = await issue(NOW + 40 * DAY);
    expect(ends(after)).toEqual(ends(late));
    expect(after.tls.map(({ spki }) => spki)).toEqual([late.tls[1]!.spki]);
  });

  it('may wait for longer than the overlap: the gateway goes on with the keys that peers know', async () => {
    await rotate('signing');
    await rotate('tls');
    const own = await openOwnKeys('320600', await keyStore(), await readStatementFile(folder), NOW + 20 * DAY);
    const known = await onDisk();
    expect(own.signing.map(({ kid }) => kid)).toEqual(
      known.keys.filter(({ purpose }) => purpose === 'signing').map(({ kid }) => kid),
    );
    expect(own.tls.map(({ spki }) => spki)).toEqual(known.tls.map(({ spki }) => spki));
  });

  it('of the same content prolongs what peers know and tells of nothing new', async () => {
    const before = await onDisk();
    await rotate('signing');
    await rotate('tls');
    const changed = { ...config, name: '另一个名字', peer: { ...config.peer, endpoint: 'elsewhere.example:1' } };
    const again = await issueNext(changed, { identity: await identity(), now: NOW + 20 * DAY, content: sameContent });
    expect(again).toMatchObject({ serial: 2, name: before.name, endpoint: before.endpoint });
    expect(again.keys.map(({ kid, notAfter }) => [kid, notAfter])).toEqual(
      before.keys.map(({ kid, notAfter }) => [kid, notAfter]),
    );
    expect(again.tls.map(({ spki }) => spki)).toEqual(before.tls.map(({ spki }) => spki));
    expect(again.expiresAt).toBe(NOW + 20 * DAY + STATEMENT_LIFETIME_MS);
    // What waited is told of as soon as an operator says so.
    expect(ends(await issue(NOW + 21 * DAY))).toEqual([NOW + 28 * DAY, expect.any(Number)]);
  });

  it('is made once when two make it at the same time', async () => {
    const results = await Promise.allSettled([issue(NOW), issue(NOW), issue(NOW)]);
    const serials = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.serial] : []));
    expect(serials).toHaveLength(new Set(serials).size);
    expect((await onDisk()).serial).toBe(Math.max(...serials));
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
  });

  it('is not made while a lock lies there, and the message says which', async () => {
    const before = await readFile(statementFile(folder));
    const lock = `${statementFile(folder)}.lock`;
    await (await open(lock, 'wx')).close();
    await expect(issue(NOW)).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(lock) });
    expect(await readFile(statementFile(folder))).toEqual(before);
    await rm(lock);
    await expect(issue(NOW)).resolves.toMatchObject({ serial: 2 });
  });

  it('is not signed by another identity key unless that is meant', async () => {
    const before = await readFile(statementFile(folder));
    const made = await rotate('identity');
    await expect(issue(NOW)).rejects.toMatchObject({ code: 'FINGERPRINT_MISMATCH' });
    expect(await readFile(statementFile(folder))).toEqual(before);
    const next = await issueNext(config, { identity: await identity(), now: NOW, newIdentity: true });
    expect(next).toMatchObject({ serial: 2, identity: made.kid });
  });

  it('is not made when it would leave the region without a key', async () => {
    const before = await readFile(statementFile(folder));
    const late = issue(NOW + 800 * DAY);
    await expect(late).rejects.toMatchObject({ code: 'KEY_MISSING', message: expect.stringContaining('key rotate') });
    expect(await readFile(statementFile(folder))).toEqual(before);
    await expect(issue(NOW)).resolves.toMatchObject({ serial: 2 });
  });
});

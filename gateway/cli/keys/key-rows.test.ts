import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFileKeyStore, type RegionStatement, readKeyFolder, revokeKey, rotateKey, verifyStatement } from '#trust';
import { type GatewayConfig, loadConfig } from '../../config/config.ts';
import { issueNext } from '../../keyring/next-statement.ts';
import { readStatementFile } from '../../keyring/statement-file.ts';
import { makeRegionFolder, removeFolders } from '../../testing/live-region.ts';
import { keyRows } from './key-rows.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 22);
const passphrase = 'a passphrase for tests';

let folder: string;
let config: GatewayConfig;
let statement: RegionStatement;

beforeEach(async () => {
  folder = await makeRegionFolder('320600', { now: NOW });
  config = await loadConfig(join(folder, 'gateway.yaml'));
  statement = await verifyStatement((await readStatementFile(folder)).trim());
});
afterEach(() => removeFolders(folder));

type Purpose = Parameters<typeof rotateKey>[1]['purpose'];
const rotate = (purpose: Purpose, now = NOW) =>
  rotateKey(config.keys.directory, { purpose, passphrase, now, overlapMs: 7 * DAY });

async function announce(now = NOW): Promise<void> {
  const identity = await (await openFileKeyStore(config.keys.directory, passphrase)).signer('identity');
  statement = await issueNext(config, { identity, now, newIdentity: true });
}

async function rowsOf(purpose: Purpose, now = NOW, away = '') {
  const { keys } = await readKeyFolder(config.keys.directory);
  return keyRows(keys, statement, ({ purpose: of }) => of !== away, now).filter((row) => row.purpose === purpose);
}
const statesOf = async (...of: Parameters<typeof rowsOf>) => (await rowsOf(...of)).map(({ state }) => state);

it.each(['signing', 'certificate', 'seal', 'log', 'tls'] as const)(
  'a %s key is in use, waits, overlaps and ends',
  async (purpose) => {
    expect(await statesOf(purpose)).toEqual(['in-use']);
    await rotate(purpose);
    expect(await statesOf(purpose)).toEqual(['in-use', 'waiting']);
    // Nobody was told yet, so that its overlap has not begun.
    expect(await statesOf(purpose, NOW + 8 * DAY)).toEqual(['in-use', 'waiting']);
    await announce();
    expect(await statesOf(purpose)).toEqual(['overlapping', 'in-use']);
    expect((await rowsOf(purpose))[0]).toMatchObject({ until: NOW + 7 * DAY, made: NOW });
    expect(await statesOf(purpose, NOW + 7 * DAY)).toEqual(['ended', 'in-use']);
  },
);

it.each(['signing', 'tls'] as const)('a revoked %s key says whether peers were told', async (purpose) => {
  const { kid } = await rotate(purpose);
  await announce();
  await revokeKey(config.keys.directory, kid, { at: NOW, reason: 'compromised' }, NOW);
  expect((await rowsOf(purpose))[1]).toMatchObject({ state: 'revoked', revoked: { at: NOW, told: false } });
  await announce();
  expect((await rowsOf(purpose))[1]).toMatchObject({
    state: 'revoked',
    revoked: { reason: 'compromised', told: true },
  });
  expect(await statesOf(purpose)).toEqual(['in-use', 'revoked']);
});

it('an identity key is in use, away, or waits to sign', async () => {
  expect(await statesOf('identity')).toEqual(['in-use']);
  expect(await statesOf('identity', NOW, 'identity')).toEqual(['away']);
  await rotate('identity');
  expect(await statesOf('identity')).toEqual(['in-use', 'waiting']);
  await announce();
  expect(await statesOf('identity')).toEqual(['ended', 'in-use']);
});

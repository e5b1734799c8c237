import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Clock,
  createFileKeyStore,
  createStorageKey,
  fingerprintOf,
  issueOwnStatement,
  openFileKeyStore,
  type SuiteName,
  verifyStatement,
} from '#trust';
import { freePort } from '../../proto/testing/free-port.ts';
import { keepLog } from '../../proto/testing/kept-logs.ts';
import { createApiKey } from '../api/token.ts';
import { statementFile } from '../config/config.ts';
import type { StoreConfig } from '../config/store-config.ts';
import { writeConfig } from '../config/write-config.ts';
import { type Core, openCore } from '../node/core.ts';
import { openServices, type Services } from '../node/services.ts';
import { joinWire, type Wire } from '../node/wire.ts';

/** Opens the keys of every region that `makeRegionFolder` made. */
export const TEST_PASSPHRASE = 'a passphrase for tests';
/** That passphrase stands here for everybody to read: what each try of it costs would only be time. */
const KEY_COST = 2 ** 4;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A region's gateway without its API: real keys, TLS, store and streams, in this process. */
export interface LiveRegion {
  readonly region: string;
  readonly core: Core;
  readonly services: Services;
  readonly wire: Wire;
  readonly folder: string;
  /** Closes everything; the folder stays, so that `openLiveRegion` can go on with it. */
  stop(): Promise<void>;
}

/** Makes the folder of a region: keys, statement, config. @param options isSealed: false for a folder without a storage key */
export async function makeRegionFolder(
  region: string,
  options: { suite?: SuiteName; now?: number; isSealed?: boolean } = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `tongban-${region}-`));
  const now = options.now ?? Date.now();
  const port = await freePort();
  const endpoint = `127.0.0.1:${port}`;
  await writeConfig(join(folder, 'gateway.yaml'), {
    region,
    name: `网关 ${region}`,
    httpListen: '127.0.0.1:0',
    peerListen: endpoint,
    peerEndpoint: endpoint,
  });
  await createApiKey(join(folder, 'keys'));
  const keys = await createFileKeyStore(join(folder, 'keys'), {
    suite: options.suite ?? 'ES256',
    passphrase: TEST_PASSPHRASE,
    now,
    region,
    cost: KEY_COST,
  });
  if (options.isSealed ?? true)
    await createStorageKey(join(folder, 'keys'), { suite: options.suite ?? 'ES256', passphrase: TEST_PASSPHRASE, now });
  const statement = await issueOwnStatement(keys, {
    region,
    name: `网关 ${region}`,
    serial: 1,
    endpoint,
    issuedAt: now,
    expiresAt: now + 365 * DAY_MS,
  });
  await mkdir(folder, { recursive: true });
  await writeFile(statementFile(folder), statement);
  return folder;
}

/** Renews the statement of a region that is stopped, as `tongban statement --renew` does. @returns the new serial */
export async function renewStatement({ folder, core }: LiveRegion): Promise<number> {
  const keys = await openFileKeyStore(join(folder, 'keys'), TEST_PASSPHRASE);
  const { region, name, serial, endpoint, expiresAt } = core.own;
  const issuedAt = core.clock.now();
  const renewed = { region, name, serial: serial + 1, endpoint, issuedAt, expiresAt: expiresAt + DAY_MS };
  await writeFile(statementFile(folder), await issueOwnStatement(keys, renewed));
  return serial + 1;
}

/** Opens a region's folder and lets it exchange. @param on another store than the file in the folder */
export async function openLiveRegion(
  folder: string,
  clock: Clock = { now: Date.now },
  on?: { readonly store: StoreConfig; readonly password: string },
): Promise<LiveRegion> {
  const { loadConfig } = await import('../config/config.ts');
  const loaded = await loadConfig(join(folder, 'gateway.yaml'));
  const store = on?.store ?? loaded.store;
  const config = { ...loaded, store, log: { level: 'debug' as const, file: join(folder, 'gateway.log') } };
  let wire: Wire | undefined;
  const environment = { ...process.env, ...(on && { TONGBAN_STORE_PASSWORD: on.password }) };
  const keys = { passphrase: TEST_PASSPHRASE, clock, environment };
  const core = await openCore({ config, ...keys }, (peer) => wire?.dispatcher.wake(peer));
  const services = await openServices(core, () => wire?.dispatcher);
  wire = joinWire(core, services.handlers);
  await wire.server.start(config.peer.endpoint);
  wire.dispatcher.start();
  const opened = wire;
  return {
    region: core.region,
    core,
    services,
    wire: opened,
    folder,
    stop: async () => {
      services.eventStreams.stop();
      await services.webhooks.stop();
      await opened.server.stop();
      await opened.dispatcher.stop();
      await services.scans.stop();
      await services.examinations.stop();
      await services.paperWork.stop();
      await services.papers.close();
      await services.erasures.stop();
      await services.archive.stop();
      await services.inquiryWatch.stop();
      await services.authorizations.stop();
      await services.joint.stop();
      await services.jointCases.stop();
      await core.federation.stop();
      await core.timestamps?.stop();
      await core.evidence.stop();
      await core.atRest.stop();
      await core.store.close();
      core.closeKeys();
      await core.closeLog();
      await keepLog(join(folder, 'gateway.log'));
    },
  };
}

/** Pins two regions at each other, as their operators would. */
export async function pinEachOther(a: LiveRegion, b: LiveRegion): Promise<void> {
  for (const [here, there] of [
    [a, b],
    [b, a],
  ] as const) {
    const statement = await verifyStatement(there.core.own.jwt);
    await here.core.peers.pin(statement.jwt, fingerprintOf(statement.identity));
  }
}

/** Removes the folders of regions that were stopped. */
export async function removeFolders(...folders: readonly string[]): Promise<void> {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

/** Waits until a condition holds. @throws Error after `timeoutMs`, naming what was waited for */
export async function until(what: string, holds: () => Promise<boolean> | boolean, timeoutMs = 15_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

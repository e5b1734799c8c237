import { randomUUIDv7 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import { type Clock, openFileKeyStore, type RegionStatement, type Signer } from '#trust';
import { type GatewayConfig, statementFile } from '../config/config.ts';
import { EvidenceLog } from '../evidence/evidence-log.ts';
import { KeyRing } from '../keyring/key-ring.ts';
import { openOwnKeys } from '../keyring/own-keys.ts';
import { MaterialStore } from '../material/material-store.ts';
import { Outbox } from '../outbound/outbox.ts';
import { Peers } from '../peer/peers.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type Log, openLog } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';

/** What every room above stands on: time, names, keys, the store and what lives in it. */
export interface Core {
  readonly config: GatewayConfig;
  readonly region: string;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly random: () => number;
  readonly keyring: KeyRing;
  /** Our newest statement. */
  readonly own: RegionStatement;
  /** Always the newest signing key. */
  readonly signer: Signer;
  readonly log: Log;
  readonly closeLog: () => Promise<void>;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly peers: Peers;
  readonly evidence: EvidenceLog;
  readonly outbox: Outbox;
  readonly materials: MaterialStore;
}

/**
 * Opens keys and store and loads what earlier runs left.
 *
 * @param onEnqueued called after a commit that added envelopes for a peer
 * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG, STORE_VERSION, STATEMENT_INVALID, CONFIG_INVALID
 */
export async function openCore(
  config: GatewayConfig,
  passphrase: string,
  clock: Clock,
  onEnqueued: (peer: string) => void,
): Promise<Core> {
  const { region, data } = config;
  const openKeys = () => openFileKeyStore(config.keys.directory, passphrase);
  const readStatement = () => statementText(data);
  // Before anything else: a gateway that cannot open its keys leaves everything alone.
  const own = await openOwnKeys(region, await openKeys(), await readStatement(), clock.now());
  const { log, close: closeLog } = await openLog({ ...config.log, region, clock });
  const metrics = createMetrics({ process: true });
  const store = await openSqliteStore(config.store.path);
  const keyring = await KeyRing.open({ store, clock, region, openKeys, readStatement }, own);
  const newId = () => randomUUIDv7();
  const peers = new Peers(store, clock, () => keyring.statement);
  keyring.waitFor(() => peers.all().map((peer) => peer.region));
  const evidence = new EvidenceLog({
    store,
    clock,
    region,
    signer: keyring.logSigner,
    intervalMs: config.evidence.checkpointIntervalMs,
    onError: (error) => log.error({ err: error }, 'the evidence log could not be integrated; it is tried again'),
  });
  const outbox = new Outbox({
    store,
    clock,
    log: evidence,
    region,
    suite: keyring.signer.suite,
    newId,
    capacity: config.limits.outboxPerPeer,
    onEnqueued,
  });
  const materials = new MaterialStore(store, clock, join(data, 'materials'), config.limits.stagingBytesPerPeer);
  await peers.start();
  await evidence.start();
  await outbox.start();
  return {
    config,
    region,
    clock,
    newId,
    random: Math.random,
    keyring,
    get own() {
      return keyring.statement;
    },
    signer: keyring.signer,
    log,
    closeLog,
    metrics,
    store,
    peers,
    evidence,
    outbox,
    materials,
  };
}

async function statementText(data: string): Promise<string> {
  const file = statementFile(data);
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CodedError(
      'STATEMENT_INVALID',
      `cannot read our own statement ${file} (${error.code}); make it with: tongban init`,
    );
  });
}

import { randomUUIDv7 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import {
  type Clock,
  type KeyStore,
  openFileKeyStore,
  type RegionStatement,
  type Signer,
  type TlsIdentity,
  verifyStatement,
} from '#trust';
import { type GatewayConfig, statementFile } from '../config/config.ts';
import { EvidenceLog } from '../evidence/evidence-log.ts';
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
  readonly own: RegionStatement;
  readonly signer: Signer;
  readonly certificateSigner: Signer;
  readonly tls: TlsIdentity;
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
  const keys = await openFileKeyStore(config.keys.directory, passphrase);
  const own = await ownStatement(data, region);
  const [signer, certificateSigner, logSigner, tls] = await openKeys(keys);
  demandStated(own, signer.kid, certificateSigner.kid, logSigner.kid, tls.spki);
  const { log, close: closeLog } = await openLog({ ...config.log, region, clock });
  const metrics = createMetrics({ process: true });
  const store = await openSqliteStore(config.store.path);
  const newId = () => randomUUIDv7();
  const peers = new Peers(store, clock, own);
  const evidence = new EvidenceLog({
    store,
    clock,
    region,
    signer: logSigner,
    intervalMs: config.evidence.checkpointIntervalMs,
    onError: (error) => log.error({ err: error }, 'the evidence log could not be integrated; it is tried again'),
  });
  const outbox = new Outbox({
    store,
    clock,
    log: evidence,
    region,
    suite: signer.suite,
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
    own,
    signer,
    certificateSigner,
    tls,
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

async function openKeys(keys: KeyStore): Promise<[Signer, Signer, Signer, TlsIdentity]> {
  // One after the other: each costs a deliberate 16 MiB of memory to open.
  return [await keys.signer('signing'), await keys.signer('certificate'), await keys.signer('log'), await keys.tls()];
}

async function ownStatement(data: string, region: string): Promise<RegionStatement> {
  const file = statementFile(data);
  const jwt = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CodedError(
      'STATEMENT_INVALID',
      `cannot read our own statement ${file} (${error.code}); make it with: tongban init`,
    );
  });
  const statement = await verifyStatement(jwt.trim());
  if (statement.region !== region) {
    throw new CodedError('CONFIG_INVALID', `the config is for region ${region}, the statement for ${statement.region}`);
  }
  return statement;
}

/** Peers believe only the keys that our statement names. */
function demandStated(own: RegionStatement, signing: string, certificate: string, log: string, spki: string): void {
  const stated = (kid: string) => own.keys.some((key) => key.kid === kid);
  if (![signing, certificate, log].every(stated) || !own.tls.some((tls) => tls.spki === spki)) {
    throw new CodedError(
      'STATEMENT_INVALID',
      'our statement does not name the keys of the key folder; issue a new one',
    );
  }
}

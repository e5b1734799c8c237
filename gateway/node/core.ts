import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, needsAuthorization, type RegionStatement, type Signer } from '#trust';
import type { AtRest } from '../at-rest/at-rest.ts';
import { DataVault } from '../at-rest/data-vault.ts';
import type { GatewayConfig } from '../config/config.ts';
import { writerName } from '../config/replica-config.ts';
import { keyFolderOf } from '../custody/key-folder.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { Documents, readTrustText } from '../document/documents.ts';
import { openRevocationFolder, type RevocationFolder } from '../document/revocation-folder.ts';
import { EvidenceLog } from '../evidence/evidence-log.ts';
import type { Timestamper } from '../evidence/timestamps/timestamper.ts';
import { Federation } from '../federation/federation.ts';
import { KeyRing } from '../keyring/key-ring.ts';
import { openOwnKeys } from '../keyring/own-keys.ts';
import { StatementRefresh } from '../keyring/refresh.ts';
import { readStatementFile } from '../keyring/statement-file.ts';
import { MaterialStore } from '../material/material-store.ts';
import { Outbox } from '../outbound/outbox.ts';
import { Peers } from '../peer/peers.ts';
import { recoveryBeginning } from '../recovery/beginning.ts';
import { RecoveryGate } from '../recovery/recovery-gate.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { type Log, openLog } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { openAtRest } from './at-rest.ts';
import { openTimestamps } from './timestamps.ts';

/** What every room above stands on: time, names, keys, the store and what lives in it. */
export interface Core {
  readonly config: GatewayConfig;
  readonly region: string;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly random: () => number;
  readonly keyring: KeyRing;
  readonly refresh: StatementRefresh;
  /** Our newest statement. */
  readonly own: RegionStatement;
  /** Always the newest signing key. */
  readonly signer: Signer;
  readonly log: Log;
  readonly closeLog: () => Promise<void>;
  readonly closeKeys: () => void;
  readonly metrics: Metrics;
  readonly store: Store;
  /** Encrypts what is personal in the store and in the files of materials. */
  readonly atRest: AtRest;
  readonly peers: Peers;
  readonly federation: Federation;
  readonly evidence: EvidenceLog;
  /** Has our log stamped; absent when the config names no authority. */
  readonly timestamps: Timestamper | undefined;
  readonly outbox: Outbox;
  /** What may be sent and decided while a restored store is not whole. */
  readonly gate: RecoveryGate;
  /** What left a queue undelivered. */
  readonly letters: LetterBook;
  readonly materials: MaterialStore;
  readonly documents: Documents;
  /** PEM of whose seals on departments' own files count; empty for nobody's. */
  readonly documentTrust: string;
  readonly revocation: RevocationFolder | undefined;
}

export interface CoreOptions {
  readonly config: GatewayConfig;
  readonly passphrase: string;
  readonly clock: Clock;
  /** Environment of the process, in which libraries of tokens look for their settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens keys and store and loads what earlier runs left.
 *
 * @param onEnqueued called after a commit that added envelopes for a peer
 * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG, STORE_VERSION, STATEMENT_INVALID, CONFIG_INVALID, AT_REST_BROKEN,
 *   AT_REST_PLAIN
 */
export async function openCore(
  { config, passphrase, clock, environment }: CoreOptions,
  onEnqueued: (peer: string) => void,
): Promise<Core> {
  const { region, data } = config;
  const folder = keyFolderOf(config, { passphrase, clock, random: Math.random, environment });
  const openKeys = () => folder.open();
  const readStatement = () => readStatementFile(data);
  const trust = await readTrustText(config.documents.trustFile);
  const revocation = await openRevocationFolder(config.documents.revocationFolder, (error) =>
    log.warn({ err: error }, 'a revocation list cannot be used; see: tongban document lists'),
  );
  // Before anything else: a gateway that cannot open its keys leaves everything alone.
  const own = await openOwnKeys(region, await openKeys(), await readStatement(), clock.now());
  const { log, close: closeLog } = await openLog({ ...config.log, region, clock });
  const metrics = createMetrics({ process: true });
  const vault = new DataVault();
  const store = await openStore(config.store, environment, writerName(region, config.replica?.name), vault);
  const materials = new MaterialStore(store, clock, join(data, 'materials'), config.limits.stagingBytesPerPeer);
  const atRest = await openAtRest({ config, store, vault, clock, materials, storageKeys: folder.storageKeys, log });
  const keyring = await KeyRing.open({ store, clock, region, openKeys, readStatement }, own);
  const newId = () => randomUUIDv7();
  const peers = new Peers(store, clock, () => keyring.statement);
  keyring.waitFor(() => peers.all().map((peer) => peer.region));
  peers.onRepin((peer) => log.warn({ peer }, 'an operator pinned another identity key of a peer'));
  const evidence = new EvidenceLog({
    store,
    clock,
    region,
    signer: keyring.logSigner,
    intervalMs: config.evidence.checkpointIntervalMs,
    onError: (error) => log.error({ err: error }, 'the evidence log could not be integrated; it is tried again'),
  });
  const timestamps = await openTimestamps({ config, store, clock, evidence, log, metrics });
  const gate = new RecoveryGate(() => evidence.epoch);
  const outbox = new Outbox({
    store,
    clock,
    log: evidence,
    region,
    suite: keyring.signer.suite,
    newId,
    capacity: config.limits.outboxPerPeer,
    mayAccept: (name) => needsAuthorization(name) && timestamps?.demandStamped(),
    maySend: (tx, place) => gate.demandSending(tx, place),
    onEnqueued,
  });
  await peers.start();
  await evidence.start(await recoveryBeginning(store, clock, () => peers.all().map(({ region: peer }) => peer)));
  await gate.load(store.read);
  await timestamps?.start();
  await outbox.start();
  const letters = new LetterBook({ store, clock });
  await letters.start();
  const federation = new Federation({ config: config.federation, store, clock, random: Math.random, peers, log });
  await federation.start();
  return {
    config,
    region,
    clock,
    newId,
    random: Math.random,
    keyring,
    refresh: new StatementRefresh({ config, clock, log, keyring, openKeys }),
    get own() {
      return keyring.statement;
    },
    signer: keyring.signer,
    atRest,
    log,
    closeLog,
    closeKeys: folder.close,
    metrics,
    store,
    peers,
    federation,
    evidence,
    timestamps,
    outbox,
    gate,
    letters,
    materials,
    documents: new Documents({ clock, materials, trust, revocation }),
    documentTrust: trust,
    revocation,
  };
}

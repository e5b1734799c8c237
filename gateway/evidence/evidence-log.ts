import { CodedError, encode, logLeaf, type messages } from '#proto';
import {
  appendLeaves,
  type Clock,
  decodeFrontier,
  EMPTY_FRONTIER,
  encodeFrontier,
  frontierRoot,
  type LogCheckpoint,
  type LogFrontier,
  logConsistencyProof,
  logInclusionProof,
  logRoot,
  parseCheckpoint,
  readJws,
  type Signer,
  signCheckpoint,
  signEpochOpening,
  suiteOf,
} from '#trust';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { logEpochs } from './log-epochs.ts';
import { SqlTiles } from './sql-tiles.ts';

/** What one leaf of the evidence log (存证日志) says. */
export interface LogSubject {
  readonly kind: messages.LogEntryKind;
  /** Leaf hash of the envelope or of the receipt. */
  readonly subject: Buffer;
  readonly peer: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Proof that an entry is in the log under a checkpoint. */
export interface LogProof {
  readonly entry: Buffer;
  readonly index: number;
  readonly path: readonly Buffer[];
}

interface Integrated {
  readonly epoch: number;
  readonly size: number;
  readonly frontier: LogFrontier;
  /** Signed note; empty before the first entry. */
  readonly checkpoint: string;
}

export interface EvidenceLogOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  readonly signer: Signer;
  /** Milliseconds between an entry and the checkpoint that covers it, at most, while nobody asks for a proof. */
  readonly intervalMs: number;
  /** Told of a failed integration; the next entry or proof tries again. */
  readonly onError: (error: unknown) => void;
}

/** Entries integrated in one step. */
const STEP = 4096;

/**
 * The append-only log of one region. Units of work insert entries; one integrator at a time puts them into the tree
 * and signs a checkpoint, so that nobody queues behind the tree.
 */
export class EvidenceLog {
  readonly #options: EvidenceLogOptions;
  readonly #hash;
  readonly #tiles: SqlTiles;
  #state: Integrated = { epoch: 1, size: 0, frontier: EMPTY_FRONTIER, checkpoint: '' };
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  #onGrown: () => void = () => {};

  constructor(options: EvidenceLogOptions) {
    this.#options = options;
    this.#hash = suiteOf(options.signer.suite).hash;
    this.#tiles = new SqlTiles(options.store.read);
  }

  /**
   * Takes up where the last run ended; integrates what it left.
   *
   * @param beginsAnew given when the store was restored: a new epoch begins, and this is done in the same unit of work
   * @throws CodedError LOG_CORRUPT when the stored log is not the one that was signed, or the log key is of another suite
   */
  async start(beginsAnew?: (tx: Transaction) => Promise<void>): Promise<void> {
    this.#state = (await readState(this.#options.store.read)) ?? this.#state;
    this.#demandSignedRoot();
    if (beginsAnew) await this.#beginEpoch(beginsAnew);
    await this.integrate();
  }

  /** Adds an entry inside a unit of work. @returns its position, for a later proof */
  async append(tx: Transaction, { kind, subject, peer, at }: LogSubject): Promise<number> {
    const entry = encode('LogEntry', { version: 1, kind, subject, peer, at });
    const row = await tx.get<{ position: number }>(
      'INSERT INTO log_entry (entry, leaf) VALUES (?, ?) RETURNING position',
      entry,
      logLeaf(this.#hash, entry),
    );
    tx.afterCommit(() => this.#integrateSoon());
    return row!.position;
  }

  /** Number of entries in the tree. */
  get size(): number {
    return this.#state.size;
  }

  /** Newest signed checkpoint; empty before the first entry. */
  get checkpoint(): string {
    return this.#state.checkpoint;
  }

  /** Counts up when a restored gateway has to begin a new log. */
  get epoch(): number {
    return this.#state.epoch;
  }

  /** Called after every new checkpoint. Must not throw. */
  onGrown(listener: () => void): void {
    this.#onGrown = listener;
  }

  /** Puts every committed entry into the tree and signs a checkpoint. Calls wait for each other. */
  integrate(): Promise<void> {
    const next = this.#work.then(() => this.#integrateAll());
    this.#work = next.catch(() => {});
    return next;
  }

  /**
   * Proves entries under one checkpoint, integrating first if need be.
   *
   * @param indexes of entries that are known by their place in the tree
   * @throws CodedError LOG_CORRUPT when there is no such entry
   */
  async prove(
    positions: readonly number[],
    indexes: readonly number[] = [],
  ): Promise<{ checkpoint: string; proofs: LogProof[]; provedAt: ReadonlyMap<number, LogProof> }> {
    await this.integrate();
    const { checkpoint, size } = this.#state;
    const pathOf = (index: number) => logInclusionProof(this.#hash, index, size, this.#tiles);
    const proofs: LogProof[] = [];
    for (const position of positions) {
      const { entry, index } = await this.#tiles.entryAt(position);
      proofs.push({ entry, index, path: await pathOf(index) });
    }
    const provedAt = new Map<number, LogProof>();
    for (const index of indexes) {
      const found = await this.#tiles.entryAtIndex(index);
      if (!found) throw new CodedError('LOG_CORRUPT', `the log has no entry ${index}`);
      provedAt.set(index, { entry: found.entry, index, path: await pathOf(index) });
    }
    return { checkpoint, proofs, provedAt };
  }

  /**
   * Proof that the log of `newSize` entries, today's unless told, begins with the log of `oldSize` entries.
   *
   * @throws RangeError when it has not so many
   */
  consistency(oldSize: number, newSize = this.#state.size): Promise<Buffer[]> {
    return logConsistencyProof(this.#hash, oldSize, newSize, this.#tiles);
  }

  /** Whether this log ever was in a state. Of an epoch that has ended only what a restored copy had of it is here. */
  async contains({ epoch, size, root }: LogCheckpoint): Promise<boolean> {
    if (epoch > this.#state.epoch) return false;
    const end = (await logEpochs.keptOf(this.#options.store.read, epoch)) ?? this.#state.size;
    return size <= end && (await logRoot(this.#hash, size, this.#tiles)).equals(root);
  }

  /**
   * What a peer is told of this epoch when it holds a state of an earlier one: signed once, with an entry in the log.
   *
   * @param cites the state that it holds, as a note that was verified
   * @returns compact JWS
   */
  async openingFor(peer: string, cites: string): Promise<string> {
    const { store, region, signer, clock } = this.#options;
    const { epoch } = this.#state;
    const known = await logEpochs.openingFor(store.read, epoch, peer);
    if (known && readJws<{ cites?: unknown }>(known).payload.cites === cites) return known;
    const kept = (await logEpochs.keptOf(store.read, parseCheckpoint(cites).epoch)) ?? 0;
    const at = clock.now();
    const text = await signEpochOpening(signer, { region, peer }, { epoch, kept, cites }, at);
    const subject = this.#hash(Buffer.from(text));
    await store.write(async (tx) => {
      const logPosition = await this.append(tx, { kind: 'LOG_ENTRY_KIND_EPOCH_OPENED', subject, peer, at });
      await logEpochs.keepOpening(tx, { epoch, peer, text, logPosition });
    });
    return text;
  }

  /** Integrates the last entries and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.integrate();
  }

  /** The leaves of the restored copy stay: what came behind them may have been another log's. */
  async #beginEpoch(also: (tx: Transaction) => Promise<void>): Promise<void> {
    const { store, region, signer, clock } = this.#options;
    const { size, frontier, checkpoint } = this.#state;
    const epoch = this.#state.epoch + 1;
    const root = frontierRoot(this.#hash, frontier);
    const note = size === 0 ? '' : await signCheckpoint(signer, { region, epoch, size, root });
    const next: Integrated = { epoch, size, frontier, checkpoint: note };
    await store.write(async (tx) => {
      await writeState(tx, next);
      await logEpochs.open(tx, { epoch, kept: size, checkpoint }, clock.now());
      await also(tx);
    });
    this.#state = next;
  }

  /** Going on from another root would sign a log that nobody has seen: no peer would follow it. */
  #demandSignedRoot(): void {
    const { checkpoint, frontier } = this.#state;
    if (checkpoint === '' || frontierRoot(this.#hash, frontier).equals(parseCheckpoint(checkpoint).root)) return;
    const cause = 'the log key has another suite than the log, or the database is damaged';
    throw new CodedError(
      'LOG_CORRUPT',
      `the stored log has not the root that was signed: ${cause}; run: tongban log verify`,
    );
  }

  #integrateSoon(): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.integrate().catch(this.#options.onError);
    }, this.#options.intervalMs);
    this.#timer.unref();
  }

  async #integrateAll(): Promise<void> {
    while ((await this.#integrateStep()) === STEP);
  }

  /** @returns how many entries were integrated */
  async #integrateStep(): Promise<number> {
    const { store, region, signer } = this.#options;
    const waiting = await this.#tiles.waiting(STEP);
    if (waiting.length === 0) return 0;
    const appended = appendLeaves(
      this.#hash,
      this.#state.frontier,
      waiting.map((row) => row.leaf),
    );
    const { epoch, size: from } = this.#state;
    const checkpoint = await signCheckpoint(signer, { region, epoch, size: appended.size, root: appended.root });
    const next: Integrated = { epoch, size: appended.size, frontier: appended.frontier, checkpoint };
    await store.write(async (tx) => {
      await this.#tiles.integrate(
        tx,
        from,
        waiting.map((row) => row.position),
        appended.newNodes,
      );
      await writeState(tx, next);
    });
    this.#state = next;
    this.#onGrown();
    return waiting.length;
  }
}

async function readState(sql: Sql): Promise<Integrated | undefined> {
  const row = await sql.get<{ epoch: number; size: number; frontier: Buffer; checkpoint: string }>(
    'SELECT epoch, size, frontier, checkpoint FROM log_state WHERE id = 1',
  );
  return row && { ...row, frontier: decodeFrontier(row.frontier) };
}

async function writeState(tx: Transaction, { epoch, size, frontier, checkpoint }: Integrated): Promise<void> {
  await tx.run(
    `INSERT INTO log_state (id, epoch, size, frontier, checkpoint) VALUES (1, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, size = excluded.size,
       frontier = excluded.frontier, checkpoint = excluded.checkpoint`,
    epoch,
    size,
    encodeFrontier(frontier),
    checkpoint,
  );
}

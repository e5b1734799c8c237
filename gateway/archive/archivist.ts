import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '#proto';
import {
  type ArchivedEvidence,
  parseCheckpoint,
  type RegionStatement,
  readVolume,
  type SealedVolume,
  type Signer,
  writeVolume,
} from '#trust';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { Store } from '../store/store.ts';
import { archiveTable, type DueEvidence, type Volume } from './archive-table.ts';
import { digestOfFile, hasVolume, volumeFile, volumeLines, writeVolumeFile } from './volume-files.ts';

/** Pieces of evidence in one volume, at most. */
export const VOLUME_ENTRIES = 5_000;
/** Bytes of the lines of one volume after which it is closed. */
export const VOLUME_BYTES = 256 * 1024 * 1024;
/** Bytes of one bundle, at most: a line of a volume holds it, and so does our memory. */
const EVIDENCE_BYTES = 60 * 1024 * 1024;
/** Milliseconds between two looks for what is due. */
const LOOK_MS = 60 * 60_000;
/** Milliseconds that one volume takes up, at least, while it is not full: many small files help nobody. */
const VOLUME_MS = 24 * 60 * 60_000;
/** Rest for each millisecond that a bundle took: the other work of the gateway goes first. */
const REST = 2;
/** Rows marked in one unit of work. */
const AT_ONCE = 500;

export interface ArchivistOptions {
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly log: Pick<EvidenceLog, 'append' | 'epoch'>;
  readonly signer: Signer;
  /** Folder of the volumes. */
  readonly folder: string;
  /** Milliseconds after its end before the evidence of a case, or of a check, is archived. */
  readonly afterMs: number;
  /** Our own statement, with the keys that sealed earlier volumes. */
  readonly own: () => RegionStatement;
  /** Writes an evidence bundle without payloads. */
  readonly exportOf: (due: DueEvidence) => Promise<string>;
  /** Takes what is archived out of the database, if it has been there long enough. */
  readonly purge: () => Promise<void>;
  readonly onClosed: (volume: Volume) => void;
  /** One piece of evidence, or a whole volume, could not be archived; it is tried again. */
  readonly onError: (error: unknown, conversation?: string) => void;
}

/**
 * Archives evidence (归档): when a case has ended, or a check was made, long enough ago, its evidence bundle goes into the next
 * volume: a file that is written once, names the digest of the volume before it, and verifies without this database.
 */
export class Archivist {
  readonly #options: ArchivistOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ArchivistOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** Waits for the unit of work under way; a volume that is not finished is begun again by the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearInterval(this.#timer);
    await this.#running;
  }

  /**
   * Archives what is due now. Calls wait for each other.
   *
   * @param most volumes that are closed, at most
   * @returns the volumes that were closed
   * @throws CodedError ARCHIVE_INVALID when the folder holds a volume that does not continue ours
   */
  run(most = Number.POSITIVE_INFINITY): Promise<Volume[]> {
    const next = this.#running.then(() => this.#close(most));
    this.#running = next.catch(() => {});
    return next;
  }

  /** The archived evidence of a case or a check, as the text of its bundle. @throws CodedError NOT_FOUND, ARCHIVE_INVALID */
  async bundleFrom(number: number, { kind, id }: Pick<DueEvidence, 'kind' | 'id'>): Promise<string> {
    const volume = readVolume(volumeLines(volumeFile(this.#options.folder, number)), () => this.#options.own());
    let found: string | undefined;
    // To the end: before the seal nothing in it is certain.
    for await (const one of volume)
      if (one.kind === kind && one.id === id) found = JSON.stringify(one.bundle, undefined, 1);
    if (found === undefined) throw new CodedError('NOT_FOUND', `volume ${number} has no such evidence`);
    return `${found}\n`;
  }

  async #look(): Promise<void> {
    const { store, now, afterMs, purge, onError } = this.#options;
    try {
      const last = await archiveTable.last(store.read);
      const due = await archiveTable.due(store.read, now() - afterMs, VOLUME_ENTRIES);
      if (due.length > 0 && (due.length === VOLUME_ENTRIES || now() - (last?.closedAt ?? 0) >= VOLUME_MS))
        await this.run();
      await purge();
    } catch (error) {
      if (!this.#stopped.signal.aborted) onError(error);
    }
  }

  async #close(most: number): Promise<Volume[]> {
    const { store, now, afterMs, folder } = this.#options;
    const closed: Volume[] = [];
    while (closed.length < most && !this.#stopped.signal.aborted) {
      const last = await archiveTable.last(store.read);
      const number = (last?.number ?? 0) + 1;
      // A crash, or a restored database, may have left a volume that the database does not know.
      if (!(await hasVolume(folder, number))) {
        const due = await archiveTable.due(store.read, now() - afterMs, VOLUME_ENTRIES);
        if (due.length === 0 || !(await this.#write(number, last, due))) return closed;
      }
      closed.push(await this.#adopt(number, last));
    }
    return closed;
  }

  /** @returns whether there is a new volume */
  async #write(number: number, last: Volume | undefined, due: readonly DueEvidence[]): Promise<boolean> {
    const { region, signer, now, folder } = this.#options;
    const gathered = new Gathered();
    const writer = { region, number, previous: last?.digest.toString('hex') ?? '', signer, now };
    try {
      await writeVolumeFile(folder, number, writeVolume(writer, this.#gather(due, gathered)), async (path) => {
        for await (const _ of readVolume(volumeLines(path), () => this.#options.own())) this.#demandTime();
        if (gathered.count === 0) throw new NothingGathered();
      });
      return true;
    } catch (error) {
      if (error instanceof NothingGathered) return false;
      throw error;
    }
  }

  async *#gather(due: readonly DueEvidence[], gathered: Gathered): AsyncGenerator<ArchivedEvidence> {
    for (const one of due) {
      if (gathered.bytes >= VOLUME_BYTES) return;
      this.#demandTime();
      const began = performance.now();
      const text = await this.#exported(one);
      if (text === undefined || (await this.#isTooLarge(one, text))) continue;
      gathered.count += 1;
      gathered.bytes += text.length;
      yield { kind: one.kind, id: one.id, peer: one.peer, bundle: JSON.parse(text) as object };
      await sleep(REST * (performance.now() - began), undefined, { signal: this.#stopped.signal, ref: false });
    }
  }

  /** Undefined when there is nothing to prove, or it cannot be had now: what fails holds up nothing else. */
  async #exported(due: DueEvidence): Promise<string | undefined> {
    try {
      return await this.#options.exportOf(due);
    } catch (error) {
      if (due.kind === 'case' && error instanceof CodedError && error.code === 'NOT_FOUND')
        // A case that was never sent has no evidence, and never will.
        await this.#options.store.write((tx) => archiveTable.leaveOut(tx, due.id));
      else this.#options.onError(error, due.kind === 'case' ? due.id : undefined);
      return undefined;
    }
  }

  async #isTooLarge(due: DueEvidence, text: string): Promise<boolean> {
    if (Buffer.byteLength(text) < EVIDENCE_BYTES) return false;
    const error = new CodedError(
      'ARCHIVE_INVALID',
      `the evidence has more than ${EVIDENCE_BYTES} bytes: it stays where it is`,
    );
    this.#options.onError(error, due.kind === 'case' ? due.id : undefined);
    if (due.kind === 'case') await this.#options.store.write((tx) => archiveTable.leaveOut(tx, due.id));
    return true;
  }

  /** Reads a volume that has its name, and writes down what is in it, once. */
  async #adopt(number: number, last: Volume | undefined): Promise<Volume> {
    const { region, store, log, now, folder, onClosed } = this.#options;
    const path = volumeFile(folder, number);
    const { digest, size } = await digestOfFile(path);
    const reading = readVolume(volumeLines(path), () => this.#options.own());
    const previous = last?.digest ?? Buffer.alloc(0);
    const kept: Kept[] = [];
    const sealed = await eachOf(reading, ({ kind, id, peer, bundle }) => {
      const { envelopes = [], checkpoint = '' } = bundle as { envelopes?: readonly unknown[]; checkpoint?: string };
      // Of before a restore: the log has other places for it now, and a later volume will have it.
      if (parseCheckpoint(checkpoint).epoch !== log.epoch) return;
      kept.push({ kind, id, peer, envelopes: envelopes.length });
    });
    if (sealed.region !== region || sealed.number !== number || sealed.previous !== previous.toString('hex'))
      throw new CodedError(
        'ARCHIVE_INVALID',
        `${path} does not continue volume ${number - 1} of this gateway; move it away`,
      );
    for (let from = 0; from < kept.length; from += AT_ONCE) {
      const some = kept.slice(from, from + AT_ONCE);
      await store.write(async (tx) => {
        for (const { kind, id, peer, envelopes } of some)
          if (kind === 'case') await archiveTable.keepCase(tx, id, number, envelopes);
          else await archiveTable.keepCheck(tx, id, peer, number);
      });
    }
    const volume = await store.write(async (tx) => {
      const at = now();
      const logPosition = await log.append(tx, {
        kind: 'LOG_ENTRY_KIND_ARCHIVE_CLOSED',
        subject: digest,
        peer: region,
        at,
      });
      const row = { number, digest, previous, entries: sealed.entries, size, closedAt: sealed.closedAt, logPosition };
      await archiveTable.add(tx, row);
      return row;
    });
    onClosed(volume);
    return volume;
  }

  #demandTime(): void {
    this.#stopped.signal.throwIfAborted();
  }
}

type Kept = DueEvidence & { readonly envelopes: number };

class Gathered {
  count = 0;
  bytes = 0;
}

class NothingGathered extends Error {}

async function eachOf(
  volume: AsyncGenerator<ArchivedEvidence, SealedVolume>,
  take: (one: ArchivedEvidence) => void,
): Promise<SealedVolume> {
  for (;;) {
    const { done, value } = await volume.next();
    if (done) return value as SealedVolume;
    take(value as ArchivedEvidence);
  }
}

import { CodedError, type ErasureGround, type messages } from '#proto';
import { AuthorizationError } from '#trust';
import type { RetentionConfig } from '../../config/retention-config.ts';
import type { MaterialStore } from '../../material/material-store.ts';
import type { Outbox } from '../../outbound/outbox.ts';
import type { Store, Transaction } from '../../store/store.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import type { CaseNeighbours } from '../neighbours.ts';
import { note } from '../notes/case-notes.ts';
import { keepNote } from '../notes/keep-note.ts';
import type { NoteName } from '../notes/notes.ts';
import { isHeld, requestOf } from './erasure-notes.ts';
import { erasureTable } from './erasure-table.ts';
import { forgetOutcomes } from './forget-outcomes.ts';
import { demandErasable, demandImpersonal, obstaclesTo } from './retention.ts';
import { erasePayloads, scrubCase } from './scrub.ts';
import { isWhole, scrubWhole, wholeOf } from './scrub-whole.ts';
import { demandWholeErasable, findIdleWholes } from './whole-retention.ts';

/** Milliseconds between being asked and beginning: what comes together is done together. */
const PAUSE_MS = 100;
/** Milliseconds between two looks for cases that were kept long enough. */
const DAY_MS = 24 * 60 * 60 * 1000;
/** Cases read at once. */
const PAGE = 500;

export interface ErasuresOptions {
  /** Our own region, and the name of its gateway, which acts where nobody else does. */
  readonly region: string;
  readonly name: string;
  readonly store: Store;
  readonly now: () => number;
  readonly outbox: Outbox;
  readonly materials: MaterialStore;
  readonly neighbours: Pick<CaseNeighbours, 'demandRight' | 'permitUnder' | 'emit' | 'office'>;
  readonly retention: RetentionConfig;
  /** Another region asks for an erasure that an operator has to decide on: for the log. */
  readonly onAsked: (conversation: string, peer: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Who wants an erasure, and why. */
export interface ErasureWish {
  readonly handler: messages.Handler;
  readonly ground: ErasureGround;
  readonly reason: string;
}

/**
 * Erases what is personal in cases (删除): when it was kept for as long as it may be, when the person or the other region
 * asks, and when a case was sent by mistake. What is to be done stands in the store, so that a crash leaves nothing half
 * erased for good.
 */
export class Erasures {
  readonly #options: ErasuresOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  /** The last run may have ended before the database's log was written back. */
  #owesPurge = true;

  constructor(options: ErasuresOptions) {
    this.#options = options;
  }

  /**
   * Erases a case here, and asks the other region to do the same unless it asked first.
   *
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED when the reason names the applicant, CONFLICT while the case is open, a
   *   limit runs, a receipt is awaited or it is on hold, BACK_PRESSURE
   */
  async ask(conversation: string, wish: ErasureWish): Promise<CaseFile> {
    return this.#options.store.write(async (tx) => this.#ask(tx, await demandFile(tx, conversation), wish));
  }

  /**
   * Erases a joint case or the case of a bundle that we lead, with the cases of all its parts, as `ask` does it for each.
   *
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED, CONFLICT while it or a part is open, or a part is on hold
   */
  async askWhole(conversation: string, wish: ErasureWish): Promise<void> {
    const { store, region, now } = this.#options;
    await store.write(async (tx) => {
      const parts = await demandWholeErasable(tx, conversation, wish.reason);
      for (const part of parts) await this.#ask(tx, part, wish);
      await erasureTable.ask(tx, { conversation, ground: wish.ground, askedBy: region, isAllowed: true, at: now() });
      tx.afterCommit(() => this.wake());
    });
  }

  /**
   * Puts erasure on hold (暂停删除), or lifts it.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when that is how it stands, or the case was erased
   */
  async hold(conversation: string, isHold: boolean, wish: Omit<ErasureWish, 'ground'>): Promise<CaseFile> {
    return this.#options.store.write(async (tx) => {
      const file = await demandFile(tx, conversation);
      if (file.erasedAt !== undefined) throw new CodedError('CONFLICT', 'the case was erased already');
      if (isHeld(file) === isHold)
        throw new CodedError('CONFLICT', isHold ? 'it is on hold already' : 'it is not on hold');
      tx.afterCommit(() => this.wake());
      return note(tx, file, isHold ? 'hold-set' : 'hold-lifted', wish, this.#options);
    });
  }

  /**
   * The other region asks for an erasure. One of a case that it sent by mistake is followed, any other where the
   * configuration says so; else an operator decides, by asking for the erasure himself.
   */
  async asked(tx: Transaction, { conversation, peer }: CaseFile, ground: ErasureGround): Promise<void> {
    const { now, retention, onAsked } = this.#options;
    const isAllowed = ground === 'sent-by-mistake' || retention.honourRequests;
    await erasureTable.ask(tx, { conversation, ground, askedBy: peer, isAllowed, at: now() });
    tx.afterCommit(() => (isAllowed ? this.wake() : onAsked(conversation, peer)));
  }

  /** A message came for a case that was erased: what it brought goes too. */
  async heardAgain(tx: Transaction, conversation: string): Promise<void> {
    await erasureTable.again(tx, conversation);
    tx.afterCommit(() => this.wake());
  }

  /** There may be something to erase. */
  wake(): void {
    if (this.#timer || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.look();
    }, PAUSE_MS);
    this.#timer.unref();
  }

  /** Waits for what is under way; the next start goes on with the rest. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Erases everything whose time has come. One look at a time. */
  look(): Promise<void> {
    this.#running = this.#running.then(() => this.#look());
    return this.#running;
  }

  async #ask(tx: Transaction, file: CaseFile, { handler, ground, reason }: ErasureWish): Promise<CaseFile> {
    const { region, now, retention } = this.#options;
    if (file.erasedAt !== undefined) return file;
    const at = now();
    demandErasable(file, retention, at);
    demandImpersonal(file, reason);
    const told = requestOf(file) ? file : await this.#tell(tx, file, 'erasure-requested', handler, { ground, reason });
    await erasureTable.ask(tx, { conversation: file.conversation, ground, askedBy: region, isAllowed: true, at });
    tx.afterCommit(() => this.wake());
    return scrubCase(tx, told, at);
  }

  async #look(): Promise<void> {
    const { onError, now } = this.#options;
    try {
      if (now() - this.#lookedAt >= DAY_MS) {
        await this.#findOld();
        this.#lookedAt = now();
      }
      await this.#eraseOwed();
    } catch (error) {
      onError(error);
    }
  }

  async #findOld(): Promise<void> {
    const { store, region, now, retention } = this.#options;
    const at = now();
    const wish = { ground: 'purpose-over', askedBy: region, isAllowed: true, at } as const;
    for await (const conversations of erasureTable.pastRetention(store.read, retention, at, PAGE))
      await store.write(async (tx) => {
        for (const conversation of conversations) await erasureTable.ask(tx, { conversation, ...wish });
      });
    for await (const conversation of findIdleWholes(store.read, retention, at, PAGE))
      await store.write((tx) => erasureTable.ask(tx, { conversation, ...wish }));
    await forgetOutcomes(store, retention, at);
  }

  async #eraseOwed(): Promise<void> {
    const { store } = this.#options;
    let after = '';
    for (;;) {
      const page = await erasureTable.owed(store.read, after, PAGE);
      for (const conversation of page) {
        if (this.#isStopped) return;
        if (await this.#eraseSafely(conversation)) this.#owesPurge = true;
      }
      if (page.length < PAGE) break;
      after = page.at(-1)!;
    }
    if (!this.#owesPurge) return;
    this.#owesPurge = !(await store.purge());
    if (this.#owesPurge) this.wake();
  }

  /** One that fails does not keep the others. */
  #eraseSafely(conversation: string): Promise<boolean> {
    return this.#erase(conversation).catch((error) => {
      this.#options.onError(error);
      return false;
    });
  }

  /** @returns whether nothing of it is left */
  async #erase(conversation: string): Promise<boolean> {
    const { store, materials, now, retention } = this.#options;
    if (await isWhole(store.read, conversation)) return this.#eraseWhole(conversation);
    const scrubs = await store.write(async (tx) => {
      const file = await demandFile(tx, conversation);
      if (file.erasedAt === undefined && obstaclesTo(file, retention, now()).length > 0) return false;
      await scrubCase(tx, file, now());
      return true;
    });
    // A file that an envelope names goes once that has arrived.
    const isSending = "SELECT 1 FROM outbox WHERE conversation = ? AND state = 'pending' AND materials <> ''";
    if (!scrubs || (await store.read.get(isSending, conversation))) return false;
    await materials.erase(conversation);
    const whole = await wholeOf(store.read, conversation);
    if (whole !== undefined) await this.#eraseWhole(whole);
    return store.write((tx) => this.#conclude(tx, conversation));
  }

  /** @returns whether nothing of it is left; false while a part of it is */
  async #eraseWhole(conversation: string): Promise<boolean> {
    const { store, materials, now } = this.#options;
    if (!(await store.write((tx) => scrubWhole(tx, conversation, now())))) return false;
    await materials.erase(conversation);
    await store.write((tx) => erasureTable.done(tx, conversation, now()));
    return true;
  }

  /** What waits for its receipt goes when that has come; then the other region is told. */
  async #conclude(tx: Transaction, conversation: string): Promise<boolean> {
    const { region, name, now } = this.#options;
    await erasePayloads(tx, conversation);
    const waits = await tx.get("SELECT 1 FROM outbox WHERE conversation = ? AND state = 'pending'", conversation);
    if (waits) return false;
    const file = await demandFile(tx, conversation);
    const { ground } = (await erasureTable.find(tx, conversation))!;
    const notes = file.document.notes ?? [];
    const wasAsked = notes.some(({ kind }) => kind === 'erasure-requested');
    const said = notes.filter(({ kind, by }) => kind === 'erasure-done' && by === file.role);
    if (said.length === 0 || (wasAsked && said.every(({ envelope, code }) => envelope === '' && !code))) {
      const handler = { organisation: name, window: '', staff: region };
      await this.#tell(tx, file, 'erasure-done', handler, { ground, erasedAt: now() }, wasAsked);
    }
    await erasureTable.done(tx, conversation, now());
    return true;
  }

  /** Notes with the case, and tells the other region if it has the case and may be told. */
  async #tell(
    tx: Transaction,
    file: CaseFile,
    kind: NoteName,
    handler: messages.Handler,
    data: object,
    isForBoth = true,
  ): Promise<CaseFile> {
    let code: string | undefined;
    try {
      if (isForBoth && isShared(file)) return await note(tx, file, kind, { handler, ...data }, this.#options);
    } catch (error) {
      // An authorization that was taken back for cause ends the exchange, and no duty of ours.
      if (!(error instanceof AuthorizationError)) throw error;
      code = error.code;
    }
    const { region, now, neighbours } = this.#options;
    const kept = { kind, region, by: file.role, handler, at: now(), data, envelope: '', ...(code && { code }) };
    return keepNote(tx, file, { note: kept, now: now() }, neighbours);
  }
}

/** Whether the other region has the case too. */
function isShared({ mode, role, document: { steps } }: CaseFile): boolean {
  if (mode === 'direct') return false;
  return role === 'handling' || steps.transfer !== undefined || steps['request-preview'] !== undefined;
}

async function demandFile(tx: Transaction, conversation: string): Promise<CaseFile> {
  const file = await caseRepository.find(tx, conversation);
  if (!file) throw new CodedError('NOT_FOUND', 'there is no such case');
  return file;
}

import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type Clock, type SuiteName, suiteOf } from '#trust';
import { derivedKey, pseudonym } from '../duty/derived-key.ts';
import { auditPurgeBefore, notePurgedAudit } from '../evidence/audit-purged.ts';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type AuditAct, type AuditRecord, encodeRecord, recordLeaf } from './audit-record.ts';
import { type AuditFilter, type AuditRow, auditTable } from './audit-table.ts';
import { Refusals } from './refusals.ts';

/** Milliseconds after which what began and never ended has ended: no request lasts so long. */
const LOST_AFTER_MS = 15 * 60 * 1000;
/** Rows of one unit of work: others wait for the database meanwhile. */
const AT_ONCE = 500;
/** Units of work of one look; the rest waits for the next. */
const MOST_UNITS = 200;

export interface AuditTrailOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly region: string;
  readonly evidence: Pick<EvidenceLog, 'append'>;
  /** Suite of the log key. */
  readonly suite: SuiteName;
  readonly apiKey: Uint8Array;
}

/**
 * What was done through the API, and by whom (操作审计). An act is written down before it begins and again, with how it ended
 * and an entry of the evidence log, before it is answered: what a crash cuts off is found at the next look and ends as `unknown`.
 */
export class AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #key: Buffer;
  readonly #refusals: Refusals;
  #onWritten: () => void = () => {};

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.#key = derivedKey(options.apiKey, 'audit');
    this.#refusals = new Refusals((records) => this.#keepRefused(records));
  }

  /** What stands for a subject, or for a body, in records; the same text has always the same. */
  pseudonym(text: string): string {
    return text === '' ? '' : pseudonym(this.#key, text);
  }

  /** Called after each commit that added records. Must not throw. */
  onWritten(listener: () => void): void {
    this.#onWritten = listener;
  }

  /** Writes down that an act begins; durable when it returns. @returns what ends it */
  async begin(act: AuditAct): Promise<string> {
    const id = randomUUID();
    await this.#options.store.write((tx) => auditTable.begin(tx, id, act.at, JSON.stringify(act)));
    return id;
  }

  /** Writes down how an act ended; durable when it returns. */
  async end(id: string, act: AuditAct, outcome: string, status: number): Promise<void> {
    await this.#options.store.write((tx) => this.#end(tx, id, act, outcome, status));
  }

  /** Notes what was refused before it began. Returns at once: whoever floods us waits for nothing and neither do we. */
  refused(act: AuditAct, outcome: string, status: number): void {
    this.#refusals.add({ act, outcome, status });
  }

  /** Newest first. */
  list(filter: AuditFilter, limit: number, before?: number): Promise<AuditRow[]> {
    return auditTable.list(this.#options.store.read, filter, limit, before);
  }

  /** Oldest first. */
  after(filter: AuditFilter, after: number, limit: number): Promise<AuditRow[]> {
    return auditTable.after(this.#options.store.read, filter, after, limit);
  }

  /** Ends what a crash cut off. @returns how many acts */
  async settleLost(): Promise<number> {
    const { store, clock } = this.#options;
    const before = clock.now() - LOST_AFTER_MS;
    return inUnits(async () => {
      const lost = await auditTable.begunBefore(store.read, before, AT_ONCE);
      await store.write(async (tx) => {
        for (const { id, record } of lost) await this.#end(tx, id, JSON.parse(record) as AuditAct, 'unknown', 0);
      });
      return lost.length;
    });
  }

  /**
   * Removes what was kept for as long as it had to be; the evidence log keeps its entries.
   *
   * @param keepMs milliseconds for which records are kept
   * @param upTo position of the last record that may go: what is not exported yet stays
   * @returns how many were removed
   */
  async purge(keepMs: number, upTo: number): Promise<number> {
    const { store, clock } = this.#options;
    const before = await auditPurgeBefore(store.read, clock.now(), keepMs);
    return inUnits(() =>
      store.write(async (tx) => {
        const removed = await auditTable.removeBefore(tx, before, upTo, AT_ONCE);
        if (removed > 0) await notePurgedAudit(tx, before);
        return removed;
      }),
    );
  }

  /** Writes down what was counted. */
  async stop(): Promise<void> {
    await this.#refusals.flush();
  }

  async #keepRefused(records: readonly AuditRecord[]): Promise<void> {
    const { store, log } = this.#options;
    try {
      await store.write(async (tx) => {
        for (const record of records) await this.#add(tx, record);
      });
    } catch (error) {
      log.error({ err: error, count: records.length }, 'refused requests could not be written into the audit record');
    }
  }

  async #end(tx: Transaction, id: string, act: AuditAct, outcome: string, status: number): Promise<void> {
    if (await auditTable.end(tx, id)) await this.#add(tx, { ...act, version: 1, outcome, status, count: 1 });
  }

  async #add(tx: Transaction, record: AuditRecord): Promise<void> {
    const { evidence, region, suite } = this.#options;
    const text = encodeRecord(record);
    const subject = recordLeaf(suiteOf(suite).hash, text);
    const entry = { kind: 'LOG_ENTRY_KIND_OPERATOR_ACTION', subject, peer: region, at: record.at } as const;
    await auditTable.add(tx, record, text, await evidence.append(tx, entry));
    tx.afterCommit(() => this.#onWritten());
  }
}

/** Works until a unit was not full, or for long enough; others have their turn in between. @returns the sum */
async function inUnits(work: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let units = 0; units < MOST_UNITS; units += 1) {
    const count = await work();
    sum += count;
    if (count < AT_ONCE) break;
    await setImmediate();
  }
  return sum;
}

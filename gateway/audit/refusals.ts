import type { AuditAct, AuditRecord } from './audit-record.ts';

/** Milliseconds for which refusals of one kind are counted before they are written down as one. */
const WINDOW_MS = 60_000;
/** Kinds of refusals that are counted apart; the rest is counted together. */
const KINDS_COUNTED = 1_000;

/** How something was refused. */
export interface Refusal {
  readonly act: AuditAct;
  readonly outcome: string;
  readonly status: number;
}

/**
 * Refusals on their way into the record: the first of a kind is written down at once, the others of the next minute as one
 * with their number, so that a flood fills no store. What comes without a token is one kind whatever the route: nobody
 * is behind it, and there are many routes.
 */
export class Refusals {
  readonly #write: (records: readonly AuditRecord[]) => Promise<void>;
  readonly #counted = new Map<string, AuditRecord>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  /** @param write must not reject */
  constructor(write: (records: readonly AuditRecord[]) => Promise<void>) {
    this.#write = write;
  }

  /** Returns at once. */
  add({ act, outcome, status }: Refusal): void {
    const isNobody = act.factor === 'none';
    const kind = JSON.stringify([isNobody ? '*' : act.route, act.role, act.actor, outcome]);
    const key = this.#counted.has(kind) || this.#counted.size < KINDS_COUNTED ? kind : '';
    const known = this.#counted.get(key);
    const record: AuditRecord = { ...act, version: 1, outcome, status, count: 1 };
    if (known) this.#counted.set(key, { ...known, count: known.count + 1 });
    else if (key === '') this.#counted.set(key, { ...record, route: '*', target: '', actor: '', body: '' });
    else {
      this.#counted.set(key, { ...record, ...(isNobody && { route: '*', target: '', body: '' }), count: 0 });
      this.#queue([record]);
    }
    this.#timer ??= setTimeout(() => void this.flush(), WINDOW_MS).unref();
  }

  /** Writes down what was counted; the counting begins anew. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = [...this.#counted.values()].filter(({ count }) => count > 0);
    this.#counted.clear();
    if (records.length > 0) this.#queue(records);
    await this.#work;
  }

  #queue(records: readonly AuditRecord[]): void {
    this.#work = this.#work.then(() => this.#write(records));
  }
}

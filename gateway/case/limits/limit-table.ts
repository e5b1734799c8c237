import type { Office } from '../../calendar/office.ts';
import type { Sql, Transaction } from '../../store/store.ts';
import type { CaseLimit, LimitName } from './limit-names.ts';

/** The limit for a whole (总时限): a joint case or the case of a bundle. */
export const WHOLE = 'whole';

/** A running limit whose time has come. */
export interface DueLimit {
  readonly conversation: string;
  readonly name: LimitName | typeof WHOLE;
  /** Milliseconds. */
  readonly dueAt: number;
  /** `warning` before it runs out, `overdue` once it has. */
  readonly stage: 'warning' | 'overdue';
}

/** Before a limit of minutes or of a moment runs out, warn this long ahead. */
const WARN_MS = 30 * 60 * 1000;

/** The running limits of all cases, so that what runs out is found without reading cases. */
export const limitTable = {
  /** Writes down what changed from one list of limits of a case to the next. */
  async sync(
    tx: Transaction,
    conversation: string,
    before: readonly CaseLimit[],
    after: readonly CaseLimit[],
    office: Office,
  ): Promise<void> {
    for (const limit of after) {
      if (before.includes(limit)) continue;
      // Of a limit that the case never had there is no row.
      if (before.some(({ name }) => name === limit.name))
        await tx.run('DELETE FROM case_limit WHERE conversation = ? AND name = ?', conversation, limit.name);
      if (limit.state !== 'running' || limit.dueAt === undefined || limit.isLate) continue;
      await tx.run(
        'INSERT INTO case_limit (conversation, name, due_at, next_at, stage) VALUES (?, ?, ?, ?, ?)',
        conversation,
        limit.name,
        limit.dueAt,
        warnAt(limit, office),
        'warning',
      );
    }
  },

  /** The limit for a whole begins. @param limit.since milliseconds, like `dueAt` */
  async beginWhole(
    tx: Transaction,
    conversation: string,
    { since, dueAt }: { readonly since: number; readonly dueAt: number },
    office: Office,
  ): Promise<void> {
    await tx.run(
      'INSERT INTO case_limit (conversation, name, due_at, next_at, stage) VALUES (?, ?, ?, ?, ?)',
      conversation,
      WHOLE,
      dueAt,
      Math.max(since, office.before(dueAt)),
      'warning',
    );
  },

  async endWhole(tx: Transaction, conversation: string): Promise<void> {
    await tx.run('DELETE FROM case_limit WHERE conversation = ? AND name = ?', conversation, WHOLE);
  },

  /** At most `limit` whose next stage has come, the oldest first. */
  async due(sql: Sql, now: number, limit: number): Promise<DueLimit[]> {
    const rows = await sql.all<{
      conversation: string;
      name: DueLimit['name'];
      due_at: number;
      stage: DueLimit['stage'];
    }>(
      'SELECT conversation, name, due_at, stage FROM case_limit WHERE next_at <= ? ORDER BY next_at LIMIT ?',
      now,
      limit,
    );
    // Whoever was away when a warning was due says at once that it is overdue.
    return rows.map(({ conversation, name, due_at, stage }) => {
      return { conversation, name, dueAt: due_at, stage: due_at <= now ? 'overdue' : stage };
    });
  },

  /** Looks at a limit again only later, so that one that cannot be told now keeps no other waiting. */
  async defer(tx: Transaction, { conversation, name, dueAt }: DueLimit, until: number): Promise<void> {
    await tx.run(
      'UPDATE case_limit SET next_at = ? WHERE conversation = ? AND name = ? AND due_at = ?',
      until,
      conversation,
      name,
      dueAt,
    );
  },

  /**
   * Takes a stage as told.
   *
   * @returns false when somebody else told it, or the limit moved meanwhile
   */
  async told(tx: Transaction, { conversation, name, dueAt, stage }: DueLimit): Promise<boolean> {
    const changed =
      stage === 'warning'
        ? await tx.run(
            `UPDATE case_limit SET stage = 'overdue', next_at = due_at
             WHERE conversation = ? AND name = ? AND due_at = ? AND stage = 'warning'`,
            conversation,
            name,
            dueAt,
          )
        : await tx.run(
            'DELETE FROM case_limit WHERE conversation = ? AND name = ? AND due_at = ?',
            conversation,
            name,
            dueAt,
          );
    return changed === 1;
  },
};

/** One working day ahead; of a limit that is shorter, when the last half hour begins. */
function warnAt({ days, since, dueAt }: CaseLimit, office: Office): number {
  const ahead = days !== undefined && days > 0 ? office.before(dueAt!) : dueAt! - WARN_MS;
  return Math.max(since, ahead);
}

/** The event that tells of a stage. */
export function limitEvent(stage: DueLimit['stage']) {
  return stage === 'overdue' ? 'limit-overdue' : 'limit-warning';
}

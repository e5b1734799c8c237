import type { Sql, Transaction } from '../store/store.ts';

/** Services that are asked what became of something: of mailed originals, of a result in a locker. */
export type WatchedService = 'parcels' | 'locker';

/** Something that a service is asked about, until it has come to its end. */
export interface Watched {
  readonly service: WatchedService;
  readonly conversation: string;
  /** When that began, milliseconds. */
  readonly since: number;
}

/** What services are asked about, durably: nothing of it but the conversation. */
export const watchTable = {
  /** Begins, or begins anew. @param nextAt when to ask first, milliseconds */
  async begin(tx: Transaction, { service, conversation, since }: Watched, nextAt: number): Promise<void> {
    await tx.run(
      `INSERT INTO service_watch (service, conversation, since, next_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (service, conversation) DO UPDATE SET since = excluded.since, next_at = excluded.next_at`,
      service,
      conversation,
      since,
      nextAt,
    );
  },

  async has(sql: Sql, service: WatchedService, conversation: string): Promise<boolean> {
    const row = await sql.get(
      'SELECT 1 FROM service_watch WHERE service = ? AND conversation = ?',
      service,
      conversation,
    );
    return row !== undefined;
  },

  /** At most `limit` of services whose turn it is, the oldest first. */
  due(sql: Sql, now: number, limit: number): Promise<Watched[]> {
    return sql.all<Watched & { readonly [column: string]: string | number }>(
      'SELECT service, conversation, since FROM service_watch WHERE next_at <= ? ORDER BY next_at, service, conversation LIMIT ?',
      now,
      limit,
    );
  },

  /** Unless it began anew meanwhile. */
  async defer(tx: Transaction, { service, conversation, since }: Watched, nextAt: number): Promise<void> {
    await tx.run(
      'UPDATE service_watch SET next_at = ? WHERE service = ? AND conversation = ? AND since = ?',
      nextAt,
      service,
      conversation,
      since,
    );
  },

  /** Unless it began anew meanwhile. */
  async end(tx: Transaction, { service, conversation, since }: Watched): Promise<void> {
    await tx.run(
      'DELETE FROM service_watch WHERE service = ? AND conversation = ? AND since = ?',
      service,
      conversation,
      since,
    );
  },
};

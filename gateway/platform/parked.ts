import type { Sql } from '../store/store.ts';

/** An event that a platform refused for good, or that failed too long. */
export interface ParkedEvent {
  readonly adapter: string;
  /** Names the event towards `retry`. */
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: number;
  /** When it happened, in ms. */
  readonly at: number;
  readonly attempts: number;
  /** When it was given up, in ms. */
  readonly parkedAt: number;
  readonly code: string;
  /** What the adapter said, without data of the event. */
  readonly message: string;
}

/** Parked events of all platforms, those of platforms that were taken out of the configuration included. */
export function parkedEvents(sql: Sql, limit: number): Promise<ParkedEvent[]> {
  return sql.all<ParkedEvent>(
    `SELECT adapter, held.position, id, type, event.subject, sequence, at, attempts, last_at AS parkedAt, code, message
     FROM platform_held AS held JOIN platform_event AS event ON event.position = held.position
     WHERE held.state = 'parked' ORDER BY last_at, adapter, held.position LIMIT ?`,
    limit,
  );
}

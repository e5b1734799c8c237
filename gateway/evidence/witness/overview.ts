import { parseCheckpoint } from '#trust';
import type { Sql } from '../../store/store.ts';
import { type StoredAlarm, storedAlarms } from './log-alarms.ts';

/** A state of a log, and when something happened to it. */
export interface StateAt {
  readonly epoch: number;
  readonly size: number;
  /** Milliseconds. */
  readonly at: number;
}

/** How it stands between us and one region as witnesses of each other's logs. */
export interface WitnessView {
  readonly region: string;
  /** Newest good state of its log, and when it showed it last. */
  readonly seen: StateAt | undefined;
  /** Newest state of its log that we countersigned. */
  readonly countersigned: StateAt | undefined;
  /** Newest state of our log that it countersigned, by its clock. */
  readonly countersignature: StateAt | undefined;
}

export interface WitnessOverview {
  readonly witnesses: readonly WitnessView[];
  /** Contradictions, those about our own log among them; each with both signed notes. */
  readonly alarms: readonly StoredAlarm[];
}

/** What the regions know of each other's logs. */
export async function witnessOverview(read: Sql, regions: readonly string[]): Promise<WitnessOverview> {
  const witnesses: WitnessView[] = [];
  for (const region of regions) {
    const held = await read.get<{ note: string; at: number }>(
      'SELECT note, received_at AS at FROM peer_checkpoint WHERE region = ?',
      region,
    );
    const { epoch = 0, size = 0 } = held ? parseCheckpoint(held.note) : {};
    witnesses.push({
      region,
      seen: held && { epoch, size, at: held.at },
      countersigned: await newest(read, "witnessed_note WHERE line <> '' AND region = ?", region),
      countersignature: await newest(read, 'cosignature WHERE witness = ?', region),
    });
  }
  return { witnesses, alarms: await storedAlarms(read) };
}

function newest(read: Sql, from: string, region: string): Promise<StateAt | undefined> {
  return read.get<{ epoch: number; size: number; at: number }>(
    `SELECT epoch, size, at FROM ${from} ORDER BY epoch DESC, size DESC LIMIT 1`,
    region,
  );
}

import { decode } from '#proto';
import type { RegionStatement } from '#trust';
import type { GatewayConfig } from '../../../config/config.ts';
import type { Environment } from '../../../store/open-store.ts';
import type { Reader } from '../../../store/store.ts';
import { checkAlarms } from './check-alarms.ts';
import { checkAtRest } from './check-at-rest.ts';
import { checkDeadLetters } from './check-dead-letters.ts';
import { checkNewestLog } from './check-log.ts';
import { pinnedValidities } from './check-pins.ts';
import { checkPostgres } from './check-postgres.ts';
import { checkRecovery } from './check-recovery.ts';
import { checkSqlite } from './check-sqlite.ts';
import { isDamage, type StoreFindings } from './store-finding.ts';

export type { StoreFindings } from './store-finding.ts';

/**
 * Whether the database can be read and written and fits this program, what it says of the pinned regions, and whether
 * the newest part of its log is sound.
 *
 * @param statement ours; undefined when it is not valid
 */
export async function checkStore(
  { store }: GatewayConfig,
  statement: RegionStatement | undefined,
  now: number,
  environment: Environment,
): Promise<StoreFindings> {
  const facts = (read: Reader) => readFacts(read, statement, now);
  return store.kind === 'sqlite' ? checkSqlite(store.path, facts) : checkPostgres(store, environment, facts);
}

async function readFacts(read: Reader, statement: RegionStatement | undefined, now: number): Promise<StoreFindings> {
  const pins = await pinnedValidities(read, now);
  const findings = [
    ...(statement ? [await checkNewestLog(read, statement)] : []),
    ...(await checkAlarms(read, now)),
    ...(await checkDeadLetters(read)),
    ...(await checkRecovery(read)),
    ...(await checkAtRest(read)),
  ];
  if (findings.some(isDamage)) return { findings, pins };
  const newestEntryAt = await newestEntry(read);
  const outage = await read.get<{ since: number }>('SELECT since FROM timestamp_outage');
  return {
    findings,
    pins,
    ...(newestEntryAt !== undefined && { newestEntryAt }),
    ...(outage && { stampsFailingSince: outage.since }),
  };
}

async function newestEntry(read: Reader): Promise<number | undefined> {
  const row = await read.get<{ entry: Buffer }>('SELECT entry FROM log_entry ORDER BY position DESC LIMIT 1');
  return row && decode('LogEntry', row.entry).at;
}

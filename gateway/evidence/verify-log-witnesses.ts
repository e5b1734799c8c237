import type { X509Certificate } from 'node:crypto';
import { CodedError, type ErrorCode } from '#proto';
import {
  logRoot,
  type RegionStatement,
  verifyCheckpoint,
  verifyCosignature,
  verifyStatement,
  verifyTimestamp,
} from '#trust';
import type { Reader, Sql } from '../store/store.ts';
import { logEpochs } from './log-epochs.ts';
import type { OnFault } from './log-fault.ts';
import { SqlTiles } from './sql-tiles.ts';
import { type StoredAlarm, storedAlarms } from './witness/log-alarms.ts';

/** What others said of our log and we of theirs, rechecked. */
export interface WitnessReport {
  /** Countersignatures of our log by peers. */
  readonly cosignatures: number;
  /** Timestamps of our log; judged only when authorities are given. */
  readonly timestamps: number;
  /** States of the logs of peers that we hold. */
  readonly peerStates: number;
  /** Regions whose word could not be judged, since no statement of them was ever believed here. */
  readonly unjudged: readonly string[];
  /** Contradictions between states of one log that were noticed. Those about our own log are faults. */
  readonly alarms: readonly Pick<StoredAlarm, 'region' | 'kind' | 'via' | 'first_at' | 'last_at' | 'times'>[];
}

interface OwnState {
  readonly epoch: number;
  readonly size: number;
}

interface Cosigned {
  readonly witness: string;
  readonly size: number;
  readonly note: string;
  readonly line: string;
}

interface Witnessed {
  readonly region: string;
  readonly size: number;
  readonly note: string;
  readonly line: string;
}

const NOTHING: WitnessReport = { cosignatures: 0, timestamps: 0, peerStates: 0, unjudged: [], alarms: [] };

/** Codes after which an older statement of the same region may still know the key. */
const OTHER_KEY: ReadonlySet<ErrorCode> = new Set(['KEY_UNKNOWN', 'KEY_NOT_VALID']);

/**
 * Rechecks countersignatures, timestamps and what we hold of other logs. Every state of our log that others vouched for
 * must be one that it was in.
 *
 * @param own our statement
 * @param log our log as it was rebuilt
 * @param authorities timestamp authorities that are trusted
 */
export async function checkWitnesses(
  read: Reader,
  own: RegionStatement,
  log: OwnState,
  authorities: readonly X509Certificate[],
  onFault: OnFault,
): Promise<WitnessReport> {
  // The database was last opened by a program that knew no witnesses.
  if (!(await read.hasTable('cosignature'))) return NOTHING;
  const statements = new Statements(read, own);
  const attempt = async (where: string, check: () => void | Promise<void>) => {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      onFault(where, error.code, error.message);
    }
  };
  const cosigned = await read.all<Cosigned>('SELECT witness, size, note, line FROM cosignature ORDER BY witness, size');
  for (const { witness, size, note, line } of cosigned)
    await attempt(`cosignature/${witness}/${size}`, async () => {
      await demandOurs(read, own, log, note);
      await statements.judge(witness, (statement) => void verifyCosignature(note, line, statement));
    });
  const stamped = await read.all<{ size: number; note: string; token: Buffer }>(
    'SELECT size, note, token FROM log_timestamp ORDER BY size',
  );
  for (const { size, note, token } of stamped)
    await attempt(`log_timestamp/${size}`, async () => {
      await demandOurs(read, own, log, note);
      if (authorities.length > 0) verifyTimestamp(token, Buffer.from(note), authorities);
    });
  const witnessed = await read.all<Witnessed>(
    'SELECT region, size, note, line FROM witnessed_note ORDER BY region, epoch, size',
  );
  for (const { region, size, note, line } of witnessed)
    await attempt(`witnessed_note/${region}/${size}`, async () => {
      await statements.judge(region, (statement) => void verifyCheckpoint(note, statement));
      if (line !== '') verifyCosignature(note, line, own);
    });
  const alarms = await storedAlarms(read);
  // A restore that was declared explains what its epoch ended with.
  for (const { region, epoch, kind, via } of alarms)
    if (region === own.region && epoch >= log.epoch)
      onFault(`log_alarm/${kind}/${via}`, 'LOG_FORKED', `region ${via} holds another state of it`);
  return {
    cosignatures: cosigned.length,
    timestamps: stamped.length,
    peerStates: witnessed.length,
    unjudged: [...statements.unknown],
    alarms: alarms.map(({ region, kind, via, first_at, last_at, times }) => {
      return { region, kind, via, first_at, last_at, times };
    }),
  };
}

/** @throws CodedError LOG_FORKED, CHECKPOINT_INVALID, KEY_UNKNOWN */
async function demandOurs(read: Sql, own: RegionStatement, log: OwnState, note: string): Promise<void> {
  const { epoch, size, root, hash } = verifyCheckpoint(note, own);
  const kept = epoch < log.epoch ? await logEpochs.keptOf(read, epoch) : log.size;
  // What a restored copy had not of an epoch that has ended is not here any more.
  if (epoch < log.epoch && size > (kept ?? 0)) return;
  const tiles = new SqlTiles(read);
  if (epoch > log.epoch || size > log.size || !(await logRoot(hash, size, tiles)).equals(root))
    throw new CodedError('LOG_FORKED', 'others vouched for a state that the log was never in: it was cut or rewritten');
}

/** Every statement that was ever believed of a region, the newest first. */
class Statements {
  readonly #read: Sql;
  readonly #own: RegionStatement;
  readonly #known = new Map<string, RegionStatement[]>();
  readonly unknown = new Set<string>();

  constructor(read: Sql, own: RegionStatement) {
    this.#read = read;
    this.#own = own;
  }

  /** Judges by the newest statement, by older ones when that one does not know the key. */
  async judge(region: string, check: (statement: RegionStatement) => void): Promise<void> {
    const statements = await this.#of(region);
    if (statements.length === 0) this.unknown.add(region);
    for (const [index, statement] of statements.entries()) {
      try {
        return check(statement);
      } catch (error) {
        const isLast = index === statements.length - 1;
        if (isLast || !(error instanceof CodedError) || !OTHER_KEY.has(error.code)) throw error;
      }
    }
  }

  async #of(region: string): Promise<RegionStatement[]> {
    if (region === this.#own.region) return [this.#own];
    const known = this.#known.get(region);
    if (known) return known;
    const rows = await this.#read.all<{ statement: string }>(
      'SELECT statement FROM known_statement WHERE region = ? ORDER BY serial DESC LIMIT 20',
      region,
    );
    const statements = await Promise.all(rows.map(({ statement }) => verifyStatement(statement)));
    this.#known.set(region, statements);
    return statements;
  }
}

/** Notes that a gateway holds of the logs of other regions, for comparison with what was published. */
export async function heldNotes(read: Reader): Promise<string[]> {
  const table = (await read.hasTable('witnessed_note'))
    ? 'SELECT note FROM witnessed_note UNION SELECT note FROM peer_checkpoint'
    : 'SELECT note FROM peer_checkpoint';
  const rows = await read.all<{ note: string }>(table);
  return rows.map(({ note }) => note);
}

import { createHash, type Hash } from 'node:crypto';
import type { Problem } from '#proto';
import type { Submission, SubmissionOutcome, Submit } from '../adapter.ts';
import { Lanes } from '../lanes.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { understand } from '../mapping/understand.ts';
import { PAUSING } from '../outcomes.ts';
import { CSV_LIMITS, type CsvOptions, type CsvRow, csvRows } from '../records/csv-rows.ts';
import { unreadable } from '../unreadable.ts';
import { keyOf } from './entry.ts';
import { type FolderFiles, piecesOf } from './folder-files.ts';
import { noFiles } from './mapped-submission.ts';
import { type Described, described } from './settle.ts';
import { type HeldLanes, isRetryable, reason, type Taken } from './take-document.ts';

/** Rows of different cases that are under way at once. */
const ROWS_AT_ONCE = 16;

/** Problems of one row that its report names. */
const MAX_PROBLEMS = 20;

interface Table {
  readonly files: FolderFiles;
  readonly path: string;
  readonly mapping: Mapping;
  readonly csv: CsvOptions;
  /** Column with the number of the case; without one all rows follow each other. */
  readonly lane: string | undefined;
}

/**
 * Offers every row of a table, those of one case one after another. The whole of it is read before the first row is
 * offered: a table that cannot be read to its end has no effect. It is settled once every row is decided, with one report;
 * rows offered again have the same keys.
 *
 * @throws Unreadable when it can never be read; what the file system reports when it may be later
 */
export async function takeRows(table: Table, submit: Submit, signal: AbortSignal, held: HeldLanes): Promise<Taken> {
  const round = new Round(table, await examine(table, signal), submit, signal, held);
  const lanes = new Lanes(ROWS_AT_ONCE);
  try {
    for await (const row of rowsOf(table, signal)) {
      if (round.paused) break;
      const problems = round.problemsOf(row);
      await lanes.add(round.laneOf(row), () => round.take(row, problems));
    }
  } finally {
    await lanes.idle();
  }
  return round.taken();
}

/** One pass over the rows of a table. */
class Round {
  readonly #table: Table;
  readonly #digest: string;
  readonly #submit: Submit;
  readonly #signal: AbortSignal;
  readonly #waiting: Set<string>;
  /** Row in which the same was seen first, by its digest. */
  readonly #seen = new Map<string, number>();
  readonly #reports: RowReport[] = [];
  /** Why a row waits. */
  #code: string | undefined;

  constructor(table: Table, digest: string, submit: Submit, signal: AbortSignal, held: HeldLanes) {
    this.#table = table;
    this.#digest = digest;
    this.#submit = submit;
    this.#signal = signal;
    this.#waiting = new Set(table.lane === undefined ? [] : held);
  }

  get paused(): boolean {
    return this.#signal.aborted || (this.#code !== undefined && PAUSING.has(this.#code));
  }

  laneOf({ document }: CsvRow): string {
    return this.#table.lane === undefined ? '' : (document[this.#table.lane] ?? '');
  }

  /** The same row twice is a slip: a second case of it helps nobody. */
  problemsOf({ row, document, problems }: CsvRow): readonly Problem[] {
    const digest = createHash('sha256').update(JSON.stringify(document)).digest('base64');
    const first = this.#seen.get(digest);
    if (first === undefined) this.#seen.set(digest, row);
    if (first === undefined) return problems;
    return [...problems, { pointer: '', code: 'DUPLICATE', message: `row ${row} is the same as row ${first}` }];
  }

  /** Must not reject. */
  async take(row: CsvRow, problems: readonly Problem[]): Promise<void> {
    const lane = this.laneOf(row);
    if (this.paused) return;
    if (this.#waiting.has(lane)) this.#code ??= 'CASE_WAITS';
    else {
      const outcome = await this.#offer(row, problems);
      if (typeof outcome !== 'string') this.#reports.push(reportOf(row.row, outcome, this.#keyOf(row)));
      else {
        this.#waiting.add(lane);
        if (!this.paused) this.#code = outcome;
      }
    }
  }

  taken(): Taken {
    const code = this.#signal.aborted ? 'SHUTTING_DOWN' : this.#code;
    const lanes = this.#table.lane === undefined ? [] : [...this.#waiting];
    if (code !== undefined) return { decided: false, code, lanes };
    const rows = this.#reports.sort((one, other) => one.row - other.row);
    const refused = rows.filter((one) => 'code' in one).length;
    return { decided: true, good: refused === 0, report: { accepted: rows.length - refused, refused, rows } };
  }

  /** @returns the outcome, or the code for which the row waits */
  async #offer(row: CsvRow, problems: readonly Problem[]): Promise<SubmissionOutcome | string> {
    const [key, { document }] = [this.#keyOf(row), row];
    try {
      const submission: Submission =
        problems.length > 0
          ? { key, document, wishes: [], problems }
          : await understand(key, document, this.#table.mapping, noFiles);
      const outcome = await this.#submit(submission, this.#signal);
      return isRetryable(outcome) ? outcome.code : outcome;
    } catch (error) {
      return reason(error);
    }
  }

  #keyOf({ row }: CsvRow): string {
    return keyOf(this.#digest, String(row));
  }
}

type RowReport = { readonly row: number } & Described;

function reportOf(row: number, outcome: SubmissionOutcome, key: string): RowReport {
  const report = described(outcome, key);
  return 'problems' in report
    ? { row, ...report, problems: report.problems.slice(0, MAX_PROBLEMS) }
    : { row, ...report };
}

/** Reads the table to its end. @returns digest of its bytes */
async function examine(table: Table, signal: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  let first = true;
  for await (const { document } of rowsOf(table, signal, digest)) {
    if (first && table.lane !== undefined && !Object.hasOwn(document, table.lane))
      throw unreadable('REQUIRED', 'has no column for the number of the case, which the setting lane names');
    first = false;
  }
  return digest.digest('hex');
}

function rowsOf({ files, path, csv }: Table, signal: AbortSignal, digest?: Hash) {
  return csvRows(watched(piecesOf(files, path, CSV_LIMITS.fileBytes, signal), digest), csv);
}

async function* watched(pieces: AsyncIterable<Buffer>, digest: Hash | undefined): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    digest?.update(piece);
    yield piece;
  }
}

import type { Office } from '../calendar/office.ts';
import type { Sql, Transaction } from '../store/store.ts';
import type { CaseDocument, CaseFile, CaseHead, CaseTerms } from './case-file.ts';
import { caseRepository } from './case-repository.ts';
import { limitTable } from './limits/limit-table.ts';
import { type LimitFacts, moveLimits } from './limits/move-limits.ts';
import { withNotice } from './one-time-notice.ts';
import { withCommitment } from './tolerance/commitment.ts';
import type { Row, State } from './transitions.ts';

/** An event of a case for the local platform. Carries no personal data: the platform reads the case by the API. */
export interface CaseNews {
  readonly conversation: string;
  readonly number: string;
  readonly peer: string;
  readonly event: string;
  readonly actor: string;
  readonly state: State;
  readonly at: number;
  /** Why an act was rejected, for the event `rejected`. */
  readonly code?: string;
  /** The time limit that runs out, for `limit-warning` and `limit-overdue`. */
  readonly limit?: string;
  /** When it does, milliseconds. */
  readonly dueAt?: number;
  /** Why the result was taken back, for `revoke` and `false-materials`. */
  readonly ground?: string;
}

/** One step to write into a case: rows of the state machine that were applied, and what came with them. */
export interface CaseStep {
  readonly rows: readonly Row[];
  readonly state: State;
  readonly pending: CaseFile['pending'];
  /** Region that acted. */
  readonly actor: string;
  /** Our region, where a row before the last may be an act of ours that this proves to be accepted. */
  readonly us?: string;
  /** When it was done, milliseconds. */
  readonly at: number;
  readonly envelope: string;
  /** What the step brought, without personal data. */
  readonly record: object;
  /** Changes of the document beyond clock and steps. */
  readonly document?: Partial<CaseDocument>;
  readonly peerNumber?: string;
}

export type EmitNews = (tx: Transaction, news: CaseNews) => Promise<void>;

/** What writing a case needs beside the store: who is told, and when offices work. */
export interface Desk {
  readonly emit: EmitNews;
  readonly office: Office;
}

/** How a changed case gets into the store. */
export type SaveCase = (tx: Transaction, file: CaseFile) => Promise<void>;

/**
 * Writes a step: the case, its history, and the news for the platform, in one unit of work.
 *
 * @param save `caseRepository.insert` for a case that is not in the store yet
 */
export async function writeStep(
  tx: Transaction,
  file: CaseFile,
  step: CaseStep,
  now: number,
  { emit, office }: Desk,
  save: SaveCase = caseRepository.update,
): Promise<CaseFile> {
  let document: CaseDocument = { ...file.document, ...step.document };
  const steps: Record<string, object> = { ...file.document.steps };
  const records = recordsOf(file, step);
  for (const [index, row] of step.rows.entries()) {
    if (row.mark === 'late') continue;
    const { at } = step;
    const record = records[index]!;
    document = { ...document, limits: moveLimits(document.limits, row, limitFacts(file, at, record), office) };
    const { items } = record as { items?: readonly { material: string }[] };
    document = { ...document, ...withNotice(document, row.event, { items, at }) };
    document = { ...document, ...withCommitment(document, row.event, { record, at }) };
    steps[row.event] = record;
  }
  const changed: CaseFile = {
    ...file,
    state: step.state,
    pending: step.pending,
    peerNumber: step.peerNumber ?? file.peerNumber,
    version: file.version + step.rows.length,
    document: { ...document, steps },
    updatedAt: now,
  };
  await save(tx, changed);
  await limitTable.sync(tx, file.conversation, file.document.limits, document.limits, office);
  await writeHistory(tx, file, { ...step, records }, emit);
  return changed;
}

/**
 * What each row of a step brought. The last one is what was done; a row before it is our own act that this proves to be
 * accepted, and the document has remembered since it was sent what that brought.
 */
function recordsOf({ document }: CaseFile, { rows, record }: CaseStep): object[] {
  return rows.map(({ event }, index) => (index < rows.length - 1 ? (document.steps[event] ?? record) : record));
}

/** Days within which acceptance is decided where the item says nothing (行政许可法第三十二条). */
export const ACCEPTANCE_DAYS = 5;

function limitFacts({ document: { terms } }: CaseFile, at: number, record: object): LimitFacts {
  const { kind = '', handler, deadline, promisedWorkingDays, score } = record as StepFacts;
  return {
    at,
    kind,
    window: handler?.window ?? '',
    deadline,
    score,
    promisedDays: promisedWorkingDays ?? terms.promisedWorkingDays,
    statutoryDays: terms.statutoryWorkingDays,
    acceptanceDays: terms.acceptanceWorkingDays || ACCEPTANCE_DAYS,
    needsPaper: terms.paperOriginals,
  };
}

/** Members of what a step brought that concern time limits. */
interface StepFacts {
  readonly kind?: string;
  readonly handler?: { readonly window?: string };
  readonly deadline?: number;
  readonly score?: number;
  readonly promisedWorkingDays?: number;
}

/**
 * Writes a step that leaves the document as it is: an act of ours that moves no clock and that the document has
 * remembered since it was sent.
 */
export async function writeMove(
  tx: Transaction,
  head: CaseHead,
  step: CaseStep,
  now: number,
  emit: EmitNews,
): Promise<void> {
  const { state, pending, rows } = step;
  await caseRepository.move(tx, { ...head, state, pending, version: head.version + rows.length, updatedAt: now });
  await writeHistory(tx, head, { ...step, records: rows.map(() => step.record) }, emit);
}

/** @param before the case as it was */
async function writeHistory(
  tx: Transaction,
  before: CaseHead,
  step: CaseStep & { readonly records: readonly object[] },
  emit: EmitNews,
): Promise<void> {
  const { conversation, number, peer, version } = before;
  const { at } = step;
  for (const [index, row] of step.rows.entries()) {
    const state = row.mark === 'late' ? step.state : row.to;
    const actor = index < step.rows.length - 1 ? (step.us ?? step.actor) : step.actor;
    await caseRepository.addEvent(tx, conversation, {
      n: version + index + 1,
      event: row.event,
      actor,
      at,
      state,
      envelope: step.envelope,
      data: step.records[index]!,
    });
    const { ground } = step.records[index] as { readonly ground?: string };
    await emit(tx, { conversation, number, peer, event: row.event, actor, state, at, ...(ground && { ground }) });
  }
}

/** Case number (办件编号): region, day in China, and a counter. */
export async function nextNumber(tx: Transaction, region: string, now: number): Promise<string> {
  const day = chinaDay(now);
  const serial = await caseRepository.count(tx, `case/${day}`);
  return `${region}${day}${String(serial).padStart(6, '0')}`;
}

/** What a case keeps of the version of the item that it begins under. */
export function termsOf(item: CaseTerms): CaseTerms {
  const { promisedWorkingDays, statutoryWorkingDays, acceptanceWorkingDays, paperOriginals, silenceAccepts } = item;
  return { promisedWorkingDays, statutoryWorkingDays, acceptanceWorkingDays, paperOriginals, silenceAccepts };
}

/** The place of a case among regions, for the authorization's judgement. */
export async function caseContext(sql: Sql, conversation: string, peer: string, us: string) {
  const file = await caseRepository.find(sql, conversation);
  if (!file || file.peer !== peer) return undefined;
  return { item: file.item, mode: file.mode, authorizationId: file.authorizationId, ...sidesOf(file, us) };
}

/** The region whose item it is and that decides. */
export function deciderOf(file: Pick<CaseFile, 'role' | 'peer' | 'mode'>, us: string): string {
  return file.mode === 'direct' ? us : sidesOf(file, us).handling;
}

/** Which region took the case in, and which handles it. */
export function sidesOf(file: Pick<CaseFile, 'role' | 'peer'>, us: string): { receiving: string; handling: string } {
  return file.role === 'receiving' ? { receiving: us, handling: file.peer } : { receiving: file.peer, handling: us };
}

const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;

const DAY_MS = 24 * 60 * 60 * 1000;
let today = { index: Number.NaN, text: '' };

/** The day as in `20261201`. Written out once a day: every case asks for it. */
function chinaDay(now: number): string {
  const index = Math.floor((now + CHINA_OFFSET_MS) / DAY_MS);
  if (index !== today.index)
    today = { index, text: new Date(index * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '') };
  return today.text;
}

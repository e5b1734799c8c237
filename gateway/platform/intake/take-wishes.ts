import { createHash } from 'node:crypto';
import type { CaseReference, Submission, Wish } from '#adapters';
import { CodedError, ERROR_CODES, type Problem } from '#proto';
import type { Clock } from '#trust';
import type { CaseFile } from '../../case/case-file.ts';
import { caseRepository } from '../../case/case-repository.ts';
import type { CaseService } from '../../case/case-service.ts';
import { FREE_NOTES, type NoteName } from '../../case/notes/notes.ts';
import { EVENTS, type Event } from '../../case/transitions.ts';
import type { Sql, Store, Transaction } from '../../store/store.ts';
import { bringFiles } from './bring-files.ts';
import { isReference, REFERENCE_LENGTH, referenceTable } from './reference-table.ts';
import { type TakenWish, takenTable, type WishPlace } from './taken-table.ts';

export interface WishContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly cases: Pick<CaseService, 'submit' | 'act' | 'note' | 'takeFile' | 'forgetFiles'>;
}

/** The case of a wish that was done, now or before. */
interface DoneWish {
  readonly conversation: string;
  readonly isRepeat: boolean;
}

/** What became of the wishes of a submission: done up to the end, or up to one that fails. */
export type TakenWishes =
  | {
      readonly ok: true;
      readonly conversation: string;
      readonly caseNumber: string;
      /** Whether all of it had been done before. */
      readonly isRepeat: boolean;
    }
  | {
      readonly ok: false;
      /** Place of the wish that fails, from 0. */
      readonly step: number;
      readonly error: CodedError;
      /** The case that it is about, where that is known. */
      readonly conversation: string;
      /** Whether it names a case by a number of the platform that belongs to none. */
      readonly isUnbound: boolean;
    };

type Case = Pick<CaseFile, 'conversation' | 'pending'>;
type Opening = Extract<Wish, { do: 'open' }>;
type LaterWish = Exclude<Wish, Opening>;

/**
 * Does what a platform wishes, in order, each wish in one unit of work that also remembers it: what was done before an
 * interruption is not done again. Nothing is left of a wish that fails.
 *
 * @throws everything that is no CodedError, and the reason of the signal: nothing more was decided then
 */
export async function takeWishes(
  adapter: string,
  { key, wishes }: Submission,
  signal: AbortSignal,
  context: WishContext,
): Promise<TakenWishes> {
  const { read } = context.store;
  const taken = await takenTable.of(read, adapter, key);
  let conversation = '';
  let isRepeat = wishes.length > 0;
  for (const [step, wish] of wishes.entries()) {
    signal.throwIfAborted();
    try {
      const done = await takeWish(wish, { adapter, key, step }, taken.get(step), signal, context);
      conversation = done.conversation;
      isRepeat &&= done.isRepeat;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      const about = wish.do === 'open' ? undefined : await lookFor(wish.case, adapter, read);
      const isUnbound = error.code === 'NOT_FOUND' && wish.do !== 'open' && isByReference(wish.case);
      return { ok: false, step, error, conversation: about?.conversation ?? '', isUnbound };
    }
  }
  const caseNumber = conversation === '' ? '' : ((await caseRepository.numberOf(read, conversation)) ?? '');
  return { ok: true, conversation, caseNumber, isRepeat };
}

async function takeWish(
  wish: Wish,
  place: WishPlace,
  taken: TakenWish | undefined,
  signal: AbortSignal,
  context: WishContext,
): Promise<DoneWish> {
  const said = wordsOf(wish);
  // A mapping that was changed in between may say something else than what was done already.
  if (taken && taken.wish !== said)
    throw new CodedError('CONFLICT', `"${taken.wish}" was done in the place of "${said}": hand the rest in anew`);
  if (taken) return { conversation: taken.conversation, isRepeat: true };
  if (wish.do === 'open') return openCase(wish, place, signal, context);
  const found = await demandCase(wish.case, place.adapter, context.store.read);
  await doWish(wish, found, place, signal, context);
  return { conversation: found.conversation, isRepeat: false };
}

/** Opens a case, takes it in and hands it over. That the case is there says that it was done. */
async function openCase(
  { body, files, reference }: Opening,
  place: WishPlace,
  signal: AbortSignal,
  context: WishContext,
): Promise<DoneWish> {
  const { store, cases } = context;
  const conversation = conversationOf(place);
  const isRepeat = (await caseRepository.numberOf(store.read, conversation)) !== undefined;
  if (isRepeat) return { conversation, isRepeat };
  const bring = bringFiles(files, signal, context);
  try {
    await cases.submit(body, {
      conversation,
      ...(bring && { bring }),
      ownToo: true,
      also: (tx) => bind(tx, reference, conversation, place, context),
    });
  } catch (error) {
    if (bring && error instanceof CodedError && !ERROR_CODES[error.code].retryable)
      await cases.forgetFiles(conversation);
    throw error;
  }
  return { conversation, isRepeat };
}

/** An act, or a note, with a case that is there. */
async function doWish(
  wish: LaterWish,
  { conversation, pending }: Case,
  place: WishPlace,
  signal: AbortSignal,
  context: WishContext,
): Promise<void> {
  const { cases, clock } = context;
  const also = async (tx: Transaction) => {
    await takenTable.insert(tx, place, { wish: wordsOf(wish), conversation }, clock.now());
    await bind(tx, wish.reference, conversation, place, context);
  };
  if (wish.do === 'note') {
    demandWord('/note', wish.note, FREE_NOTES);
    await cases.note(conversation, wish.note as NoteName, wish.data, { also });
    return;
  }
  demandWord('/act', wish.act, Object.keys(EVENTS));
  // A platform goes on in its own time: what it does next waits until the other region has answered.
  if (pending) throw new CodedError('TRY_LATER', `"${pending.event}" of the same case waits for its receipt`);
  const bring = bringFiles(wish.files, signal, context);
  await cases.act(conversation, wish.act as Event, wish.data, undefined, { ...(bring && { bring }), also });
}

/** @throws CodedError VALIDATION_FAILED when it has no name, NOT_FOUND */
async function demandCase(by: CaseReference, adapter: string, sql: Sql): Promise<Case> {
  const found = await lookFor(by, adapter, sql);
  if (found) return found;
  if (Object.values(by ?? {}).some((name) => name !== undefined))
    throw new CodedError('NOT_FOUND', 'the platform means a case that is not here');
  throw wrong({ pointer: '/case', code: 'REQUIRED', message: 'needs a conversation, a number, or a reference' });
}

/** The case that a platform means by our conversation, by our number, or by its own number. */
async function lookFor(by: CaseReference, adapter: string, sql: Sql): Promise<Case | undefined> {
  const { conversation, number, reference } = (by ?? {}) as Partial<Record<string, string>>;
  // A database that is asked for such a name fails, as if asking again could help.
  if ([conversation, number, reference].some((name) => name?.includes('\0'))) return undefined;
  if (number !== undefined) return caseRepository.findByNumber(sql, number);
  const named = reference === undefined ? conversation : await referenceTable.conversationOf(sql, adapter, reference);
  return named === undefined ? undefined : caseRepository.find(sql, named);
}

function isByReference(by: CaseReference): boolean {
  const { number, reference } = by as Partial<Record<string, string>>;
  return number === undefined && reference !== undefined && isReference(reference);
}

async function bind(
  tx: Transaction,
  reference: string | undefined,
  conversation: string,
  { adapter }: WishPlace,
  { clock }: WishContext,
): Promise<void> {
  if (reference === undefined) return;
  if (!isReference(reference)) {
    const message = `needs 1 to ${REFERENCE_LENGTH} characters, and no control characters`;
    throw wrong({ pointer: '/reference', code: 'LENGTH', message });
  }
  await referenceTable.bind(tx, { adapter, reference, conversation }, clock.now());
}

function demandWord(pointer: string, word: string, words: readonly string[]): void {
  if (!words.includes(word))
    throw wrong({ pointer, code: 'NOT_IN_LIST', message: `must be one of: ${words.join(', ')}` });
}

function wrong(problem: Problem): CodedError {
  return new CodedError('VALIDATION_FAILED', undefined, [problem]);
}

/** What is done, for the memory of it. */
function wordsOf(wish: Wish): string {
  if (wish.do === 'open') return 'open';
  return wish.do === 'act' ? `act ${wish.act}` : `note ${wish.note}`;
}

/** A UUID (version 8, RFC 9562) that is the same for the same wish. */
function conversationOf({ adapter, key, step }: WishPlace): string {
  const bytes = createHash('sha256').update(`${adapter}\n${key}\n${step}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

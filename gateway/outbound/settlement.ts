import { CodedError, type ErrorCode, isErrorCode, type messages, type PayloadName } from '#proto';
import type { Transaction } from '../store/store.ts';
import type { DispatchContext, DispatchEvents } from './context.ts';
import { type EnvelopeAnswer, type Flight, type FlightAnswer, isExpired } from './flight.ts';
import { keptEnvelopes } from './kept-envelopes.ts';
import { keepGroup, type PendingEnvelope } from './outbox.ts';
import { type Trouble, troubleOf } from './patience.ts';

/** Types whose loss is no loss: what fills a place, and test envelopes. */
const UNMISSED: readonly string[] = ['Skip', 'Ping'];

/** Tells how often a conversation failed in a row. */
export type FailuresOf = (conversation: string) => number;

interface Troubled {
  readonly answer: EnvelopeAnswer;
  readonly trouble: Exclude<Trouble, 'none'>;
}

/**
 * Makes an answer durable: receipts, their log entries, their effects, Skips for what expired, and dead letters of what
 * the peer never takes.
 */
export async function settleAnswers(
  context: DispatchContext,
  peer: string,
  flight: Flight,
  answer: messages.ReceiptBatch,
  read: FlightAnswer,
  failuresOf: FailuresOf = () => 0,
): Promise<void> {
  const { store, events, clock } = context;
  const now = clock.now();
  const expired = read.answers.filter((entry) => isExpired(entry, now));
  const troubled = troubledOf(read, failuresOf, now);
  for (const { kind, code, envelope } of read.answers) events.answered(peer, kind, code, envelope.id);
  if (answer.receipts.length === 0 && expired.length === 0 && troubled.length === 0) return;
  await store.write(async (tx) => {
    await settleReceipts(tx, context, peer, flight, answer, read);
    for (const { envelope } of expired) await expire(tx, context, peer, envelope);
    for (const one of troubled) await bear(tx, context, peer, one);
  });
}

/** An envelope that the peer never answers, since its stream ends each time: as if it had been refused for what it is. */
export async function settleUnanswered(
  context: DispatchContext,
  peer: string,
  envelope: PendingEnvelope,
): Promise<void> {
  const { store, events, clock } = context;
  const answer: EnvelopeAnswer = { kind: 'refusal', envelope, code: 'PROTOCOL_VIOLATION' };
  events.unanswered(peer, envelope.id);
  const trouble = troubleOf(answer, 0, clock.now());
  if (trouble !== 'none') await store.write((tx) => bear(tx, context, peer, { answer, trouble }));
}

/** An envelope that does not open here (code): nobody can send it, and no repeat will help. */
export async function settleUnopened(
  context: DispatchContext,
  peer: string,
  envelope: PendingEnvelope,
  code: ErrorCode,
): Promise<void> {
  const { store, clock } = context;
  const answer: EnvelopeAnswer = { kind: 'refusal', envelope, code };
  await store.write((tx) =>
    // No peer can be asked: by its time it would be refused.
    clock.now() >= envelope.expires_at
      ? expire(tx, context, peer, envelope)
      : bear(tx, context, peer, { answer, trouble: 'refused' }),
  );
}

async function expire(
  tx: Transaction,
  context: DispatchContext,
  peer: string,
  envelope: PendingEnvelope,
): Promise<void> {
  if (!(await context.outbox.skip(tx, peer, envelope))) return;
  await tell(tx, context, peer, envelope, 'EXPIRED');
  if (!UNMISSED.includes(envelope.type)) await file(tx, context, peer, envelope, 'expired', 'EXPIRED');
}

function troubledOf({ answers }: FlightAnswer, failuresOf: FailuresOf, now: number): Troubled[] {
  return answers.flatMap((answer) => {
    const trouble = troubleOf(answer, failuresOf(answer.envelope.conversation), now);
    return trouble === 'none' ? [] : [{ answer, trouble }];
  });
}

/** While the book of the peer is full nothing more is given up: it stays in the queue and is tried again. */
async function bear(
  tx: Transaction,
  context: DispatchContext,
  peer: string,
  { answer: { envelope, code }, trouble }: Troubled,
): Promise<void> {
  const { outbox, letters, clock } = context;
  if (trouble === 'begins') return keptEnvelopes.trouble(tx, peer, envelope, clock.now());
  if (!letters.hasRoom('peer', peer) || !(await outbox.giveUp(tx, peer, envelope, code))) return;
  await file(tx, context, peer, envelope, trouble, code);
}

function file(
  tx: Transaction,
  { letters, clock }: DispatchContext,
  peer: string,
  { id, position, conversation, type, sequence, troubled_at, expires_at }: PendingEnvelope,
  reason: 'expired' | 'refused' | 'deferred',
  code: string,
): Promise<void> {
  return letters.file(tx, {
    ...{ id, queue: 'peer', name: peer, place: position, subject: conversation, type, sequence, reason },
    code: isErrorCode(code) ? code : '',
    since: troubled_at ?? Math.min(expires_at, clock.now()),
  });
}

async function settleReceipts(
  tx: Transaction,
  context: DispatchContext,
  peer: string,
  flight: Flight,
  answer: messages.ReceiptBatch,
  read: FlightAnswer,
): Promise<void> {
  if (answer.receipts.length === 0) return;
  const { outbox, log, clock, events } = context;
  const group = await keepGroup(tx, flight.sealed.signedRoot, flight.sealed.leaves);
  const receiptGroup = await keepGroup(tx, answer.signedRoot.toString('latin1'), read.receiptLeaves);
  for (const entry of read.answers) {
    if (entry.kind !== 'receipt') continue;
    const { envelope, index, receiptIndex, code, body } = entry;
    // A second receipt of the same verdict is no new fact: the log has one entry for each record.
    if (!(await outbox.isPending(tx, envelope.position))) continue;
    const logPosition = await log.append(tx, {
      kind: 'LOG_ENTRY_KIND_RECEIPT_RECEIVED',
      subject: read.receiptLeaves[receiptIndex]!,
      peer,
      at: clock.now(),
    });
    await outbox.settle(
      tx,
      { position: envelope.position, peer },
      { code, body, logPosition, sealedIn: { group, index }, receiptIn: { group: receiptGroup, index: receiptIndex } },
    );
    // The peer had decided what the Skip stands for after all.
    if (envelope.type === 'Skip' && code === 'SEQUENCE_USED')
      events.settleFailed(peer, envelope.id, new CodedError('SEQUENCE_USED'));
    await tell(tx, context, peer, envelope, code as ErrorCode | '');
  }
}

/** A room that cannot bear the fate of its envelope keeps neither its receipt nor other envelopes from being settled. */
export async function tell(
  tx: Transaction,
  { onSettled, events }: Telling,
  peer: string,
  { id, conversation, payload, type, created_at: sentAt }: Told,
  code: ErrorCode | '',
): Promise<void> {
  try {
    await tx.attempt(() => onSettled(tx, { peer, id, conversation, name: type as PayloadName, payload, sentAt, code }));
  } catch (error) {
    events.settleFailed(peer, id, error);
  }
}

/** How a room is told, and who hears when it cannot bear it. */
export interface Telling extends Pick<DispatchContext, 'onSettled'> {
  readonly events: Pick<DispatchEvents, 'settleFailed'>;
}

type Told = Pick<PendingEnvelope, 'id' | 'conversation' | 'payload' | 'type' | 'created_at'>;

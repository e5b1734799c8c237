import type { ErrorCode, messages, PayloadName } from '#proto';
import type { Transaction } from '../store/store.ts';
import type { DispatchContext } from './context.ts';
import { type Flight, type FlightAnswer, isExpired } from './flight.ts';
import { keepGroup, type PendingEnvelope } from './outbox.ts';

/** Makes an answer durable: receipts, their log entries, their effects, and Skips for what expired. */
export async function settleAnswers(
  context: DispatchContext,
  peer: string,
  flight: Flight,
  answer: messages.ReceiptBatch,
  read: FlightAnswer,
): Promise<void> {
  const { store, outbox, events } = context;
  const expired = read.answers.filter((entry) => isExpired(entry, context.clock.now()));
  for (const { kind, code, envelope } of read.answers) events.answered(peer, kind, code, envelope.id);
  if (answer.receipts.length === 0 && expired.length === 0) return;
  await store.write(async (tx) => {
    await settleReceipts(tx, context, peer, flight, answer, read);
    for (const { envelope } of expired) {
      if (await outbox.skip(tx, peer, envelope)) await tell(tx, context, peer, envelope, 'EXPIRED');
    }
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
  const { outbox, log, clock } = context;
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
    await tell(tx, context, peer, envelope, code as ErrorCode | '');
  }
}

/** A room that cannot bear the fate of its envelope keeps neither its receipt nor other envelopes from being settled. */
async function tell(
  tx: Transaction,
  { onSettled, events }: DispatchContext,
  peer: string,
  envelope: PendingEnvelope,
  code: ErrorCode | '',
): Promise<void> {
  const { id, conversation, payload, type, created_at: sentAt } = envelope;
  try {
    await tx.attempt(() => onSettled(tx, { peer, id, conversation, name: type as PayloadName, payload, sentAt, code }));
  } catch (error) {
    events.settleFailed(peer, id, error);
  }
}

import type { messages } from '#proto';
import { type FixedEnvelope, type RegionStatement, sealEnvelopes } from '#trust';
import { LetterBook } from '../dead-letter/letter-book.ts';
import type { DispatchContext, SettleHandler } from '../outbound/context.ts';
import { type Flight, readAnswer } from '../outbound/flight.ts';
import { settleAnswers } from '../outbound/settlement.ts';
import { batchOf, type Receiver } from './receiver.ts';
import type { TestGateway } from './region-pair.ts';

/** Takes Pings for a peer and seals everything that waits for it into one flight. */
export async function fly(from: TestGateway, peer: string, conversation: string, pings: number): Promise<Flight> {
  const payload = { note: 'ping' };
  for (let n = 0; n < pings; n += 1) {
    await from.store.write((tx) => from.outbox.enqueue(tx, { peer, conversation, name: 'Ping', payload }));
  }
  const envelopes = await from.outbox.pendingAfter(peer, 0, 256);
  const leaves = envelopes.map(({ leaf }) => leaf);
  return { number: 1, envelopes, sealed: await sealEnvelopes(from.own.signing, from.region, leaves, from.clock.now()) };
}

/** Brings a flight to the other side. @returns what it answers */
export async function land(flight: Flight, from: TestGateway, door: Receiver): Promise<messages.ReceiptBatch> {
  const sent: FixedEnvelope[] = flight.envelopes.map(({ salt, ...rest }) => ({ ...rest, payloadSalt: salt }));
  return door.receive(from.own, await batchOf(from.own, sent, from.clock.now()));
}

/** Makes an answer durable at the sender. @returns what operators are told: `receipt CODE`, `failed ERROR` */
export async function settle(
  from: TestGateway,
  peer: RegionStatement,
  flight: Flight,
  answer: messages.ReceiptBatch,
  onSettled: SettleHandler = async () => {},
  more: { letters?: LetterBook; failures?: number } = {},
): Promise<string[]> {
  const told: string[] = [];
  const { region, store, clock, log, outbox } = from;
  const { letters = new LetterBook({ store, clock }), failures = 0 } = more;
  const events = {
    answered: (_peer: string, kind: string, code: string) => void told.push(`${kind} ${code}`),
    settleFailed: (_peer: string, _envelope: string, error: unknown) => void told.push(`failed ${error}`),
  };
  // What settling does not touch, a sender without a network does not have.
  const context = { region, store, clock, log, outbox, letters, events, onSettled } as unknown as DispatchContext;
  const read = readAnswer(flight, answer, peer, region);
  await settleAnswers(context, peer.region, flight, answer, read, () => failures);
  return told;
}

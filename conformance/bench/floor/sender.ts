import { promisify } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import { CheckClient, ExchangeClient, LIMITS, type messages, TYP } from '#proto';
import type { Clock } from '#trust';
import { samplePayload } from '../sample-case.ts';
import { Ledger, type LedgerRow } from './ledger.ts';
import type { FloorRun, FloorSetup } from './messages.ts';
import { envelopeSource, receiptLeavesOf, Sealing } from './sealing.ts';

/** Envelopes accepted for sending, made durable and sealed. */
interface Sealed {
  readonly first: number;
  readonly rows: readonly LedgerRow[];
  readonly leaves: readonly Buffer[];
  readonly signedRoot: string;
}

/** The sending side of the floor. */
export class FloorSender {
  readonly #sealing: Sealing;
  readonly #ledger: Ledger;
  readonly #next: () => LedgerRow;
  readonly #address: string;

  private constructor(sealing: Sealing, { ledger, port }: FloorSetup, clock: Clock) {
    this.#sealing = sealing;
    this.#ledger = new Ledger(ledger);
    this.#next = envelopeSource(samplePayload(), clock);
    this.#address = `127.0.0.1:${port}`;
  }

  static async open(setup: FloorSetup, clock: Clock): Promise<FloorSender> {
    return new FloorSender(await Sealing.open(setup.keys.sender, setup.keys.receiver), setup, clock);
  }

  /** Sends for a while and waits for the last receipt. @returns envelopes that have a verified, durable receipt */
  run({ way, seconds }: FloorRun): Promise<number> {
    const end = performance.now() + seconds * 1000;
    const goOn = () => performance.now() < end;
    return way === 'stream' ? this.#stream(goOn) : this.#oneByOne(goOn);
  }

  /** Full batches, at most two without an answer. */
  async #stream(goOn: () => boolean): Promise<number> {
    const options = { 'grpc.max_receive_message_length': LIMITS.frameBytes };
    const client = new ExchangeClient(this.#address, credentials.createInsecure(), options);
    const stream = client.exchange();
    const answers = (stream as AsyncIterable<messages.ExchangeResponse>)[Symbol.asyncIterator]();
    const flights: Sealed[] = [];
    let done = 0;
    try {
      while (goOn() || flights.length > 0) {
        while (goOn() && flights.length < LIMITS.batchesInFlight) {
          const sealed = await this.#accept(LIMITS.batchEnvelopes);
          flights.push(sealed);
          const envelopes = sealed.rows.map(({ header, payload, salt }) => ({ header, payload, payloadSalt: salt }));
          stream.write({ batch: { number: sealed.first, signedRoot: Buffer.from(sealed.signedRoot), envelopes } });
        }
        const { value } = await answers.next();
        const { answers: number, receipts, signedRoot } = (value as messages.ExchangeResponse).receipts!;
        const flight = flights.shift();
        if (flight?.first !== number) throw new Error('an answer to another batch');
        this.#settle(flight, receipts, signedRoot);
        done += receipts.length;
      }
      stream.end();
      return done;
    } finally {
      client.close();
    }
  }

  /** One envelope, one signature, one call, one commit at a time. */
  async #oneByOne(goOn: () => boolean): Promise<number> {
    const client = new CheckClient(this.#address, credentials.createInsecure());
    const call = promisify<object, messages.CheckResponse>((request, callback) =>
      client.check(request, (error, answer) => callback(error, answer as messages.CheckResponse)),
    );
    let done = 0;
    try {
      for (; goOn(); done += 1) {
        const sealed = await this.#accept(1);
        const { header, payload, salt } = sealed.rows[0]!;
        const seal = { signedRoot: Buffer.from(sealed.signedRoot), leafIndex: 0, treeSize: 1 };
        const { envelope } = await call({ envelope: { header, payload, payloadSalt: salt, seal } });
        this.#settle(sealed, [envelope!.header], envelope!.seal!.signedRoot);
      }
      return done;
    } finally {
      client.close();
    }
  }

  async #accept(count: number): Promise<Sealed> {
    const rows = Array.from({ length: count }, this.#next);
    const first = this.#ledger.add(rows);
    const leaves = rows.map(({ leaf }) => leaf);
    return { first, rows, leaves, signedRoot: await this.#sealing.seal(TYP.envelopeRoot, leaves) };
  }

  #settle({ first, leaves, signedRoot }: Sealed, receipts: readonly Buffer[], receiptRoot: Buffer): void {
    const seal = receiptRoot.toString('latin1');
    this.#sealing.verify(TYP.receiptRoot, seal, receiptLeavesOf(receipts, leaves));
    this.#ledger.settle(first, receipts, [signedRoot, seal]);
  }
}

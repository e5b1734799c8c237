import type { messages } from '#proto';
import type { RegionStatement } from '#trust';
import type { Observed } from '../observed.ts';
import { Answers } from './answers.ts';
import type { ExchangeLine } from './exchange-line.ts';
import type { HostilePeer, Written } from './hostile-peer.ts';

/** An Exchange stream after the greeting, used as the protocol says. What is in its envelopes is the caller's affair. */
export class Session {
  readonly line: ExchangeLine;
  /** What the target said of itself and of us. */
  readonly hello: messages.Hello;
  readonly #peer: HostilePeer;
  readonly #observed: Observed;
  readonly #early = new Map<number, Answers>();
  #number = 0;

  private constructor(line: ExchangeLine, hello: messages.Hello, peer: HostilePeer, observed: Observed) {
    this.line = line;
    this.hello = hello;
    this.#peer = peer;
    this.#observed = observed;
  }

  /** Greets. @throws CallEnded, Deviation */
  static async open(line: ExchangeLine, hello: object, peer: HostilePeer, observed: Observed): Promise<Session> {
    line.send({ hello });
    for (;;) {
      const frame = await line.next();
      if (frame.hello) return new Session(line, frame.hello, peer, observed);
      if (frame.checkpoint) observed.checkpoint(frame.checkpoint.note);
    }
  }

  /** Sends one batch and waits for its answer. The seal is an honest one unless given. */
  async deliver(envelopes: readonly Written[], signedRoot?: Buffer): Promise<Answers> {
    return this.answerTo(await this.post(envelopes, signedRoot));
  }

  /** Sends one batch. @returns its number */
  async post(envelopes: readonly Written[], signedRoot?: Buffer): Promise<number> {
    this.#number += 1;
    const batch = await batchOf(this.#peer, this.#number, envelopes, signedRoot);
    this.#observed.sent(envelopes.length);
    this.line.send({ batch });
    return this.#number;
  }

  /** The answer to a batch. @throws CallEnded, Deviation */
  async answerTo(number: number): Promise<Answers> {
    for (;;) {
      const early = this.#early.get(number);
      if (early) return early;
      const { receipts, checkpoint } = await this.line.next();
      if (checkpoint) this.#observed.checkpoint(checkpoint.note);
      if (!receipts) continue;
      this.#observed.receipts(receipts);
      this.#early.set(receipts.answers, new Answers(receipts));
    }
  }
}

/** A batch as it travels. */
export async function batchOf(
  peer: HostilePeer,
  number: number,
  envelopes: readonly Written[],
  signedRoot?: Buffer,
): Promise<object> {
  const sealed = envelopes.map(({ header, payload, payloadSalt }) => ({ header, payload, payloadSalt }));
  return { number, signedRoot: signedRoot ?? (await peer.seal(envelopes)), envelopes: sealed };
}

/** The hello of a region to a peer. */
export function honestHello(own: RegionStatement, peer: RegionStatement): object {
  return {
    protocol: 1,
    region: own.region,
    statementSerial: own.serial,
    statementDigest: own.digest,
    peerStatementSerial: peer.serial,
    peerStatementDigest: peer.digest,
  };
}

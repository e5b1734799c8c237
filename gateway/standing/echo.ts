import { decode, type ErrorCode, isErrorCode } from '#proto';
import type { Outbox } from '../outbound/outbox.ts';
import type { Store } from '../store/store.ts';
import type { AnswerNotes } from './answers.ts';
import type { EchoTimes } from './clock-offset.ts';
import { ProbeFailure, type ProbeFault } from './probe-fault.ts';

/** Milliseconds that a test envelope waits for its receipt unless told, and between two looks for it. */
const ECHO_MS = 10_000;
const POLL_MS = 50;

export interface EchoOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly answers: AnswerNotes;
  readonly newId: () => string;
  /** Milliseconds that a test envelope waits for its receipt. */
  readonly waitMs?: number;
}

/** A test envelope that came back with a signed and verified receipt. */
export interface Echo extends EchoTimes {
  readonly envelope: string;
}

interface Row {
  readonly state: string;
  readonly code: string;
  readonly created_at: number;
  readonly settled_at: number | null;
  readonly receipt: Buffer | null;
}

/**
 * Sends test envelopes on the way of all others: outbox, seal, stream, verdict, signed receipt. One that a peer has not
 * answered is not followed by another: an unreachable peer must not collect them.
 */
export class Echoes {
  readonly #options: EchoOptions;
  /** Unanswered test envelope of an earlier probe, by peer. */
  readonly #unanswered = new Map<string, string>();

  constructor(options: EchoOptions) {
    this.#options = options;
  }

  /**
   * Waits for the signed echo of a peer.
   *
   * @throws ProbeFailure of the stage `echo`; CodedError BACK_PRESSURE when too much waits for the peer
   */
  async of(peer: string): Promise<Echo> {
    const earlier = this.#unanswered.get(peer);
    if (earlier !== undefined) await this.#settled(peer, earlier);
    return this.#settled(peer, await this.#send(peer));
  }

  async #send(peer: string): Promise<string> {
    const { store, outbox, newId } = this.#options;
    const outgoing = { peer, conversation: newId(), name: 'Ping', payload: { note: '' } } as const;
    const { id } = await store.write((tx) => outbox.enqueue(tx, outgoing));
    this.#unanswered.set(peer, id);
    return id;
  }

  async #settled(peer: string, envelope: string): Promise<Echo> {
    const { answers, waitMs = ECHO_MS } = this.#options;
    answers.watch(envelope);
    try {
      for (let waited = 0; waited <= waitMs; waited += POLL_MS) {
        const row = await this.#row(envelope);
        if (row && row.state !== 'pending') {
          this.#unanswered.delete(peer);
          return echoOf(envelope, row);
        }
        const fault = FAULT_OF[answers.last(envelope)];
        if (fault) throw new ProbeFailure(fault, answers.last(envelope) as ErrorCode);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      throw stuck(answers.last(envelope));
    } finally {
      answers.forget(envelope);
    }
  }

  #row(envelope: string): Promise<Row | undefined> {
    return this.#options.store.read.get<Row>(
      'SELECT state, code, created_at, settled_at, receipt FROM outbox WHERE id = ?',
      envelope,
    );
  }
}

/** Refusals that tell the fault at once; whatever else the peer answers may still turn into a receipt. */
const FAULT_OF: Readonly<Record<string, ProbeFault>> = {
  SEAL_TIME: 'clock',
  KEY_UNKNOWN: 'key-refused',
  KEY_NOT_VALID: 'key-refused',
  KEY_REVOKED: 'key-refused',
};

function stuck(code: string): ProbeFailure {
  return isErrorCode(code) ? new ProbeFailure('echo-refused', code) : new ProbeFailure('echo-timeout');
}

function echoOf(envelope: string, { state, code, created_at, settled_at, receipt }: Row): Echo {
  if (state !== 'accepted' || !receipt || settled_at === null) throw stuck(code);
  const { receivedAt, decidedAt } = decode('ReceiptBody', receipt);
  return { envelope, sent: created_at, received: receivedAt, decided: decidedAt, settled: settled_at };
}

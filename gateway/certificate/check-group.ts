import { CodedError, envelopeLeaf, LIMITS, type messages } from '#proto';
import { openMember, type RegionStatement, readArrived, suiteOf, VerificationError, verifyGroup } from '#trust';
import { keepGroup } from '../outbound/outbox.ts';
import type { Transaction } from '../store/store.ts';
import { type Answered, type CheckAnswerer, type CheckAnswererOptions, SOURCE_TIMEOUT_MS } from './check-answerer.ts';
import { checkBook } from './check-book.ts';
import { sealChecks, withoutSeal } from './check-envelope.ts';

/** A frame of answers to questions of one group. */
export interface CheckAnswers {
  /** Number of the group. */
  readonly answers: number;
  readonly signedRoot: Buffer;
  readonly envelopes: readonly messages.Envelope[];
  readonly failures: readonly Failed[];
}

interface Failed {
  readonly leafHash: Buffer;
  readonly code: string;
}

/** A question whose answer is written, or was given before. */
interface Ready {
  /** Place in the group. */
  readonly index: number;
  readonly outcome: Answered | { readonly known: messages.Envelope };
}

type Root = ReturnType<typeof verifyGroup>;

/** Questions of a group in work at once: their platforms answer side by side. */
const AT_ONCE = 16;
/** Milliseconds that the platforms have for all questions of a group: who asks waits for thirty seconds. */
const GROUP_TIMEOUT_MS = 25_000;

/** Answers one group of questions (批量核验): the answers share seals and commits as the questions share theirs. */
export class GroupAnswerer {
  readonly #options: CheckAnswererOptions;
  readonly #answerer: CheckAnswerer;
  readonly #peer: RegionStatement;
  readonly #group: messages.CheckManyRequest;
  readonly #signal = AbortSignal.timeout(GROUP_TIMEOUT_MS);
  readonly #ids = new Set<string>();
  #opened: { readonly root: Root } | { readonly fault: unknown } | undefined;
  /** Where the seal of the questions is stored, once it is. */
  #keptAs: number | undefined;

  /** @param peer region that the TLS certificate proved */
  constructor(
    options: CheckAnswererOptions,
    answerer: CheckAnswerer,
    peer: RegionStatement,
    group: messages.CheckManyRequest,
  ) {
    this.#options = options;
    this.#answerer = answerer;
    this.#peer = peer;
    this.#group = group;
  }

  /** Frames of answers, each as soon as it is full. Over all of them each question is answered once or fails once. */
  async *frames(): AsyncGenerator<CheckAnswers> {
    let ready: Ready[] = [];
    let failures: Failed[] = [];
    let bytes = 0;
    const { questions } = this.#group;
    for (let at = 0; at < questions.length; at += AT_ONCE) {
      const some = questions.slice(at, at + AT_ONCE);
      const outcomes = await Promise.all(some.map((raw, offset) => this.#outcome(raw, at + offset)));
      for (const outcome of outcomes) {
        if ('code' in outcome) {
          failures.push(outcome);
          continue;
        }
        const size = sizeOf(outcome);
        if (ready.length > 0 && bytes + size > LIMITS.batchBytes) {
          yield await this.#frame(ready, failures);
          [ready, failures, bytes] = [[], [], 0];
        }
        ready.push(outcome);
        bytes += size;
      }
    }
    yield await this.#frame(ready, failures);
  }

  /** What becomes of one question; what is wrong with it is nothing to the others. */
  async #outcome(raw: messages.Envelope, index: number): Promise<Ready | Failed> {
    const { store, region, clock } = this.#options;
    let leafHash = envelopeLeaf(suiteOf(this.#peer.suites[0] ?? 'ES256').hash, raw.header);
    try {
      const arrived = readArrived(raw, this.#peer.region, region);
      leafHash = arrived.leaf;
      const { id } = arrived.header;
      if (this.#ids.has(id)) throw new VerificationError('ID_REUSED', 'the id stands twice in the group');
      this.#ids.add(id);
      const now = clock.now();
      const known = await this.#answerer.before(store.read, arrived, now);
      if (known) return { index, outcome: { known } };
      const verified = openMember(arrived, this.#root(), now);
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(SOURCE_TIMEOUT_MS)]);
      return { index, outcome: await this.#answerer.answerTo(verified, raw, signal) };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return { leafHash, code: error.code };
    }
  }

  /** The seal of the questions: verified when the first of them needs it. @throws VerificationError as `verifyGroup` */
  #root(): Root {
    this.#opened ??= this.#open();
    if ('fault' in this.#opened) throw this.#opened.fault;
    return this.#opened.root;
  }

  #open() {
    const { signedRoot, questions } = this.#group;
    const headers = questions.map(({ header }) => header);
    try {
      return {
        root: verifyGroup(signedRoot, headers, this.#peer, { kind: 'arrival', now: this.#options.clock.now() }),
      };
    } catch (fault) {
      return { fault };
    }
  }

  /** Keeps the answers of a frame, then seals them. */
  async #frame(ready: readonly Ready[], failures: readonly Failed[]): Promise<CheckAnswers> {
    const answers = this.#group.number;
    if (ready.length === 0) return { answers, signedRoot: Buffer.alloc(0), envelopes: [], failures };
    const { store } = this.#options;
    const { envelopes, leaves, kept } = await store.write((tx) => this.#keep(tx, ready));
    const { signedRoot } = await sealChecks(this.#options, this.#peer.region, leaves);
    if (kept) {
      this.#keptAs = kept.questions;
      // The answers are durable already: should their seal be lost, whoever asks again gets them under another one.
      await store.write((tx) => checkBook.sealed(tx, kept.answers, signedRoot));
    }
    return { answers, signedRoot: Buffer.from(signedRoot), envelopes, failures };
  }

  async #keep(tx: Transaction, ready: readonly Ready[]) {
    const given: Ready[] = [];
    for (const { index, outcome } of ready) {
      // The same question may have been answered on another call since the look-up.
      const known = 'known' in outcome ? undefined : await this.#answerer.before(tx, outcome.arrived);
      given.push({ index, outcome: known ? { known } : outcome });
    }
    const { hash } = suiteOf(this.#options.signerFor(this.#peer.region).suite);
    const envelopes = given.map(({ outcome }) => withoutSeal('known' in outcome ? outcome.known : outcome.written));
    const leaves = envelopes.map(({ header }) => envelopeLeaf(hash, header));
    if (given.every(({ outcome }) => 'known' in outcome)) return { envelopes, leaves, kept: undefined };
    const { signedRoot } = this.#group;
    const questions = this.#keptAs ?? (await keepGroup(tx, signedRoot.toString('latin1'), this.#root().leaves));
    const answers = await keepGroup(tx, '', leaves);
    for (const [at, { index, outcome }] of given.entries()) {
      if ('known' in outcome) continue;
      const seals = { questionSeal: { group: questions, index }, answerSeal: { group: answers, index: at } };
      await this.#answerer.append(tx, outcome, envelopes[at]!, seals);
    }
    return { envelopes, leaves, kept: { questions, answers } };
  }
}

function sizeOf({ outcome }: Ready): number {
  const { header, payload } = 'known' in outcome ? outcome.known : outcome.written;
  return header.length + payload.length;
}

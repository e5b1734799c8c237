import { writeFile } from 'node:fs/promises';

/** One case that the sender's API said it accepted: the word that is held against both stores. */
export interface AcceptedCase {
  readonly conversation: string;
  /** SHA-256 in hex of each of its files. */
  readonly files: readonly string[];
}

/** An envelope that was sent by hand, and what it was answered. */
export interface PostedEnvelope {
  readonly id: string;
  readonly conversation: string;
  readonly sequence: number;
  /** Leaf hash in hex. */
  readonly leaf: string;
  /** Body of its receipt in hex. */
  readonly receipt: string;
}

/** A file as a region hands it out afterwards. Digests in hex. */
export interface FetchedFile {
  readonly region: string;
  readonly conversation: string;
  /** By which it was asked for. */
  readonly digest: string;
  /** SHA-256 of the bytes that came. */
  readonly came: string;
}

/** What was done to the gateways and what they said: written down by those who did it, read by the auditor. */
export class Ledger {
  readonly #accepted: AcceptedCase[] = [];
  readonly #posted: PostedEnvelope[] = [];
  readonly #delivered = new Set<string>();
  readonly #fetched: FetchedFile[] = [];
  #keyed = 0;
  #settledAt = 0;

  accepted(conversation: string, files: readonly string[] = []): void {
    this.#accepted.push({ conversation, files });
  }

  /** A case was opened under an Idempotency-Key, however often one had to ask. */
  keyed(): void {
    this.#keyed += 1;
  }

  /** Nothing waited at this moment (ms, by the clocks of the gateways); what waits afterwards was begun later. */
  settled(at: number): void {
    this.#settledAt = at;
  }

  posted(envelope: PostedEnvelope): void {
    this.#posted.push(envelope);
  }

  /** The receiver's platform took an event about a case. */
  delivered(subject: string): void {
    this.#delivered.add(subject);
  }

  fetched(file: FetchedFile): void {
    this.#fetched.push(file);
  }

  /** The cases so far. */
  get cases(): readonly AcceptedCase[] {
    return this.#accepted;
  }

  get count(): number {
    return this.#accepted.length;
  }

  /** Accepted cases about which the platform was told: it is told of other things too, such as the agreement. */
  get told(): number {
    return this.#accepted.filter(({ conversation }) => this.#delivered.has(conversation)).length;
  }

  async write(file: string): Promise<void> {
    const all = {
      accepted: this.#accepted,
      keyed: this.#keyed,
      settledAt: this.#settledAt,
      posted: this.#posted,
      fetched: this.#fetched,
      told: [...this.#delivered],
    };
    await writeFile(file, JSON.stringify(all));
  }
}

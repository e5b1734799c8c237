import type { MaterialStore } from '../material/material-store.ts';
import type { PeerClient } from './peer-client.ts';

/** Files on their way at once, over all peers. */
const AT_ONCE = 2;
/** Conversations whose files are known to have arrived; the oldest are forgotten and asked for again. */
const REMEMBERED = 10_000;
const STATUS_TIMEOUT_MS = 15_000;

/** Pushes the files that an envelope names before the envelope itself goes. */
export class MaterialPusher {
  readonly #materials: MaterialStore;
  readonly #onBytes: (bytes: number) => void;
  readonly #arrived = new Map<string, Set<string>>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(materials: MaterialStore, onBytes: (bytes: number) => void) {
    this.#materials = materials;
    this.#onBytes = onBytes;
  }

  /** Whether the peer has said that it holds all these files. */
  arrived(peer: string, conversation: string, digests: readonly string[]): boolean {
    const known = this.#arrived.get(`${peer}/${conversation}`);
    return known !== undefined && digests.every((digest) => known.has(digest));
  }

  /** The peer lost a file: ask again. */
  forget(peer: string, conversation: string): void {
    this.#arrived.delete(`${peer}/${conversation}`);
  }

  /**
   * Brings every file to the peer, taking up where an earlier push ended.
   *
   * @throws CodedError the peer's code, PEER_UNREACHABLE, NOT_FOUND when we do not hold a file
   */
  async push(
    client: PeerClient,
    peer: string,
    conversation: string,
    digests: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#slot();
    try {
      for (const digest of digests) {
        await this.#pushOne(client, conversation, Buffer.from(digest, 'hex'), signal);
        this.#remember(`${peer}/${conversation}`, digest);
      }
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #pushOne(client: PeerClient, conversation: string, digest: Buffer, signal: AbortSignal): Promise<void> {
    const { offset, complete } = await client.materialStatus(conversation, digest, STATUS_TIMEOUT_MS);
    if (complete) return;
    const { size, bytes } = await this.#materials.open(conversation, digest, offset);
    await client.pushMaterial({ conversation, digest, size, offset }, this.#counted(bytes), signal);
  }

  async *#counted(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of bytes) {
      this.#onBytes(chunk.length);
      yield chunk;
    }
  }

  async #slot(): Promise<void> {
    if (this.#active >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active += 1;
  }

  #remember(key: string, digest: string): void {
    const known = this.#arrived.get(key) ?? new Set();
    this.#arrived.delete(key);
    this.#arrived.set(key, known.add(digest));
    if (this.#arrived.size > REMEMBERED) this.#arrived.delete(this.#arrived.keys().next().value!);
  }
}

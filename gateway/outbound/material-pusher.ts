import type { MaterialStore } from '../material/material-store.ts';
import type { PeerClient } from './peer-client.ts';

/**
 * Files on their way to one peer at once; a slow peer takes no place of another. Each waits twice for a far peer's answer:
 * with a few at once small files do not crawl.
 */
const AT_ONCE = 8;
/** Conversations whose files are known to have arrived; the oldest are forgotten and asked for again. */
const REMEMBERED = 10_000;
const STATUS_TIMEOUT_MS = 15_000;

interface Lane {
  active: number;
  readonly waiting: (() => void)[];
}

/** Pushes the files that an envelope names before the envelope itself goes. */
export class MaterialPusher {
  readonly #materials: MaterialStore;
  readonly #onBytes: (bytes: number) => void;
  readonly #arrived = new Map<string, Set<string>>();
  readonly #lanes = new Map<string, Lane>();

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
    const leave = await this.#enter(peer);
    try {
      for (const digest of digests) {
        await this.#pushOne(client, conversation, Buffer.from(digest, 'hex'), signal);
        this.#remember(`${peer}/${conversation}`, digest);
      }
    } finally {
      leave();
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

  /** Waits for a place in the peer's lane. @returns what gives it to the next */
  async #enter(peer: string): Promise<() => void> {
    const lane = this.#lanes.get(peer) ?? { active: 0, waiting: [] };
    this.#lanes.set(peer, lane);
    if (lane.active < AT_ONCE) lane.active += 1;
    else await new Promise<void>((resolve) => lane.waiting.push(resolve));
    return () => {
      const next = lane.waiting.shift();
      if (next) return next();
      lane.active -= 1;
      if (lane.active === 0) this.#lanes.delete(peer);
    };
  }

  #remember(key: string, digest: string): void {
    const known = this.#arrived.get(key) ?? new Set();
    this.#arrived.delete(key);
    this.#arrived.set(key, known.add(digest));
    if (this.#arrived.size > REMEMBERED) this.#arrived.delete(this.#arrived.keys().next().value!);
  }
}

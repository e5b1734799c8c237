import type { Peers } from '../peer/peers.ts';
import type { DispatchContext } from './context.ts';
import { PeerLink } from './peer-link.ts';

/** Milliseconds between two looks for checkpoints that are due on links without traffic. */
const QUIET_MS = 10_000;

/** Keeps one link to every pinned peer. */
export class Dispatcher {
  readonly #context: DispatchContext;
  readonly #peers: Peers;
  readonly #links = new Map<string, PeerLink>();
  #stopped = false;
  #quiet: NodeJS.Timeout | undefined;

  constructor(context: DispatchContext, peers: Peers) {
    this.#context = context;
    this.#peers = peers;
  }

  start(): void {
    this.#peers.onChange(() => this.#follow());
    this.#follow();
    // What came last before a silence is to be witnessed too.
    this.#quiet = setInterval(() => this.#showCheckpoints(), QUIET_MS);
    this.#quiet.unref();
  }

  /** Envelopes for a peer were accepted. */
  wake(peer: string): void {
    this.#links.get(peer)?.wake();
  }

  /** A conversation with a peer that stood still behind a dead letter goes on. */
  revive(peer: string, conversation: string): void {
    this.#links.get(peer)?.revive(conversation);
  }

  /** The link to a peer; undefined when it is not pinned. */
  link(peer: string): PeerLink | undefined {
    return this.#links.get(peer);
  }

  /** Our statement is newer: every peer that is connected sees it at once. */
  showStatement(): void {
    for (const link of this.#links.values()) link.showStatement();
  }

  /** Ends every link; what is pending stays in the outbox. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#quiet);
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(links.map((link) => link.stop()));
  }

  #showCheckpoints(): void {
    for (const link of this.#links.values()) link.showCheckpoint();
  }

  /** Brings the links in line with the pinned peers. */
  #follow(): void {
    if (this.#stopped) return;
    for (const [region, link] of this.#links) {
      const peer = this.#peers.get(region);
      if (peer?.identity === link.peer.identity) {
        if (!peer.digest.equals(link.peer.digest)) link.renew(peer);
        continue;
      }
      this.#links.delete(region);
      void link.stop();
    }
    for (const peer of this.#peers.all()) {
      if (this.#links.has(peer.region)) continue;
      const link = new PeerLink(peer, this.#context);
      this.#links.set(peer.region, link);
      link.start();
    }
  }
}

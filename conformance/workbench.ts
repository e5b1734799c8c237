import { randomUUID } from 'node:crypto';
import { localSigner, type RegionStatement, type Signer, suiteOf } from '#trust';
import { Observed } from './observed.ts';
import type { ActingRegion } from './region-folder.ts';
import { HostilePeer } from './wire/hostile-peer.ts';
import { selfMadeCertificate } from './wire/self-made-certificate.ts';
import { honestHello, Session } from './wire/session.ts';
import { type ClientIdentity, WireClient } from './wire/wire-client.ts';

/** Somebody who dials the target. `impostor` shows a certificate with our pinned subject and another key. */
export type Caller = 'own' | 'nobody' | 'stranger' | 'impostor';

/** Everything that a check works with. Must be closed by whoever opened it. */
export class Workbench {
  readonly own: RegionStatement;
  readonly target: RegionStatement;
  readonly acting: ActingRegion;
  readonly peer: HostilePeer;
  readonly observed: Observed;
  /** A signing key that stands in nobody's statement. */
  readonly strangerKey: Signer;
  /** Milliseconds. */
  readonly now: () => number;
  readonly #clients: Readonly<Record<Caller, WireClient>>;

  private constructor(acting: ActingRegion, target: RegionStatement, now: () => number, others: Others) {
    this.acting = acting;
    this.own = acting.statement;
    this.target = target;
    this.now = now;
    this.strangerKey = others.key;
    this.peer = new HostilePeer(acting.statement.region, target.region, acting.signing, now);
    this.observed = new Observed(target);
    const client = (identity?: ClientIdentity) => new WireClient(target, identity, now);
    this.#clients = {
      own: client(acting.tls),
      nobody: client(),
      stranger: client(others.stranger),
      impostor: client(others.impostor),
    };
  }

  /** Prepares everything; connections are made when they are needed. */
  static async open(acting: ActingRegion, target: RegionStatement, now: () => number): Promise<Workbench> {
    const { privateKey, publicKey } = suiteOf(acting.signing.suite).generate();
    return new Workbench(acting, target, now, {
      key: await localSigner(acting.signing.suite, privateKey, publicKey),
      stranger: await selfMadeCertificate(`CN=${randomUUID()}`, now()),
      impostor: await selfMadeCertificate(`CN=${acting.tls.spki}`, now()),
    });
  }

  client(caller: Caller = 'own'): WireClient {
    return this.#clients[caller];
  }

  /** The hello that we honestly say. */
  get hello(): object {
    return honestHello(this.own, this.target);
  }

  /** Works on a fresh stream and ends it. */
  async inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const line = this.client().exchange();
    try {
      return await work(await Session.open(line, this.hello, this.peer, this.observed));
    } finally {
      for (const { checkpoint } of await line.close()) if (checkpoint) this.observed.checkpoint(checkpoint.note);
    }
  }

  close(): void {
    for (const client of Object.values(this.#clients)) client.close();
  }
}

interface Others {
  readonly key: Signer;
  readonly stranger: ClientIdentity;
  readonly impostor: ClientIdentity;
}

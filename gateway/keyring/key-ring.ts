import { CodedError } from '#proto';
import type { Clock, KeyStore, RegionStatement, Signer, TlsIdentity } from '#trust';
import type { Store } from '../store/store.ts';
import { HeldStatements } from './held-statements.ts';
import { type OwnKeys, openOwnKeys } from './own-keys.ts';

export interface KeyRingOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  /** Opens the keys as they are now: commands change them while the gateway runs. */
  readonly openKeys: () => Promise<KeyStore>;
  /** Our statement as it lies on disk now. */
  readonly readStatement: () => Promise<string>;
}

/** Milliseconds after which a new TLS key is presented even though some peer never said that it knows it. */
const TLS_PATIENCE_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Our own region (本地区): what it says of itself, the keys that it may use, and what each peer is known to hold of that.
 * It changes while the gateway runs. The four signers always are the newest key of their purpose; everything else is
 * asked for anew each time.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #held: HeldStatements;
  readonly #listeners: ((renewed: boolean) => void)[] = [];
  #own: OwnKeys;
  #reloading: Promise<void> = Promise.resolve();
  #peers: () => readonly string[] = () => [];
  /** For streams, whose other end was shown our newest statement first, and for documents. */
  readonly signer: Signer = newest(() => this.#newest(this.#own.signing, 'signing'));
  readonly certificateSigner: Signer = newest(() => this.#newest(this.#own.certificate, 'certificate'));
  /** The seal key (印章密钥), for documents that people open: KEY_MISSING in a region that has none yet. */
  readonly sealSigner: Signer = newest(() => this.#newest(this.#own.seal, 'seal'));
  readonly logSigner: Signer = newest(() => this.#newest(this.#own.log, 'log'));

  private constructor(options: KeyRingOptions, held: HeldStatements, own: OwnKeys) {
    this.#options = options;
    this.#held = held;
    this.#own = own;
  }

  /** Begins with keys that were opened, and loads what earlier runs learnt of the peers. */
  static async open(options: KeyRingOptions, own: OwnKeys): Promise<KeyRing> {
    const held = new HeldStatements(options.store, options.clock);
    await held.start(own.statement);
    return new KeyRing(options, held, own);
  }

  /** Our newest statement. */
  get statement(): RegionStatement {
    return this.#own.statement;
  }

  /**
   * The newest signing key that a peer is known to know: for what travels beside the streams.
   *
   * @throws CodedError KEY_MISSING when none is in date
   */
  signerFor(peer: string): Signer {
    const known = this.#own.signing.filter(({ kid }) => this.#held.knows(peer, kid) && this.#inDate(kid));
    return this.#newest(known.length > 0 ? known : this.#own.signing, 'signing');
  }

  /** What our server presents: the newest TLS key that every peer knows, or the newest once they had a week. */
  get tls(): TlsIdentity {
    const { tls, statement } = this.#own;
    const patient = this.#options.clock.now() - statement.issuedAt < TLS_PATIENCE_MS;
    const peers = this.#peers();
    const known = tls.find(({ spki }) => peers.every((peer) => this.#held.knows(peer, spki)));
    return (patient ? known : undefined) ?? tls[0]!;
  }

  /** What we present to one peer when we dial it. */
  tlsFor(peer: string): TlsIdentity {
    const { tls } = this.#own;
    return tls.find(({ spki }) => this.#held.knows(peer, spki)) ?? tls[0]!;
  }

  /** Serial of our statement that a peer is known to hold; 0 when that is not known. */
  heldBy(peer: string): number {
    return this.#held.serial(peer);
  }

  /** Whether a peer is known to hold a statement of ours that names a key: by its id, or for TLS by its SPKI. */
  knows(peer: string, key: string): boolean {
    return this.#held.knows(peer, key);
  }

  /** A peer said which of our statements it holds. */
  async hold(peer: string, serial: number): Promise<void> {
    if (await this.#held.keep(peer, Math.min(serial, this.statement.serial))) this.#tell(false);
  }

  /** Whose knowledge the server's TLS key has to wait for. */
  waitFor(peers: () => readonly string[]): void {
    this.#peers = peers;
  }

  /** Called after every change: our statement and keys were renewed, or a peer holds another statement of ours. */
  onChange(listener: (renewed: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes over what commands changed on disk. When anything is wrong with it, nothing changes here.
   *
   * @throws CodedError as `openOwnKeys`; STATEMENT_STALE when the statement on disk is older than the one in use, or
   *   another one of the same serial
   */
  reload(): Promise<RegionStatement> {
    // One after the other, so that what was read first cannot come in last.
    const reloaded = this.#reloading.then(() => this.#reload());
    this.#reloading = reloaded.then(
      () => {},
      () => {},
    );
    return reloaded;
  }

  async #reload(): Promise<RegionStatement> {
    const { region, clock, openKeys, readStatement } = this.#options;
    const next = await openOwnKeys(region, await openKeys(), await readStatement(), clock.now());
    const { statement } = this.#own;
    const renewed = !next.statement.digest.equals(statement.digest);
    if (renewed && next.statement.serial <= statement.serial) throw new CodedError('STATEMENT_STALE');
    await this.#held.remember(next.statement);
    this.#own = next;
    this.#tell(renewed);
    return next.statement;
  }

  #newest(signers: readonly Signer[], purpose: string): Signer {
    const found = signers.find(({ kid }) => this.#inDate(kid));
    if (found) return found;
    throw new CodedError('KEY_MISSING', `no ${purpose} key is in date; make one with: tongban key rotate ${purpose}`);
  }

  #inDate(kid: string): boolean {
    const now = this.#options.clock.now();
    const key = this.#own.statement.keys.find((stated) => stated.kid === kid)!;
    return now >= key.notBefore && now < key.notAfter;
  }

  #tell(renewed: boolean): void {
    for (const listener of this.#listeners) listener(renewed);
  }
}

/**
 * A signer that is whichever key is the newest at the moment of signing. Its members are read together with the call of
 * `sign`, without a wait between, so that they are of one key.
 */
function newest(current: () => Signer): Signer {
  return {
    get kid() {
      return current().kid;
    },
    get suite() {
      return current().suite;
    },
    get publicJwk() {
      return current().publicJwk;
    },
    sign: (data) => current().sign(data),
  };
}

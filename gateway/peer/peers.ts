import { CodedError } from '#proto';
import { type Clock, matchesFingerprint, RegionDirectory, type RegionStatement, verifyStatement } from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import { type IdentityChange, peerTable } from './peer-table.ts';
import { VouchedPeers } from './vouched-peers.ts';

/** The regions that operators pinned (对接地区), in memory and in the store. */
export class Peers {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #own: () => RegionStatement;
  readonly #directory = new RegionDirectory();
  /** Which of the pins rest on the word of an anchor. */
  readonly vouched = new VouchedPeers();
  readonly #listeners: (() => void)[] = [];
  readonly #repinListeners: ((region: string) => void)[] = [];

  /** @param own our newest statement */
  constructor(store: Store, clock: Clock, own: () => RegionStatement) {
    this.#store = store;
    this.#clock = clock;
    this.#own = own;
  }

  /** Loads what was pinned in earlier runs. */
  async start(): Promise<void> {
    const rows = await this.#store.read.all<{ statement: string }>('SELECT statement FROM peer ORDER BY region');
    for (const { statement } of rows) this.#directory.pin(await verifyStatement(statement));
    await this.vouched.start(this.#store.read);
  }

  /** Our own region's statement. */
  get own(): RegionStatement {
    return this.#own();
  }

  /** A pinned region; undefined when it is not pinned. */
  get(region: string): RegionStatement | undefined {
    return this.#directory.get(region);
  }

  /** A pinned region or our own: whoever may have signed what we hold. */
  statementOf(region: string): RegionStatement | undefined {
    return region === this.own.region ? this.own : this.#directory.get(region);
  }

  /** Newest statement that was ever believed of a region, ours included; also after the region was removed. */
  async lastStatementOf(region: string): Promise<string | undefined> {
    const pinned = this.statementOf(region);
    if (pinned) return pinned.jwt;
    const row = await this.#store.read.get<{ statement: string }>(
      'SELECT statement FROM known_statement WHERE region = ? ORDER BY serial DESC LIMIT 1',
      region,
    );
    return row?.statement;
  }

  /**
   * A pinned region whose statement is in date.
   *
   * @throws CodedError PEER_NOT_PINNED, STATEMENT_EXPIRED
   */
  demand(region: string): RegionStatement {
    const statement = this.#directory.get(region);
    if (!statement) throw new CodedError('PEER_NOT_PINNED');
    if (this.#clock.now() >= statement.expiresAt) throw new CodedError('STATEMENT_EXPIRED');
    return statement;
  }

  all(): RegionStatement[] {
    return this.#directory.all();
  }

  get directory(): RegionDirectory {
    return this.#directory;
  }

  /** Called after every change of the pinned regions. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Pins a region after an operator compared fingerprints.
   *
   * @param fingerprint as the other operator read it out
   * @throws CodedError STATEMENT_INVALID, STATEMENT_EXPIRED, STATEMENT_STALE, FINGERPRINT_MISMATCH, CONFLICT
   */
  async pin(jwt: string, fingerprint: string): Promise<RegionStatement> {
    const statement = await verifyStatement(jwt.trim());
    if (!matchesFingerprint(statement.identity, fingerprint)) {
      // The right one is not shown: it must come from the other operator, not from this message.
      throw new CodedError('FINGERPRINT_MISMATCH');
    }
    this.#judge(statement);
    await this.#store.write(async (tx) => {
      await this.#keep(tx, statement);
      // From here on it is the operator's pin, whoever else vouches.
      await this.vouched.forget(tx, statement.region);
    });
    return statement;
  }

  /**
   * Pins a region because an anchor vouches for its identity. Whatever an operator decided about the region stands.
   *
   * @throws CodedError CONFLICT when it is pinned already or an operator removed it; STATEMENT_EXPIRED,
   *   STATEMENT_INVALID
   */
  async pinVouched(statement: RegionStatement): Promise<void> {
    const { region } = statement;
    await this.#store.write(async (tx) => {
      // Asked of the store: what shares this commit does not show in memory yet.
      const decided = await tx.get(
        'SELECT region FROM peer WHERE region = ? UNION SELECT region FROM vouched_peer WHERE region = ?',
        region,
        region,
      );
      if (decided) throw new CodedError('CONFLICT', `region ${region} is pinned, or an operator removed it`);
      this.#judge(statement);
      await this.#keep(tx, statement);
      await this.vouched.set(tx, region, 'pinned');
    });
  }

  /**
   * Pins a region anew that is pinned only because an anchor vouches for it, and vouches for another identity now. The
   * change is kept as in {@link repin}.
   *
   * @param anchor name of the anchor
   * @throws CodedError CONFLICT when an operator decided about the region; STATEMENT_EXPIRED, STATEMENT_INVALID
   */
  async repinVouched(statement: RegionStatement, anchor: string): Promise<void> {
    const { region, identity: to } = statement;
    const from = this.#directory.get(region)?.identity ?? '';
    this.#demandUsable(statement);
    const why = { reason: 'an anchor vouches for another identity of the region', by: `anchor ${anchor}` };
    await this.#store.write(async (tx) => {
      if (!(await this.vouched.isPinned(tx, region))) throw new CodedError('CONFLICT');
      await this.#replace(tx, statement, { region, from, to, at: this.#clock.now(), ...why });
    });
  }

  /** Forgets a region that was pinned only because an anchor vouched for it; its live calls end. */
  async unpinVouched(region: string): Promise<void> {
    await this.#store.write(async (tx) => {
      if (await this.vouched.forget(tx, region, 'pinned')) await this.#forget(tx, region);
    });
  }

  /**
   * Pins a region anew whose identity key was lost or stolen (重新登记), after an operator compared the new fingerprint.
   * The calls of the old identity end and the links dial again. The statements that were believed before are kept, and
   * the change is: old evidence needs both.
   *
   * @param fingerprint of the new identity key, as the other operator read it out
   * @throws CodedError PEER_NOT_PINNED, CONFLICT when the identity is the pinned one, FINGERPRINT_MISMATCH,
   *   STATEMENT_INVALID, STATEMENT_EXPIRED
   */
  async repin(
    region: string,
    jwt: string,
    fingerprint: string,
    why: { readonly reason: string; readonly by: string },
  ): Promise<RegionStatement> {
    const statement = await verifyStatement(jwt.trim());
    if (!matchesFingerprint(statement.identity, fingerprint)) throw new CodedError('FINGERPRINT_MISMATCH');
    if (statement.region !== region)
      throw new CodedError('STATEMENT_INVALID', `the statement is of region ${statement.region}`);
    const known = this.#directory.get(region);
    if (!known) throw new CodedError('PEER_NOT_PINNED');
    if (known.identity === statement.identity)
      throw new CodedError('CONFLICT', 'the region is pinned with this identity key already; use: tongban peer add');
    this.#demandUsable(statement);
    const change = { region, from: known.identity, to: statement.identity, at: this.#clock.now(), ...why };
    await this.#store.write(async (tx) => {
      await this.#replace(tx, statement, change);
      await this.vouched.forget(tx, region);
    });
    return statement;
  }

  /** Every change of a region's identity key, the oldest first. */
  identityChanges(region: string): Promise<IdentityChange[]> {
    return peerTable.identityChanges(this.#store.read, region);
  }

  /** Called after a region was pinned anew with another identity key. */
  onRepin(listener: (region: string) => void): void {
    this.#repinListeners.push(listener);
  }

  /**
   * Takes a newer statement that a pinned region sent about itself, inside a unit of work.
   *
   * @throws CodedError PEER_NOT_PINNED, STATEMENT_STALE, STATEMENT_EXPIRED, FINGERPRINT_MISMATCH, STATEMENT_INVALID
   */
  async renew(tx: Transaction, region: string, jwt: string): Promise<void> {
    const statement = await verifyStatement(jwt);
    const known = this.#directory.get(region);
    if (statement.region !== region || !known) throw new CodedError('PEER_NOT_PINNED');
    if (statement.digest.equals(known.digest)) return;
    this.#judge(statement);
    await this.#keep(tx, statement);
  }

  /**
   * Forgets a region; its live calls end.
   *
   * @throws CodedError NOT_FOUND
   */
  async remove(region: string): Promise<void> {
    if (!this.#directory.get(region)) throw new CodedError('NOT_FOUND', `region ${region} is not pinned`);
    await this.#store.write(async (tx) => {
      await this.#forget(tx, region);
      // An anchor that vouches for it must not bring it back.
      await this.vouched.set(tx, region, 'refused');
    });
  }

  async #forget(tx: Transaction, region: string): Promise<void> {
    await tx.run('DELETE FROM peer WHERE region = ?', region);
    tx.afterCommit(() => {
      this.#directory.remove(region);
      this.#tell();
    });
  }

  #judge(statement: RegionStatement): void {
    this.#demandUsable(statement);
    this.#directory.judge(statement);
  }

  #demandUsable(statement: RegionStatement): void {
    if (statement.region === this.own.region) throw new CodedError('CONFLICT', 'this is our own statement');
    if (this.#clock.now() >= statement.expiresAt) throw new CodedError('STATEMENT_EXPIRED');
    this.#demandOwnTls(statement);
  }

  async #keep(tx: Transaction, statement: RegionStatement): Promise<void> {
    // The directory changes only after the commit: another statement may have been taken in the same group of works.
    await peerTable.keep(tx, statement, this.#clock.now());
    tx.afterCommit(() => {
      this.#directory.pin(statement);
      this.#tell();
    });
  }

  async #replace(tx: Transaction, statement: RegionStatement, change: IdentityChange): Promise<void> {
    await peerTable.replace(tx, statement, change);
    const { region } = statement;
    tx.afterCommit(() => {
      // First everybody lets go of the old identity, then they meet the new one.
      this.#directory.remove(region);
      this.#tell();
      this.#directory.pin(statement);
      this.#tell();
      for (const listener of this.#repinListeners) listener(region);
    });
  }

  /** A TLS key must name one region only, else a peer could speak for another. */
  #demandOwnTls(statement: RegionStatement): void {
    const taken = statement.tls.some(({ certificate, spki }) => {
      const owner = this.#directory.ownerOf(certificate);
      return (owner && owner.region !== statement.region) || this.own.tls.some((tls) => tls.spki === spki);
    });
    if (taken)
      throw new CodedError('STATEMENT_INVALID', 'the statement claims a TLS key of ours or of a pinned region');
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

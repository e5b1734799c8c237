import type { Sql, Transaction } from '../store/store.ts';

/** `pinned`: it is pinned only because an anchor vouches for it. `refused`: an operator removed it, whoever vouches. */
type Vouched = 'pinned' | 'refused';

/** What the pins owe to anchors (锚点担保), in memory and in the store. */
export class VouchedPeers {
  readonly #states = new Map<string, Vouched>();

  /** Loads what earlier runs left. */
  async start(read: Sql): Promise<void> {
    const rows = await read.all<{ region: string; state: Vouched }>('SELECT region, state FROM vouched_peer');
    for (const { region, state } of rows) this.#states.set(region, state);
  }

  /** Undefined where an operator decided, or nobody has. */
  get(region: string): Vouched | undefined {
    return this.#states.get(region);
  }

  /** Regions that are pinned only because an anchor vouches for them. */
  pinned(): string[] {
    return [...this.#states].filter(([, state]) => state === 'pinned').map(([region]) => region);
  }

  /** Like `get`, asked of the store inside a unit of work. */
  async isPinned(tx: Transaction, region: string): Promise<boolean> {
    const row = await tx.get("SELECT region FROM vouched_peer WHERE region = ? AND state = 'pinned'", region);
    return row !== undefined;
  }

  async set(tx: Transaction, region: string, state: Vouched): Promise<void> {
    await tx.run(
      'INSERT INTO vouched_peer (region, state) VALUES (?, ?) ON CONFLICT (region) DO UPDATE SET state = excluded.state',
      region,
      state,
    );
    tx.afterCommit(() => void this.#states.set(region, state));
  }

  /**
   * @param state only when it is in that state
   * @returns whether there was something to forget
   */
  async forget(tx: Transaction, region: string, state?: Vouched): Promise<boolean> {
    const states = state ? [state] : ['pinned', 'refused'];
    const changed = await tx.run(
      `DELETE FROM vouched_peer WHERE region = ? AND state IN (${states.map(() => '?').join()})`,
      region,
      ...states,
    );
    if (changed > 0) tx.afterCommit(() => void this.#states.delete(region));
    return changed > 0;
  }
}

import type { Sql, Transaction } from '../store/store.ts';
import { opened } from '../store/vault/opened.ts';
import type { Secrets } from './secrets.ts';
import { queueName, type Subscription } from './subscription.ts';

interface Row {
  readonly id: string;
  readonly owner: string;
  readonly url: string;
  readonly types: string;
  readonly state: Subscription['state'];
  readonly secrets: string;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

const COLUMNS = 'id, owner, url, types, state, secrets, version, created_at, updated_at';

/** The subscriptions in the database; their secrets stand there sealed. */
export const subscriptionTable = {
  async all(sql: Sql): Promise<Subscription[]> {
    const rows = await sql.all<Row>(`SELECT ${COLUMNS} FROM webhook ORDER BY id`);
    return rows.map((row) => fromRow(sql, row));
  },

  async find(sql: Sql, id: string): Promise<Subscription | undefined> {
    const row = await sql.get<Row>(`SELECT ${COLUMNS} FROM webhook WHERE id = ?`, id);
    return row && fromRow(sql, row);
  },

  async insert(tx: Transaction, one: Subscription): Promise<void> {
    const { id, owner, url, types, state, version, createdAt, updatedAt } = one;
    await tx.run(
      `INSERT INTO webhook (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, owner, url, JSON.stringify(types), state, sealed(tx, one), version, createdAt, updatedAt],
    );
  },

  async update(tx: Transaction, one: Subscription): Promise<void> {
    const { id, url, types, state, version, updatedAt } = one;
    await tx.run(
      'UPDATE webhook SET url = ?, types = ?, state = ?, secrets = ?, version = ?, updated_at = ? WHERE id = ?',
      ...[url, JSON.stringify(types), state, sealed(tx, one), version, updatedAt, id],
    );
  },

  /** With its place, what is held for it, and the record of its attempts. */
  async remove(tx: Transaction, id: string): Promise<void> {
    await tx.run('DELETE FROM webhook WHERE id = ?', id);
    await tx.run('DELETE FROM webhook_attempt WHERE webhook = ?', id);
    await tx.run('DELETE FROM platform_cursor WHERE adapter = ?', queueName(id));
    await tx.run('DELETE FROM platform_held WHERE adapter = ?', queueName(id));
  },

  /** Every event up to here is delivered or held. */
  async placeOf(sql: Sql, id: string): Promise<number> {
    const row = await sql.get<{ position: number }>(
      'SELECT position FROM platform_cursor WHERE adapter = ?',
      queueName(id),
    );
    return row!.position;
  },

  /** Puts its place behind a position; what waited behind it has its turn anew. */
  async setPlace(tx: Transaction, id: string, position: number): Promise<void> {
    await tx.run(
      `INSERT INTO platform_cursor (adapter, position) VALUES (?, ?)
       ON CONFLICT (adapter) DO UPDATE SET position = excluded.position`,
      queueName(id),
      position,
    );
    await tx.run(
      "DELETE FROM platform_held WHERE adapter = ? AND position > ? AND state = 'waiting'",
      queueName(id),
      position,
    );
  },
};

function sealed(tx: Transaction, { id, secrets }: Subscription): string {
  return tx.vault.sealText('webhook.secrets', id, JSON.stringify(secrets));
}

function fromRow(sql: Sql, row: Row): Subscription {
  const { id, owner, url, types, state, secrets, version, created_at: createdAt, updated_at: updatedAt } = row;
  const { value } = opened(() => sql.vault.openText('webhook.secrets', id, secrets));
  const known = value === undefined ? undefined : (JSON.parse(value) as Secrets);
  return { id, owner, url, types: JSON.parse(types), state, secrets: known, version, createdAt, updatedAt };
}

import { hash } from 'node:crypto';
import type { Row, Sql, Transaction } from '../../store/store.ts';
import type { ItemChange } from '../item-versions.ts';
import type { Bundle } from './bundle.ts';

/** A version of a bundle, as it was defined. */
export interface BundleVersion {
  readonly bundle: Bundle;
  /** Counts the versions of this bundle, from 1. */
  readonly n: number;
  /** Milliseconds. */
  readonly validSince: number;
}

/** The table of our bundles, with every version that was ever in force. */
export const bundleVersions = {
  /** The version that holds now. */
  async current(sql: Sql, code: string): Promise<BundleVersion | undefined> {
    const row = await sql.get('SELECT * FROM bundle_version WHERE code = ? AND superseded_at IS NULL', code);
    return row && versionOf(row);
  },

  async at(sql: Sql, code: string, n: number): Promise<BundleVersion | undefined> {
    const row = await sql.get('SELECT * FROM bundle_version WHERE code = ? AND n = ?', code, n);
    return row && versionOf(row);
  },

  /** What holds now, in the order of the codes. */
  async all(sql: Sql): Promise<BundleVersion[]> {
    const rows = await sql.all('SELECT * FROM bundle_version WHERE superseded_at IS NULL ORDER BY code');
    return rows.map(versionOf);
  },

  /** What saving it would do. */
  async compare(sql: Sql, bundle: Bundle): Promise<ItemChange> {
    const text = 'SELECT digest FROM bundle_version WHERE code = ? AND superseded_at IS NULL';
    const before = await sql.get<{ digest: Buffer }>(text, bundle.code);
    if (!before) return 'added';
    return Buffer.from(before.digest).equals(digestOf(bundle)) ? 'unchanged' : 'changed';
  },

  /** Makes this the version that holds. @param at milliseconds */
  async save(tx: Transaction, bundle: Bundle, at: number): Promise<void> {
    const { code } = bundle;
    await tx.run('UPDATE bundle_version SET superseded_at = ? WHERE code = ? AND superseded_at IS NULL', at, code);
    const last = await tx.get<{ n: number }>('SELECT max(n) AS n FROM bundle_version WHERE code = ?', code);
    await tx.run(
      'INSERT INTO bundle_version (code, n, digest, document, valid_since) VALUES (?, ?, ?, ?, ?)',
      code,
      (last?.n ?? 0) + 1,
      digestOf(bundle),
      JSON.stringify(bundle),
      at,
    );
  },
};

/** Members stand in one order, since only the reader of files makes bundles. */
function digestOf(bundle: Bundle): Buffer {
  return hash('sha256', JSON.stringify(bundle), 'buffer');
}

function versionOf({ document, n, valid_since }: Row): BundleVersion {
  return { bundle: JSON.parse(String(document)) as Bundle, n: Number(n), validSince: Number(valid_since) };
}

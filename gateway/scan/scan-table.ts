import type { Sql, Transaction } from '../store/store.ts';

/** How a file stands: nothing was found, it is set aside, or it was handed back in spite of what was found. */
export const SCAN_STATES = ['clean', 'parked', 'released'] as const;

/** What was found, and what was decided about it since. */
export interface ScanResult {
  readonly state: (typeof SCAN_STATES)[number];
  /** Milliseconds. */
  readonly at: number;
  /** Name of what the scanner found. */
  readonly signature?: string;
  /** Why it could not be scanned. */
  readonly code?: 'MATERIAL_TOO_LARGE' | 'VALIDATION_FAILED';
  readonly released?: { readonly by: string; readonly reason: string; readonly at: number };
}

export interface ScannedMaterial {
  readonly conversation: string;
  readonly digest: Buffer;
  readonly updated_at: number;
  /** Scans that began and did not end. */
  readonly tries: number;
}

export interface ParkedMaterial {
  readonly conversation: string;
  readonly digest: Buffer;
  readonly peer: string;
  readonly size: number;
  readonly updated_at: number;
  readonly scan: string;
}

/** Where scans are kept: with the rows of their files. */
export const scanTable = {
  /** The oldest files that nobody scanned. @param left how many to leave out */
  waiting(sql: Sql, limit: number, left: number): Promise<ScannedMaterial[]> {
    return sql.all<ScannedMaterial>(
      `SELECT conversation, digest, min(updated_at) AS updated_at, min(scan_tries) AS tries FROM material
       WHERE state = 'held' AND scan_state = '' GROUP BY conversation, digest
       ORDER BY min(updated_at), conversation, digest LIMIT ? OFFSET ?`,
      limit,
      left,
    );
  },

  async begin(tx: Transaction, { conversation, digest }: ScannedMaterial): Promise<void> {
    await tx.run(
      'UPDATE material SET scan_tries = scan_tries + 1 WHERE conversation = ? AND digest = ?',
      conversation,
      digest,
    );
  },

  /** Keeps what was found, whoever brought the file. */
  async keep(tx: Transaction, conversation: string, digest: Buffer, result: ScanResult): Promise<void> {
    await tx.run(
      'UPDATE material SET scan = ?, scan_state = ? WHERE conversation = ? AND digest = ?',
      JSON.stringify(result),
      result.state,
      conversation,
      digest,
    );
  },

  async find(sql: Sql, conversation: string, digest: Buffer): Promise<ScanResult | undefined> {
    const row = await sql.get<{ scan: string }>(
      "SELECT scan FROM material WHERE conversation = ? AND digest = ? AND scan_state <> '' LIMIT 1",
      conversation,
      digest,
    );
    return row && (JSON.parse(row.scan) as ScanResult);
  },

  /** Of a case, by digest in hex. */
  async of(sql: Sql, conversation: string): Promise<ReadonlyMap<string, ScanResult>> {
    const rows = await sql.all<{ digest: Buffer; scan: string }>(
      "SELECT digest, scan FROM material WHERE conversation = ? AND scan_state <> ''",
      conversation,
    );
    return new Map(rows.map(({ digest, scan }) => [digest.toString('hex'), JSON.parse(scan)]));
  },

  /** What is set aside, the oldest first. @param after where the page before ended */
  parked(
    sql: Sql,
    limit: number,
    after: { readonly at: number; readonly conversation: string; readonly digest: Buffer } | undefined,
  ): Promise<ParkedMaterial[]> {
    const { at, conversation, digest } = after ?? { at: 0, conversation: '', digest: Buffer.alloc(0) };
    return sql.all<ParkedMaterial>(
      `SELECT conversation, digest, peer, size, updated_at, scan FROM material
       WHERE scan_state = 'parked' AND (updated_at > ? OR (updated_at = ? AND
         (conversation > ? OR (conversation = ? AND digest > ?))))
       ORDER BY updated_at, conversation, digest LIMIT ?`,
      at,
      at,
      conversation,
      conversation,
      digest,
      limit,
    );
  },
};

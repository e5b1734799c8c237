import { randomBytes } from 'node:crypto';
import { CERTIFICATE_REFERENCE_BYTES, mintCertificateReference } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';

/** The opaque references (查验码) in the QR codes of our certificates. */
export const references = {
  /** The reference of a certificate of ours; a new one unless it has one already. */
  async issue(tx: Transaction, identifier: string): Promise<string> {
    await tx.run(
      'INSERT INTO certificate_reference (reference, identifier) VALUES (?, ?) ON CONFLICT (identifier) DO NOTHING',
      mintCertificateReference(randomBytes(CERTIFICATE_REFERENCE_BYTES)),
      identifier,
    );
    return (await this.of(tx, identifier))!;
  },

  /** The reference of a certificate; undefined when it has none. */
  async of(sql: Sql, identifier: string): Promise<string | undefined> {
    const row = await sql.get<{ reference: string }>(
      'SELECT reference FROM certificate_reference WHERE identifier = ?',
      identifier,
    );
    return row?.reference;
  },

  /** The identifier of the certificate that a reference stands for; undefined when we gave out no such reference. */
  async find(sql: Sql, reference: string): Promise<string | undefined> {
    const row = await sql.get<{ identifier: string }>(
      'SELECT identifier FROM certificate_reference WHERE reference = ?',
      reference,
    );
    return row?.identifier;
  },
};

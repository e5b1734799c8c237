import type { IdentityDocumentType } from '#proto';
import type { CertificateView } from '#trust';
import type { Transaction } from '../store/store.ts';

/** Whose certificates are looked for: a number, a name, or both of one and the same holder. */
export interface HolderQuery {
  readonly number?: string | undefined;
  /** Kind of the document behind the number; any when absent. */
  readonly documentType?: IdentityDocumentType | undefined;
  readonly name?: string | undefined;
}

/** The rows by which the certificates of a holder (持证主体, 共同持证人) are found. */
export const holders = {
  /** Writes down everybody whom a certificate shows; whoever was kept back in it cannot be found by it. */
  async insert(
    tx: Transaction,
    { identifier, issuer }: { readonly identifier: string; readonly issuer: string },
    { holder, otherHolders = [] }: Pick<CertificateView, 'holder' | 'otherHolders'>,
  ): Promise<void> {
    for (const [place, { documentType, number = '', name = '' }] of [holder, ...otherHolders].entries())
      await tx.run(
        'INSERT INTO certificate_holder (identifier, issuer, place, document_type, number, name) VALUES (?, ?, ?, ?, ?, ?)',
        identifier,
        issuer,
        place,
        documentType,
        tx.vault.hash(numberKey(number)),
        tx.vault.hash(nameKey(name)),
      );
  },
};

/** A number as it is looked up: no kind of document has small letters, but people type the X (校验码) of theirs as x. */
export function numberKey(number: string): string {
  return number.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** Marks that choose among the shapes of one character (字形变体). */
const VARIATION = /[\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/**
 * A name as it is looked up: the dot between its parts (间隔号) comes in several encodings that look alike, a character may be
 * written in several ways that mean the same (NFC), and a shape of it makes no other name.
 */
export function nameKey(name: string): string {
  return name
    .normalize('NFC')
    .replaceAll(VARIATION, '')
    .replaceAll(/[•‧∙⋅・･．]/gu, '·');
}

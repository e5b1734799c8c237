import type { Statement } from '../../reference/documents.ts';
import { readReceipt } from '../../reference/exchange.ts';
import { HASHES, type SignedRoot, verifyRoot } from '../../reference/signed.ts';
import { leafOf, Refused, treeRoot } from '../../reference/wire.ts';
import type { Books, EnvelopeRow } from './books.ts';
import type { Findings } from './findings.ts';

const LEAF_BYTES = 32;

/** @returns how many receipts both sides have, byte for byte, and which verify on both sides */
export function compareReceipts(from: Books, to: Books, findings: Findings): number {
  const given = new Map(to.inbox.filter(({ peer }) => peer === from.region).map((row) => [row.id, row]));
  const kept = { from: new Groups(from, to.statement), to: new Groups(to, to.statement) };
  const sealed = { from: new Groups(from, from.statement), to: new Groups(to, from.statement) };
  let good = 0;
  for (const row of from.outbox.filter(({ peer }) => peer === to.region)) {
    const other = given.get(row.id);
    const where = `${from.region} outbox/${row.id}`;
    // What never arrived is a finding already.
    if (!other || row.isLate) continue;
    if (!row.receipt || !other.receipt) findings.add('receipt', where, 'there is none');
    else if (!row.receipt.equals(other.receipt)) findings.add('receipt', where, 'the two sides have different ones');
    else {
      const faults = [
        ...faultsOf(row, row.receipt, { ours: from, issuer: to }, sealed.from, kept.from),
        ...faultsOf(other, row.receipt, { ours: from, issuer: to }, sealed.to, kept.to),
      ];
      for (const fault of faults) findings.add('receipt', where, fault);
      if (faults.length === 0) good += 1;
    }
  }
  return good;
}

/** What is wrong with the envelope's seal and with the receipt, as one side holds them. */
function faultsOf(
  row: EnvelopeRow,
  receipt: Buffer,
  { ours, issuer }: { readonly ours: Books; readonly issuer: Books },
  sealed: Groups,
  kept: Groups,
): string[] {
  const { id: envelopeId, leaf, conversation, sequence } = row;
  const about = { issuer: issuer.region, audience: ours.region, envelopeId, leaf, conversation, sequence };
  const checks = [
    () => void readReceipt(receipt, about),
    () => kept.demand(row.receipt_group, row.receipt_group_index, receipt, 'tongban-receipts+jws'),
    () => sealed.demand(row.group, row.group_index, row.header, 'tongban-envelopes+jws'),
  ];
  return checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return [`${error.code}: ${error.message}`];
    }
  });
}

/** The groups that a region keeps, as one signer must have signed them; each signature is verified once. */
class Groups {
  readonly #books: Books;
  readonly #signer: Statement;
  readonly #roots = new Map<number, SignedRoot>();

  constructor(books: Books, signer: Statement) {
    this.#books = books;
    this.#signer = signer;
  }

  /** @throws Refused unless the member is at its place under the signed root of its group */
  demand(id: number | null, index: number | null, member: Buffer, typ: string): void {
    const group = id === null ? undefined : this.#books.groups.get(id);
    if (!group || index === null) throw new Refused('PATH_INVALID', 'was never sealed');
    const root = this.#roots.get(group.id) ?? this.#verified(group.id, typ);
    const leaf = group.leaves.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);
    if (!leafOf(HASHES[root.suite], member).equals(leaf))
      throw new Refused('PATH_INVALID', 'is not the leaf at its place in the group');
  }

  #verified(id: number, typ: string): SignedRoot {
    const { signed_root, leaves } = this.#books.groups.get(id)!;
    const signer = { region: this.#signer.region, keys: this.#signer.keys };
    const root = verifyRoot(signed_root, typ, signer, 'history');
    const members = Array.from({ length: leaves.length / LEAF_BYTES }, (_, n) =>
      leaves.subarray(n * LEAF_BYTES, (n + 1) * LEAF_BYTES),
    );
    if (root.size !== members.length || !treeRoot(HASHES[root.suite], members).equals(root.root))
      throw new Refused('ROOT_MISMATCH', 'the leaves of the group have another root');
    this.#roots.set(id, root);
    return root;
  }
}

import { CodedError, type messages, type PaperKind } from '#proto';
import type { MaterialStore } from '../../material/material-store.ts';
import type { Incoming } from '../../peer/incoming.ts';
import type { Transaction } from '../../store/store.ts';
import type { EmitNews } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { holdMaterials } from '../incoming-materials.ts';
import { KINDS_OF_PAPER } from './paper-kinds.ts';
import { MAX_PAPERS, paperTable } from './paper-table.ts';

/**
 * The other region gave a notice of an act of its own: its file is here, and belongs to the case. Who signed it is looked
 * at when it is opened.
 *
 * @throws MissingMaterials; CodedError PAYLOAD_INVALID for a kind that its side does not give and for a number that the case
 *   has already, ILLEGAL_TRANSITION when the case holds as many as it may
 */
export async function hearPaper(
  tx: Transaction,
  file: CaseFile,
  incoming: Incoming,
  { emit, materials }: { readonly emit: EmitNews; readonly materials: MaterialStore },
): Promise<void> {
  const { kind, number, digest, size, issuedAt } = (incoming.payload as messages.CaseNote).paperIssued!;
  const by = file.role === 'receiving' ? 'handling' : 'receiving';
  if (!KINDS_OF_PAPER[kind as PaperKind].by.includes(by))
    throw new CodedError('PAYLOAD_INVALID', `the ${by} region gives no notice of this kind`);
  const { conversation, peer: issuer, role: _role, number: ourNumber, state } = file;
  if ((await paperTable.of(tx, conversation)).length >= MAX_PAPERS)
    throw new CodedError('ILLEGAL_TRANSITION', `the case holds ${MAX_PAPERS} notices and takes no more`);
  await holdMaterials(tx, incoming, [{ digest, size }], materials);
  const envelope = incoming.envelope.header.id;
  const paper = { number, kind: kind as PaperKind, issuer, digest, size, issued_at: issuedAt, envelope, code: '' };
  if (!(await paperTable.keep(tx, conversation, paper)))
    throw new CodedError('PAYLOAD_INVALID', 'the case has another notice with this number');
  const at = Math.min(incoming.envelope.header.sentAt, incoming.receivedAt);
  await emit(tx, { conversation, number: ourNumber, peer: issuer, event: 'paper-issued', actor: issuer, state, at });
}

import { CodedError, type Mode, type messages, type PayloadName } from '#proto';
import type { VerifiedEnvelope } from '#trust';
import type { MaterialStore } from '../material/material-store.ts';
import { MissingMaterials } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';
import { deciderOf, termsOf, writeStep } from './case-changes.ts';
import type { CaseDocument, CaseFile } from './case-file.ts';
import { documentOf } from './case-incoming.ts';
import { caseRepository } from './case-repository.ts';
import { machineOf } from './machines/machine-of.ts';
import { eventOf } from './machines/machines.ts';
import type { CaseNeighbours } from './neighbours.ts';
import { keptMaterials, materialsOf, stepRecord } from './payloads.ts';
import { apply } from './transitions.ts';

/** A message about a case that we sent and the other region accepted. */
export interface SentMessage {
  readonly peer: string;
  readonly envelope: VerifiedEnvelope;
  readonly name: PayloadName;
  readonly payload: object;
}

export interface ActAgainOptions {
  readonly region: string;
  readonly now: () => number;
  readonly materials: Pick<MaterialStore, 'missing' | 'hold'>;
  readonly neighbours: Pick<CaseNeighbours, 'emit' | 'office' | 'itemOf'>;
}

/** Acts whose message tells all that they did here. What issues or takes back a certificate does more. */
const TOLD_WHOLE: ReadonlySet<PayloadName> = new Set([
  'CaseTransfer',
  'CaseAccepted',
  'CaseRefused',
  'CaseReturned',
  'SupplementRequested',
  'SupplementSubmitted',
  'SpecialProcedureStarted',
  'SpecialProcedureEnded',
  'CaseDecided',
  'ResultDelivered',
  'CaseRated',
  'WithdrawalRequested',
]);

/**
 * Does again what an act of ours did to our view of a case, after the store was restored from before it. The other region
 * accepted it, so it is applied at once.
 *
 * @throws CodedError CONVERSATION_HELD for an act that its message does not tell whole, CASE_UNKNOWN, ITEM_UNKNOWN,
 *   ILLEGAL_TRANSITION; MissingMaterials when a file is lost too
 */
export async function actAgain(tx: Transaction, sent: SentMessage, options: ActAgainOptions): Promise<void> {
  const { envelope, name, payload, peer } = sent;
  if (!TOLD_WHOLE.has(name)) throw new CodedError('CONVERSATION_HELD', `${name} cannot be done again by its message`);
  const { conversation, sentAt: at, id } = envelope.header;
  const known = await caseRepository.find(tx, conversation);
  if (known && known.peer !== peer) throw new CodedError('CASE_UNKNOWN');
  await holdFiles(tx, sent, options);
  const file = name === 'CaseTransfer' ? await takenIn(tx, known, sent, options) : known;
  if (!file) throw new CodedError('CASE_UNKNOWN');
  const { row, to } = apply(machineOf(file), file.state, eventOf(name, payload), file.role, file.role);
  const step = {
    ...{ rows: [row], state: to, pending: undefined, actor: options.region, at, envelope: id },
    record: stepRecord(payload),
    document: changesOf(name, payload, file),
  };
  await writeStep(tx, file, step, options.now(), options.neighbours);
  // Our number for the case is the one that the other region was told.
  if (name === 'CaseAccepted')
    await caseRepository.renumber(tx, conversation, (payload as messages.CaseAccepted).caseNumber);
}

/** The case as it was when our window had taken it in: from the store, or from what it told the other region. */
async function takenIn(
  tx: Transaction,
  known: CaseFile | undefined,
  { envelope, payload, peer }: SentMessage,
  { region, neighbours, now }: ActAgainOptions,
): Promise<CaseFile> {
  const application = payload as messages.CaseTransfer;
  const { conversation, sentAt, authorizationId } = envelope.header;
  const digest = application.itemDigest.toString('hex');
  const decider = deciderOf({ role: 'receiving', peer, mode: application.mode as Mode }, region);
  const item = await neighbours.itemOf(tx, decider, application.item, digest);
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  const { joint, ...told } = { ...known?.document, ...documentOf(application, { ...item, ...termsOf(item) }) };
  // Which part of a whole it is says the whole, and that is not in the message.
  if (joint || application.joint || application.bundleNumber !== '') throw new CodedError('CONVERSATION_HELD');
  const opened: CaseFile = {
    ...{ conversation, number: application.caseNumber, role: 'receiving', peer, peerNumber: '' },
    ...{ item: application.item, mode: application.mode as Mode, state: 'draft', pending: undefined },
    ...{ version: 0, createdAt: sentAt, updatedAt: sentAt },
    ...known,
    authorizationId,
    document: { ...told, steps: known?.document.steps ?? {} },
  };
  if (!known) await caseRepository.insert(tx, opened);
  if (opened.state !== 'draft') return opened;
  const { row, to } = apply(machineOf(opened), 'draft', 'receive', 'receiving', 'receiving');
  const materials = application.materials.map((material) => material.digest.toString('hex'));
  const step = {
    ...{ rows: [row], state: to, pending: undefined, actor: region, at: application.receivedAt, envelope: '' },
    record: { handler: application.handler, materials },
  };
  return writeStep(tx, opened, step, now(), neighbours);
}

/** Files that the message names belong to the case, whether our window took them or the other region brought them back. */
async function holdFiles(
  tx: Transaction,
  { envelope, name, payload, peer }: SentMessage,
  { materials }: ActAgainOptions,
): Promise<void> {
  const { conversation } = envelope.header;
  const digests = materialsOf(name, payload).map((digest) => Buffer.from(digest, 'hex'));
  const notOurs = await materials.missing(tx, '', conversation, digests);
  const missing = await materials.missing(tx, peer, conversation, notOurs);
  if (missing.length > 0) throw new MissingMaterials(missing);
  await materials.hold(tx, conversation, digests);
}

function changesOf(name: PayloadName, payload: object, { document }: CaseFile): Partial<CaseDocument> {
  if (name !== 'SupplementSubmitted') return {};
  const added = keptMaterials((payload as messages.SupplementSubmitted).materials);
  const fresh = added.filter(({ digest }) => document.materials.every((one) => one.digest !== digest));
  return { materials: [...document.materials, ...fresh] };
}

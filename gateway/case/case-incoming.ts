import { CodedError, checkForm, type Mode, type messages } from '#proto';
import type { MaterialStore } from '../material/material-store.ts';
import type { Incoming, IncomingHandler } from '../peer/incoming.ts';
import type { Sql, Transaction } from '../store/store.ts';
import { type Desk, nextNumber, termsOf, writeStep } from './case-changes.ts';
import type { CaseDocument, CaseFile, CaseTerms } from './case-file.ts';
import { caseRepository } from './case-repository.ts';
import { demandWayAllowed } from './identity-check.ts';
import { holdMaterials } from './incoming-materials.ts';
import { heardPlace } from './joint/heard-place.ts';
import { eventOf, MACHINES } from './machines/machines.ts';
import { demandPossible } from './message-demands.ts';
import type { ItemFacts } from './neighbours.ts';
import { hearNote } from './notes/case-notes.ts';
import { hearPaper } from './papers/hear-paper.ts';
import { keptMaterials, stepRecord } from './payloads.ts';
import type { Erasures } from './personal/erasures.ts';
import { heardNote } from './personal/heard-note.ts';
import { heardBasis, legalBasisOf } from './personal/legal-basis.ts';
import { hear } from './receiving-view.ts';
import { apply, type Event, type Row } from './transitions.ts';

/** What an application says of the item that it is for. */
export interface AskedItem {
  readonly code: string;
  readonly mode: Mode;
  /** Of the version that the window worked from; may be empty. */
  readonly digest: Uint8Array;
  readonly peer: string;
  /** Digest in hex of the version that the case has begun under already. */
  readonly kept: string | undefined;
}

/** The version of an item that a case goes on under. */
export type OfferedItem = CaseTerms &
  Pick<ItemFacts, 'digest' | 'formSchema' | 'legalBasis' | 'materials' | 'remoteVideo'>;

export interface CaseIncomingOptions extends Desk {
  readonly region: string;
  readonly now: () => number;
  readonly materials: MaterialStore;
  /**
   * An item that we offer, in the version that an application cites; undefined for any other.
   *
   * @throws CodedError ITEM_VERSION_UNKNOWN
   */
  readonly offered: (sql: Sql, asked: AskedItem) => Promise<OfferedItem | undefined>;
  /** Follows requests to erase, and erases what comes for a case that was erased. */
  readonly erasures: Pick<Erasures, 'asked' | 'heardAgain'>;
  /** Verifies and keeps a certificate that another region issued. */
  readonly keepCertificate: (
    tx: Transaction,
    received: { conversation: string; item: string; issuer: string; identifier: string; text: string },
  ) => Promise<void>;
}

/** Applies the messages of cases that other regions send. */
export function caseIncoming(options: CaseIncomingOptions): IncomingHandler {
  return async (tx, incoming) => {
    if (incoming.name === 'CaseTransfer' || incoming.name === 'PreviewRequested')
      return openCase(tx, incoming, options);
    if (incoming.name !== 'CaseNote') return moveCase(tx, incoming, options);
    const { conversation } = incoming.envelope.header;
    const file = await demandCase(tx, conversation, incoming.peer.region);
    const told = incoming.payload as messages.CaseNote;
    // A notice is no note of what happened: the case does not change by it.
    if (told.note === 'paperIssued') await hearPaper(tx, file, incoming, options);
    else await hearNote(tx, file, incoming, options);
    await heardNote(tx, file, told, options.erasures);
  };
}

/** P0 → P6: a case arrives, or what it hands in anew after a preview. */
async function openCase(tx: Transaction, incoming: Incoming, options: CaseIncomingOptions): Promise<void> {
  const { envelope, name, peer } = incoming;
  const application = incoming.payload as messages.CaseTransfer | messages.PreviewRequested;
  const { conversation, sentAt, id } = envelope.header;
  const known = await caseRepository.find(tx, conversation);
  const mode = application.mode as Mode;
  if (known && (known.peer !== peer.region || known.item !== application.item || known.mode !== mode))
    throw new CodedError('ILLEGAL_TRANSITION', 'the case is here already');
  if (known?.erasedAt !== undefined)
    throw new CodedError('ILLEGAL_TRANSITION', 'what was personal in the case was erased: open another one');
  const asked = { code: application.item, mode, digest: application.itemDigest, peer: peer.region };
  const item = await options.offered(tx, { ...asked, kept: known?.document.itemDigest });
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  const wrong = checkForm(item.formSchema, application.form, '/form');
  if (wrong.length > 0) throw new CodedError('PAYLOAD_INVALID', undefined, wrong);
  if ('identityCheck' in application) demandWayAllowed(application.identityCheck, item);
  const arrived = { us: options.region, peer: peer.region, at: incoming.receivedAt, isKnown: known !== undefined };
  const place = await heardPlace(tx, application, arrived);
  const event = eventOf(name, application);
  const { row, to } = apply(MACHINES[mode], known?.state ?? 'none', event, 'receiving', 'handling');
  await holdMaterials(tx, incoming, application.materials, options.materials);
  const now = options.now();
  const file: CaseFile = known ?? {
    conversation,
    number: await nextNumber(tx, options.region, now),
    role: 'handling',
    peer: peer.region,
    peerNumber: application.caseNumber,
    item: application.item,
    mode,
    state: to,
    pending: undefined,
    authorizationId: '',
    version: 0,
    document: { ...documentOf(application, item), ...(place && { joint: place }) },
    createdAt: now,
    updatedAt: now,
  };
  // A preview goes on under the authorization that the application cites.
  const { authorizationId } = envelope.header;
  const document = { ...file.document, ...(known && documentOf(application, item)), steps: file.document.steps };
  const step = stepOf(incoming, [row], to, undefined, Math.min(sentAt, incoming.receivedAt), id);
  const save = known ? caseRepository.replace : caseRepository.insert;
  await writeStep(tx, { ...file, authorizationId, document }, step, now, options, save);
}

/** Any later message: the receiving region asks, or the handling region has acted. */
async function moveCase(tx: Transaction, incoming: Incoming, options: CaseIncomingOptions): Promise<void> {
  const { envelope, name, payload, peer } = incoming;
  const { conversation, sentAt, id } = envelope.header;
  const file = await demandCase(tx, conversation, peer.region);
  const event = eventOf(name, payload);
  const moved = move(file, event);
  const at = Math.min(sentAt, incoming.receivedAt);
  const { item: code, mode } = file;
  const cited = { code, mode, digest: Buffer.alloc(0), peer: peer.region, kept: file.document.itemDigest };
  await demandPossible(event, file, payload, { at, itemOf: () => options.offered(tx, cited) });
  const step = stepOf(incoming, moved.rows, moved.state, moved.pending, at, id);
  const document = await effects(tx, file, incoming, event, options);
  const proved = { us: options.region, ...peerNumberOf(name, payload) };
  await writeStep(tx, file, { ...step, document, ...proved }, options.now(), options);
  if (file.erasedAt !== undefined) await options.erasures.heardAgain(tx, conversation);
}

function move(
  file: CaseFile,
  event: Event,
): { rows: readonly Row[]; state: CaseFile['state']; pending: CaseFile['pending'] } {
  const machine = MACHINES[file.mode];
  if (file.role === 'handling') {
    const { row, to } = apply(machine, file.state, event, 'receiving', 'handling');
    return { rows: [row], state: to, pending: undefined };
  }
  const { view, applied } = hear(machine, viewOf(file), event);
  return { rows: applied, state: view.state, pending: view.pending };
}

/** What a message brings beyond the state: materials, a certificate. */
async function effects(
  tx: Transaction,
  file: CaseFile,
  incoming: Incoming,
  event: Event,
  options: CaseIncomingOptions,
): Promise<Partial<CaseDocument>> {
  if (event === 'submit-supplement') {
    const { materials } = incoming.payload as messages.SupplementSubmitted;
    await holdMaterials(tx, incoming, materials, options.materials);
    return { materials: [...file.document.materials, ...keptMaterials(materials)] };
  }
  if (event === 'issue') {
    const { certificate, certificateIdentifier } = incoming.payload as messages.ResultIssued;
    const { conversation, item } = file;
    await options.keepCertificate(tx, {
      conversation,
      item,
      issuer: incoming.peer.region,
      identifier: certificateIdentifier,
      text: certificate,
    });
    return { certificate: certificateIdentifier };
  }
  return {};
}

async function demandCase(sql: Sql, conversation: string, peer: string): Promise<CaseFile> {
  const file = await caseRepository.find(sql, conversation);
  if (!file || file.peer !== peer) throw new CodedError('CASE_UNKNOWN');
  return file;
}

function stepOf(
  { peer, payload }: Incoming,
  rows: readonly Row[],
  state: CaseFile['state'],
  pending: CaseFile['pending'],
  at: number,
  envelope: string,
) {
  return { rows, state, pending, actor: peer.region, at, envelope, record: stepRecord(payload) };
}

/** What an application says of its case. */
export function documentOf(
  application: messages.CaseTransfer | messages.PreviewRequested,
  item: OfferedItem,
): CaseDocument {
  const { applicant, form, materials, handler, queryCode } = application;
  const common = {
    applicant: applicant!,
    legalBasis: legalBasisOf(heardBasis(application.legalBasis), item.legalBasis),
    form,
    materials: keptMaterials(materials),
    handler: handler!,
    queryCode,
    steps: {},
  };
  const timed = { ...common, itemDigest: item.digest.toString('hex'), terms: termsOf(item), limits: [] };
  if (!('receiptNotice' in application)) return timed;
  const { identityCheck, receiptNotice, receivedAt } = application;
  return { ...timed, ...(identityCheck && { identityCheck }), receiptNotice, receivedAt };
}

function peerNumberOf(name: string, payload: object): { peerNumber?: string } {
  return name === 'CaseAccepted' ? { peerNumber: (payload as messages.CaseAccepted).caseNumber } : {};
}

function viewOf({ state, pending }: CaseFile) {
  return pending ? { state, pending } : { state };
}

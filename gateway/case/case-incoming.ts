import { CodedError, type Mode, type messages } from '#proto';
import type { MaterialStore } from '../material/material-store.ts';
import { type Incoming, type IncomingHandler, MissingMaterials } from '../peer/incoming.ts';
import type { Sql, Transaction } from '../store/store.ts';
import { type EmitNews, nextNumber, writeStep } from './case-changes.ts';
import type { CaseDocument, CaseFile } from './case-file.ts';
import { caseRepository } from './case-repository.ts';
import { IDLE_CLOCK } from './clock.ts';
import { keptMaterials, stepRecord } from './payloads.ts';
import { hear } from './receiving-view.ts';
import { apply, type Event, eventOf, type Row } from './transitions.ts';

export interface CaseIncomingOptions {
  readonly region: string;
  readonly now: () => number;
  readonly materials: MaterialStore;
  /** Whether we offer an item. */
  readonly offers: (sql: Sql, item: string, mode: Mode) => Promise<boolean>;
  /** Verifies and keeps a certificate that another region issued. */
  readonly keepCertificate: (
    tx: Transaction,
    received: { conversation: string; item: string; issuer: string; identifier: string; text: string },
  ) => Promise<void>;
  readonly emit: EmitNews;
}

/** Applies the messages of cases that other regions send. */
export function caseIncoming(options: CaseIncomingOptions): IncomingHandler {
  return async (tx, incoming) => {
    if (incoming.name === 'CaseTransfer') await openCase(tx, incoming, options);
    else await moveCase(tx, incoming, options);
  };
}

/** P4 → P6: a case arrives. */
async function openCase(tx: Transaction, incoming: Incoming, options: CaseIncomingOptions): Promise<void> {
  const { envelope, peer } = incoming;
  const transfer = incoming.payload as messages.CaseTransfer;
  const { conversation, sentAt, id } = envelope.header;
  if (await caseRepository.find(tx, conversation))
    throw new CodedError('ILLEGAL_TRANSITION', 'the case is here already');
  if (!(await options.offers(tx, transfer.item, transfer.mode as Mode))) throw new CodedError('ITEM_UNKNOWN');
  const { row, to } = apply('none', 'transfer', 'receiving', 'handling');
  await holdMaterials(tx, incoming, transfer.materials, options);
  const now = options.now();
  const file: CaseFile = {
    conversation,
    number: await nextNumber(tx, options.region, now),
    role: 'handling',
    peer: peer.region,
    peerNumber: transfer.caseNumber,
    item: transfer.item,
    mode: transfer.mode as Mode,
    state: to,
    pending: undefined,
    authorizationId: envelope.header.authorizationId,
    version: 0,
    document: documentOf(transfer),
    createdAt: now,
    updatedAt: now,
  };
  const step = stepOf(incoming, [row], to, undefined, Math.min(sentAt, incoming.receivedAt), id);
  await writeStep(tx, file, step, now, options.emit, caseRepository.insert);
}

/** Any later message: the receiving region asks, or the handling region has acted. */
async function moveCase(tx: Transaction, incoming: Incoming, options: CaseIncomingOptions): Promise<void> {
  const { envelope, name, payload, peer } = incoming;
  const { conversation, sentAt, id } = envelope.header;
  const file = await demandCase(tx, conversation, peer.region);
  const event = eventOf(name, payload);
  const moved = move(file, event);
  const at = Math.min(sentAt, incoming.receivedAt);
  const step = stepOf(incoming, moved.rows, moved.state, moved.pending, at, id);
  const document = await effects(tx, file, incoming, event, options);
  await writeStep(tx, file, { ...step, document, ...peerNumberOf(name, payload) }, options.now(), options.emit);
}

function move(
  file: CaseFile,
  event: Event,
): { rows: readonly Row[]; state: CaseFile['state']; pending: CaseFile['pending'] } {
  if (file.role === 'handling') {
    const { row, to } = apply(file.state, event, 'receiving', 'handling');
    return { rows: [row], state: to, pending: undefined };
  }
  const { view, applied } = hear(viewOf(file), event);
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
    await holdMaterials(tx, incoming, materials, options);
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

async function holdMaterials(
  tx: Transaction,
  { envelope, peer }: Incoming,
  materials: readonly messages.Material[],
  options: CaseIncomingOptions,
): Promise<void> {
  const digests = materials.map((material) => material.digest);
  const missing = await options.materials.missing(tx, peer.region, envelope.header.conversation, digests);
  if (missing.length > 0) throw new MissingMaterials(missing);
  await options.materials.hold(tx, envelope.header.conversation, digests);
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

function documentOf(transfer: messages.CaseTransfer): CaseDocument {
  return {
    applicant: transfer.applicant!,
    form: transfer.form,
    materials: keptMaterials(transfer.materials),
    ...(transfer.identityCheck ? { identityCheck: transfer.identityCheck } : {}),
    handler: transfer.handler!,
    receiptNotice: transfer.receiptNotice,
    receivedAt: transfer.receivedAt,
    clock: IDLE_CLOCK,
    steps: {},
  };
}

function peerNumberOf(name: string, payload: object): { peerNumber?: string } {
  return name === 'CaseAccepted' ? { peerNumber: (payload as messages.CaseAccepted).caseNumber } : {};
}

function viewOf({ state, pending }: CaseFile) {
  return pending ? { state, pending } : { state };
}

import { CodedError, type messages } from '#proto';
import type { MaterialStore } from '../../material/material-store.ts';
import type { Outbox } from '../../outbound/outbox.ts';
import type { Incoming } from '../../peer/incoming.ts';
import type { Transaction } from '../../store/store.ts';
import { type Desk, sidesOf } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { demandInput, withWindow } from '../case-input.ts';
import { holdMaterials } from '../incoming-materials.ts';
import type { CaseNeighbours } from '../neighbours.ts';
import { materialsOf } from '../payloads.ts';
import { keepNote } from './keep-note.ts';
import { NOTES, type NoteName, noteOf } from './notes.ts';

interface NotingOptions {
  readonly region: string;
  readonly now: () => number;
  readonly outbox: Outbox;
  readonly neighbours: Pick<CaseNeighbours, 'demandRight' | 'permitUnder' | 'emit' | 'office'>;
}

/** Reads what somebody wants to note. @throws CodedError VALIDATION_FAILED with every wrong field */
export function readNoteInput(kind: NoteName, input: unknown): { readonly handler: messages.Handler } {
  if (NOTES[kind].isReserved) throw new CodedError('VALIDATION_FAILED', `"${kind}" is not noted by itself`);
  const given = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  return demandInput(NOTES[kind].input, 'handler' in given ? { ...given, handler: withWindow(given.handler) } : given);
}

/**
 * Notes something with a case in our part of it, and tells the other region where the kind says so.
 *
 * @param input as `readNoteInput` gives it
 * @throws CodedError ILLEGAL_TRANSITION, the codes that the kind names, and the authorization's codes
 */
export async function note(
  tx: Transaction,
  file: CaseFile,
  kind: NoteName,
  input: { readonly handler: messages.Handler },
  { region, now, outbox, neighbours }: NotingOptions,
): Promise<CaseFile> {
  const { by, from, needs, content, kept: keptOf } = NOTES[kind];
  // What we decide ourselves nobody else has.
  const member = file.mode === 'direct' ? undefined : NOTES[kind].member;
  const isJudged = file.role === 'receiving' && file.mode !== 'direct';
  if (!by.includes(file.role) || !from.includes(file.state)) {
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      `the ${file.role} region cannot note "${kind}" while the case is "${file.state}"`,
    );
  }
  const { item, mode, peer, conversation, authorizationId } = file;
  const sides = sidesOf(file, region);
  if (needs && isJudged) neighbours.demandRight(authorizationId, { item, mode, ...sides, right: needs });
  const at = now();
  const { handler, ...rest } = input;
  const data = content ? content(rest, { file, now: at }) : rest;
  const envelope = member ? await tell() : '';
  const kept = { kind, region, by: file.role, handler, at, data: keptOf?.(data) ?? data, envelope };
  return keepNote(tx, file, { note: kept, now: at }, neighbours);

  async function tell(): Promise<string> {
    const payload = { handler, notedAt: at, note: member!, [member!]: data };
    const use = { name: 'CaseNote', payload, sender: region, item, mode, ...sides, at } as const;
    const authorization = neighbours.permitUnder(authorizationId, use);
    const materials = materialsOf('CaseNote', payload);
    return (await outbox.enqueue(tx, { peer, conversation, name: 'CaseNote', payload, authorization, materials })).id;
  }
}

/**
 * Keeps what the other region noted, whatever the state is by now.
 *
 * @throws CodedError PAYLOAD_INVALID for a kind that its side may not note, and the codes that the kind names
 */
export async function hearNote(
  tx: Transaction,
  file: CaseFile,
  incoming: Incoming,
  { now, materials, ...desk }: Desk & { readonly now: () => number; readonly materials: MaterialStore },
): Promise<void> {
  const { handler, notedAt, note: member, ...members } = incoming.payload as messages.CaseNote;
  const kind = member && noteOf(member);
  const by = file.role === 'receiving' ? 'handling' : 'receiving';
  if (!kind || !handler || !NOTES[kind].by.includes(by))
    throw new CodedError('PAYLOAD_INVALID', `the ${by} region does not note this`);
  const { id } = incoming.envelope.header;
  const at = Math.min(notedAt, incoming.receivedAt);
  const told = members[member] as object;
  if (member === 'restHandedIn')
    await holdMaterials(tx, incoming, (told as messages.RestHandedIn).materials, materials);
  const data = NOTES[kind].kept?.(told) ?? told;
  const note = { kind, region: incoming.peer.region, by, handler, at, data, envelope: id } as const;
  await keepNote(tx, file, { note, now: now() }, desk);
}

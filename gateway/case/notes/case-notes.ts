import { CodedError, type messages } from '#proto';
import type { Outbox } from '../../outbound/outbox.ts';
import type { Incoming } from '../../peer/incoming.ts';
import type { Transaction } from '../../store/store.ts';
import { type Desk, sidesOf } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { demandInput, withWindow } from '../case-input.ts';
import type { CaseNeighbours } from '../neighbours.ts';
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
  const { by, from, needs, member, content } = NOTES[kind];
  if (!by.includes(file.role) || !from.includes(file.state)) {
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      `the ${file.role} region cannot note "${kind}" while the case is "${file.state}"`,
    );
  }
  const { item, mode, peer, conversation, authorizationId } = file;
  const sides = sidesOf(file, region);
  if (needs && file.role === 'receiving')
    neighbours.demandRight(authorizationId, { item, mode, ...sides, right: needs });
  const at = now();
  const { handler, ...rest } = input;
  const data = content ? content(rest, { file, now: at }) : rest;
  const envelope = member ? await tell() : '';
  const kept = { kind, region, by: file.role, handler, at, data, envelope };
  return keepNote(tx, file, { note: kept, now: at }, neighbours);

  async function tell(): Promise<string> {
    const payload = { handler, notedAt: at, note: member!, [member!]: data };
    const use = { name: 'CaseNote', payload, sender: region, item, mode, ...sides, at } as const;
    const authorization = neighbours.permitUnder(authorizationId, use);
    return (await outbox.enqueue(tx, { peer, conversation, name: 'CaseNote', payload, authorization })).id;
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
  { now, ...desk }: Desk & { readonly now: () => number },
): Promise<void> {
  const { handler, notedAt, note: member, ...members } = incoming.payload as messages.CaseNote;
  const kind = member && noteOf(member);
  const by = file.role === 'receiving' ? 'handling' : 'receiving';
  if (!kind || !handler || !NOTES[kind].by.includes(by))
    throw new CodedError('PAYLOAD_INVALID', `the ${by} region does not note this`);
  const { id } = incoming.envelope.header;
  const at = Math.min(notedAt, incoming.receivedAt);
  const data = members[member] as object;
  const note = { kind, region: incoming.peer.region, by, handler, at, data, envelope: id } as const;
  await keepNote(tx, file, { note, now: now() }, desk);
}

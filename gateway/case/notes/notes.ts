import type { NoteMember } from '#proto';
import { ERASURE_NOTES } from '../personal/erasure-notes.ts';
import { complaintLinked, deliveryConfirmed, followedUp, ratingAnswered } from './after-delivery.ts';
import { creditChecked } from './credit.ts';
import { materialsReviewed, passedOn } from './department.ts';
import type { NoteKind } from './note-kind.ts';
import { paperSent, paperSignedIn } from './paper.ts';
import { certificatePrinted } from './printing.ts';
import { questionAnswered, questionAsked } from './questions.ts';
import { restHandedIn } from './rest.ts';
import { parcelMoved, urged } from './services.ts';

const KINDS = {
  'paper-sent': paperSent,
  'paper-signed-in': paperSignedIn,
  'materials-reviewed': materialsReviewed,
  'passed-on': passedOn,
  'question-asked': questionAsked,
  'question-answered': questionAnswered,
  'certificate-printed': certificatePrinted,
  'delivery-confirmed': deliveryConfirmed,
  'rating-answered': ratingAnswered,
  'complaint-linked': complaintLinked,
  'followed-up': followedUp,
  'rest-handed-in': restHandedIn,
  'credit-checked': creditChecked,
  'parcel-moved': parcelMoved,
  urged,
  ...ERASURE_NOTES,
} as const satisfies Readonly<Record<string, NoteKind>>;

/** Name of a kind of note, as buttons, events and histories have it. */
export type NoteName = keyof typeof KINDS;

/** Everything that can be noted with a case (随件事项). */
export const NOTES: Readonly<Record<NoteName, NoteKind>> = KINDS;

export const NOTE_NAMES = Object.keys(KINDS) as readonly NoteName[];

/** Those that somebody may note by itself. */
export const FREE_NOTES = NOTE_NAMES.filter((name) => !NOTES[name].isReserved);

/** The kind that a member of `CaseNote.note` tells of; undefined when none does. */
export function noteOf(member: NoteMember): NoteName | undefined {
  return NOTE_NAMES.find((name) => NOTES[name].member === member);
}

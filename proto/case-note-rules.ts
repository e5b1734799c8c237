import { add, boolean, fields, instant, integer, list, optionalText, type Rule, text } from './rules.ts';

/**
 * Rules of what is noted beside the course of a case (随件事项). The closed list of kinds: the names of the members of
 * `CaseNote.note`.
 */
export const noteRules = {
  paperSent: fields({
    carrier: text(50),
    trackingNumber: text(50, { pattern: /^[\w-]+$/, hint: 'must be the number of a parcel: letters, digits, _ -' }),
    parcels: list(fields({ material: text(200), copies: integer(1, 1000) }), 100, 1),
    sentAt: instant,
  }),
  paperSignedIn: fields({
    trackingNumber: text(50),
    parcels: list(fields({ material: text(200), isComplete: boolean, remark: optionalText(500) }), 100, 1),
    signedInAt: instant,
  }),
} as const satisfies Record<string, Rule>;

/** Name of the member of `CaseNote.note` that a note fills. */
export type NoteMember = keyof typeof noteRules;

const absent: Rule = (value, pointer, problems) => {
  if (value !== undefined && value !== null) add(problems, pointer, 'CONFLICT', 'a note is of one kind only');
};

/** A note says who noted what and when, and is of exactly one kind. */
export function caseNote(handler: Rule): Rule {
  const kinds = Object.fromEntries(Object.keys(noteRules).map((name) => [name, absent]));
  const frame = { handler, notedAt: instant };
  return (value, pointer, problems) => {
    const { note, ...members } = (value ?? {}) as Record<string, unknown>;
    if (typeof note !== 'string' || !Object.hasOwn(noteRules, note))
      return add(problems, `${pointer}/note`, 'NOT_IN_LIST', 'is of a kind that this gateway does not know');
    fields({ ...frame, ...kinds, [note]: noteRules[note as NoteMember] })(members, pointer, problems);
  };
}

import { fields } from '#proto';
import { handlerRule } from '../case-input.ts';
import type { NoteKind } from './note-kind.ts';

/**
 * A13: what the credit platform of our region said of the applicant. Nobody notes it by hand: the gateway does when it has
 * asked. It stays here; whether somebody is in good credit is no business of the other region.
 */
export const creditChecked: NoteKind = {
  label: { zh: '信用核查', en: 'credit checked' },
  step: 'P8',
  by: [],
  from: [],
  input: fields({ handler: handlerRule }),
};

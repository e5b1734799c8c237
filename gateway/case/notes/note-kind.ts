import type { NoteMember, Rule } from '#proto';
import type { Right } from '#trust';
import type { Transaction } from '../../store/store.ts';
import type { CaseDocument, CaseFile } from '../case-file.ts';
import type { Role, Row, State } from '../transitions.ts';

/** What the gateway itself knows when something is noted. */
export interface NoteFacts {
  readonly file: CaseFile;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * A kind of thing that belongs to a case and does not move it (随件事项). Notes of the two regions may cross on their way
 * in any order, so no note may depend on the state of the case at the other side.
 */
export interface NoteKind {
  readonly label: { readonly zh: string; readonly en: string };
  readonly step: Row['step'];
  /** Who may note it; nobody where the gateway does. */
  readonly by: readonly Role[];
  /** States in which it may be noted, in the view of whoever notes it. */
  readonly from: readonly State[];
  /** It follows from something that has a door of its own; nobody notes it by itself. */
  readonly isReserved?: true;
  /** Right that the receiving region needs in order to note it. */
  readonly needs?: Right;
  /** Member of `CaseNote.note` that tells the other region; without one it stays in the region that notes it. */
  readonly member?: NoteMember;
  /** What it takes, beside who notes it. */
  readonly input: Rule;
  /** What is kept and told; the input as it is when left out. */
  readonly content?: (input: object, facts: NoteFacts) => object;
  /** What the case file keeps of it, where that is not the same. */
  readonly kept?: (content: object) => object;
  /**
   * Whether it can be, beyond states: an answer needs its question. Asked on both sides.
   *
   * @throws CodedError with the code of the refusal
   */
  readonly demand?: (file: CaseFile, content: object, by: Role) => void;
  /** What it takes from what our region keeps of all its cases, such as a blank form; asked where it is noted. */
  readonly claim?: (tx: Transaction, file: CaseFile, content: object, at: number) => Promise<void>;
  /** What it changes in the document beside being noted there; `at` in milliseconds. */
  readonly effect?: (document: CaseDocument, content: object, by: Role, at: number) => Partial<CaseDocument>;
}

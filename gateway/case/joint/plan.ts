import type { CodedError } from '#proto';
import type { JointContent } from '#trust';
import type { CaseInput } from '../case-input.ts';
import type { JointInput } from './joint-input.ts';
import type { OrderedPart } from './joint-states.ts';

/** A part of a whole, as its plan has it. */
export interface PlannedPart extends Omit<OrderedPart, 'state'> {
  /** Region that decides it. */
  readonly region: string;
  /** Name of the department that does. */
  readonly department: string;
  readonly item: string;
  readonly workingDays: number;
}

/** After what a whole goes: a joint-handling agreement (联办协议), or the bundle (一件事) of one region. */
export interface Plan {
  readonly name: string;
  readonly parts: readonly PlannedPart[];
  /** Working days of the whole (总时限). */
  readonly workingDays: number;
  /** Who delivers (出件方式). */
  readonly handover: JointContent['handover'];
  /** Whether a part may begin under it now. */
  readonly isInForce: boolean;
  /** Whether the whole falls when one part comes to nothing. */
  readonly fallsWhole: boolean;
  /** Why no window of ours may take the whole in now; undefined where one may. */
  readonly obstacle?: CodedError;
  /**
   * Reads what a window sends to open the whole.
   *
   * @throws CodedError VALIDATION_FAILED with every wrong field
   */
  readonly read: (input: Readonly<Record<string, unknown>>) => JointInput;
  /**
   * What the case of a part is opened with: of applicant and form only what the part needs (最小必要).
   *
   * @throws CodedError FIELD_NOT_ALLOWED
   */
  readonly inputOf: (whole: JointInput, part: string) => CaseInput;
  /** What the item of a part calls a material of the whole; undefined where it is none of its. */
  readonly materialIn: (part: string, name: string) => string | undefined;
  /** Where a part's missing material is named: of what several parts miss it is the same place. */
  readonly missingAt: (part: string, name: string) => string;
}

/** What becomes of the other parts when one came to nothing (部分未办成). */
export const PART_FAILURES = ['others-go-on', 'whole-falls'] as const;

/** One item (事项) of a bundle. */
export interface BundlePart {
  /** Its name within the bundle. */
  readonly key: string;
  /** Region that decides it. */
  readonly region: string;
  readonly item: string;
  /** B4 前置: keys of the parts that must be done before it begins. */
  readonly after: readonly string[];
  /** Whether the applicant's mobile number and address go to it; our own region has them anyhow. */
  readonly contact: boolean;
}

/** Fields of forms, or materials, of several items that are one and the same thing; or one that is renamed. */
export interface Alias {
  /** Its name in the whole. */
  readonly name: string;
  /** What it is called in the items. */
  readonly of: readonly { readonly part: string; readonly name: string }[];
}

/** A one-thing bundle (一件事) as its region defines it: items of several departments that one application opens. */
export interface Bundle {
  readonly code: string;
  readonly name: string;
  /** B1 牵头部门. */
  readonly lead: { readonly department: string; readonly departmentCode: string };
  readonly parts: readonly BundlePart[];
  /** B5: promised working days of the whole. */
  readonly workingDays: number;
  readonly fields: readonly Alias[];
  readonly materials: readonly Alias[];
  readonly ifPartFails: (typeof PART_FAILURES)[number];
}

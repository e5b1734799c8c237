/** The closed list of rights that a region may grant for an item and a mode, with what each one allows. */
export const RIGHT_NAMES = {
  R1a: '收件权, take in applications',
  R1b: '受理权, decide acceptance',
  R2: '一次性告知权, name everything missing at once',
  R3: '原件核验权, verify originals',
  R4: '人证比对, compare person and document',
  R5: '审批结果送达权, deliver results',
} as const;

/** Code of a right (权限). */
export type Right = keyof typeof RIGHT_NAMES;

export const RIGHTS = Object.keys(RIGHT_NAMES) as readonly Right[];

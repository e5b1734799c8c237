/**
 * What an issuer says of a certificate (证照状态). The three endings differ in law and are kept apart: 注销 cancelled,
 * 撤销 revoked (it should never have been issued), 吊销 withdrawn by penalty. A suspension (暂停) may end. That a
 * certificate is past its date is no word of the issuer: its dates say so.
 */
export type StatusWord = 'valid' | 'suspended' | 'cancelled' | 'revoked' | 'withdrawn';

/**
 * What stands for each word in a status list (Token Status List, "Status Types"). 0x00 to 0x02 are the registered VALID,
 * INVALID and SUSPENDED; from 0x0B on a value means what the application says. Whoever knows none of ours still reads
 * that the certificate is not valid.
 */
const VALUES: Readonly<Record<StatusWord, number>> = {
  valid: 0x00,
  revoked: 0x01,
  suspended: 0x02,
  cancelled: 0x0b,
  withdrawn: 0x0c,
};

export const STATUS_WORDS = Object.keys(VALUES) as readonly StatusWord[];

const WORDS: ReadonlyMap<number, StatusWord> = new Map(STATUS_WORDS.map((word) => [VALUES[word], word]));

/** The value that stands for a word in a status list. */
export function statusValue(word: StatusWord): number {
  return VALUES[word];
}

/** The word for a value; undefined for one that says nothing to us. */
export function statusWord(value: number): StatusWord | undefined {
  return WORDS.get(value);
}

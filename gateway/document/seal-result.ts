import type { ErrorCode } from '#proto';
import type { DocumentReport, SealReport } from '#trust';

type Verdict = DocumentReport['verdict'];

/** What the seals of a material were found to be, in one word. */
export const SEAL_RESULTS = {
  verified: { zh: '电子印章已核验', en: 'sealed by signers of the trust list' },
  unverifiable: { zh: '电子印章无法核验', en: 'the seals could not be verified' },
  broken: { zh: '电子印章不成立', en: 'altered, or a seal does not hold' },
  none: { zh: '无电子印章', en: 'no seal or signature' },
} as const;

export type SealWord = keyof typeof SEAL_RESULTS;

/** The short result of the examination of a material when it came (随件核验), kept with it. */
export interface SealResult {
  readonly result: SealWord;
  /** Of the whole report; undefined when there is none. */
  readonly verdict?: Verdict;
  /** Why there is no report. */
  readonly code?: ErrorCode;
  /** Whose names the seals bear, each once; only `verified` says that they are true. */
  readonly by: readonly string[];
  /** When it was examined, milliseconds. */
  readonly at: number;
}

const WORDS: Readonly<Record<Verdict, SealWord>> = {
  refused: 'unverifiable',
  altered: 'broken',
  unproven: 'unverifiable',
  untrusted: 'unverifiable',
  partial: 'unverifiable',
  sealed: 'verified',
  unsealed: 'none',
};
const MAX_NAMES = 8;
const NAME_LENGTH = 100;

/** Shortens a report. @param at milliseconds */
export function resultOf({ verdict, seals }: DocumentReport, at: number): SealResult {
  const names = [...new Set(seals.map(nameOn).filter((name) => name !== ''))];
  return { result: WORDS[verdict], verdict, by: names.slice(0, MAX_NAMES), at };
}

/** The name that a reader sees on a seal; that of the signer where a signature shows none. */
function nameOn({ seal, signer }: SealReport): string {
  return (seal?.name || signer?.organisation || signer?.name || '').slice(0, NAME_LENGTH);
}

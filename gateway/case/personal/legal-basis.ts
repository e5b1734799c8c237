import { CodedError, type LEGAL_BASES, type messages } from '#proto';

/** On what the handling of the personal data of a case rests (合法性基础). */
export interface LegalBasis {
  readonly kind: keyof typeof LEGAL_BASES;
  /** The clause, or what was agreed to. */
  readonly text: string;
  readonly consent?: {
    /** Milliseconds. */
    readonly givenAt: number;
    readonly way: string;
    /** Version of the text that the applicant was shown. */
    readonly version: string;
  };
}

const MAX_TEXT = 500;
const UNNAMED = '依法履行政务服务职责(事项目录未载明条文)';
/** Milliseconds that the clock of a window may be ahead. */
const AHEAD_MS = 5 * 60 * 1000;

/**
 * The basis of a case: what was said, else the duty by which the department does this at all, with the clauses that its
 * item names.
 *
 * @param clauses legal bases of the item (设定依据)
 */
export function legalBasisOf(said: LegalBasis | undefined, clauses: readonly string[]): LegalBasis {
  return said ?? { kind: 'statutory-duty', text: clauses.join('；').slice(0, MAX_TEXT) || UNNAMED };
}

/** @throws CodedError VALIDATION_FAILED when consent is said to be given later than now */
export function demandGiven(basis: LegalBasis | undefined, now: number): void {
  if (!basis?.consent || basis.consent.givenAt <= now + AHEAD_MS) return;
  const pointer = '/legalBasis/consent/givenAt';
  throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer, code: 'RANGE', message: 'is in the future' }]);
}

/** A basis as a message has it; undefined when it has none. */
export function heardBasis(basis: messages.LegalBasis | null): LegalBasis | undefined {
  if (!basis) return undefined;
  const { kind, text, consent } = basis;
  return { kind: kind as LegalBasis['kind'], text, ...(consent && { consent }) };
}

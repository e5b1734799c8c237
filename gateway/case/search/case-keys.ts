import { nameKey, numberKey } from '../../certificate/library-holders.ts';
import type { Applicant, CaseDocument } from '../case-file.ts';
import type { CaseLimit } from '../limits/limit-names.ts';

/** By what a case is found beyond its row. */
export interface CaseKeys {
  /** Kind and number of the applicant's document; empty where there is none, or it was erased. */
  readonly applicant: string;
  readonly name: string;
  /** When the first of its running limits runs out, milliseconds; null while none runs. */
  readonly dueAt: number | null;
}

export function keysOf({ applicant, limits }: Pick<CaseDocument, 'applicant' | 'limits'>): CaseKeys {
  const { documentType, documentNumber, name } = applicant;
  return { applicant: applicantKey(documentType, documentNumber), name: nameKey(name), dueAt: nextDue(limits) };
}

/** A number means somebody only with its kind: passports of two countries may share one with a card of ours. */
export function applicantKey(type: Applicant['documentType'], number: string): string {
  return number === '' ? '' : `${type} ${numberKey(number)}`;
}

/** When the first of the limits that run runs out, or ran out; null when none runs. */
export function nextDue(limits: readonly CaseLimit[]): number | null {
  const dues = limits.flatMap(({ state, dueAt }) => (state === 'running' && dueAt !== undefined ? [dueAt] : []));
  return dues.length === 0 ? null : Math.min(...dues);
}

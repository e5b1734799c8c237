import { type IdentityDocumentType, MODES, type Mode } from '#proto';
import type { Role, State } from '../transitions.ts';

/** Orders in which cases are listed: those that were opened last, whose limit runs out first, or that changed first. */
export const CASE_ORDERS = ['newest', 'deadline', 'changed'] as const;
export type CaseOrder = (typeof CASE_ORDERS)[number];

/** An applicant who is looked for: by the number of his document, by his whole name, or by both. */
export interface SoughtApplicant {
  readonly document?: { readonly type: IdentityDocumentType; readonly number: string } | undefined;
  readonly name?: string | undefined;
}

/** Which cases are meant: those of which everything given is true. Moments in milliseconds. */
export interface CaseFilter {
  readonly states?: readonly State[] | undefined;
  readonly item?: string | undefined;
  readonly peer?: string | undefined;
  readonly role?: Role | undefined;
  readonly mode?: Mode | undefined;
  /** Digits with which our number begins. */
  readonly number?: string | undefined;
  /** One of its running limits runs out before. */
  readonly dueBefore?: number | undefined;
  readonly updatedSince?: number | undefined;
  readonly applicant?: SoughtApplicant | undefined;
}

/** The place of a case in a list: by what the list is in order, its value (0 for numbers), and what tells cases of the same value apart. */
export type CasePosition = readonly [by: string, value: number, key: string];

/** A page of cases. */
export interface CaseQuery extends CaseFilter {
  /** Left out, the order that goes with what is asked. */
  readonly order?: CaseOrder | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: CasePosition | undefined;
}

export const CASE_ROLES: readonly Role[] = ['receiving', 'handling'];
export const CASE_MODES: readonly Mode[] = MODES;

/** The order of a list: what was asked for by a moment comes in the order of such moments. */
export function orderOf({ order, dueBefore, updatedSince }: Omit<CaseQuery, 'limit'>): CaseOrder {
  if (order) return order;
  if (dueBefore !== undefined) return 'deadline';
  return updatedSince === undefined ? 'newest' : 'changed';
}

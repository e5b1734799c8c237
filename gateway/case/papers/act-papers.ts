import { PAPER_KINDS, type PaperKind } from '#proto';
import type { CaseEvent, CaseFile } from '../case-file.ts';
import { KINDS_OF_PAPER } from './paper-kinds.ts';

/** A notice that follows from an act in the history of a case. */
export interface ActPaper {
  readonly kind: PaperKind;
  /** 文号. */
  readonly number: string;
  /** Region that acted, and therefore makes it. */
  readonly issuer: string;
  /** When it acted, milliseconds. */
  readonly at: number;
  /** What the act brought. */
  readonly record: ActRecord;
}

/** What acts bring of which notice is given; which members are there depends on the act. */
export interface ActRecord {
  readonly handler?: { readonly organisation: string; readonly window: string; readonly staff: string };
  readonly notice?: string;
  readonly materials?: readonly string[];
  readonly items?: readonly { readonly material: string; readonly reason: string; readonly legalBasis?: string }[];
  readonly reason?: string;
  readonly legalBasis?: string;
  readonly deadline?: number;
  readonly way?: string;
  readonly promisedWorkingDays?: number;
  readonly deemed?: boolean;
  readonly commitment?: object;
  readonly receiptNotice?: string;
  readonly receivedAt?: number;
}

/**
 * The notices that the history of a case asks for, oldest first. Of the other region's acts only those whose number came
 * with a message: what it did by itself we learn when its paper comes.
 *
 * @param us our region
 */
export function papersOfActs(file: CaseFile, events: readonly CaseEvent[], us: string): ActPaper[] {
  return events.flatMap((event) => {
    const record = event.data as ActRecord;
    const common = { issuer: event.actor, at: event.at, record };
    // The receipt notice of the other region comes with what it hands over.
    if (event.event === 'transfer' && event.actor !== us && record.receiptNotice)
      return [{ ...common, kind: 'receipt' as const, number: record.receiptNotice, at: record.receivedAt ?? event.at }];
    return PAPER_KINDS.flatMap((kind) => {
      if (KINDS_OF_PAPER[kind].event !== event.event || event.state === 'withdrawn') return [];
      if (kind === 'commitment' && !record.commitment) return [];
      const number = numberOf(kind, event, file, us);
      return number === undefined ? [] : [{ ...common, kind, number }];
    });
  });
}

/** The number that the act brought, or one of our own: the case, and the place of the act in its history. */
function numberOf(kind: PaperKind, event: CaseEvent, file: CaseFile, us: string): string | undefined {
  const { notice } = event.data as ActRecord;
  if (notice && kind !== 'commitment') return notice;
  if (event.actor !== us) return undefined;
  if (kind === 'receipt') return file.document.receiptNotice;
  return `${KINDS_OF_PAPER[kind].prefix}${file.number}-${event.n}`;
}

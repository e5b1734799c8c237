import { type CaseDesk, PlatformError, type PlatformEvent } from '#adapters';
import type { CaseNews } from '../case/case-changes.ts';

const CASE_EVENT = /^cn\.tongban\.case\.([a-z-]+)\.v1$/;

/** What happened to a case, as its event tells it; undefined when the event is about something else. */
export function caseStep({ type, data }: PlatformEvent): CaseNews | undefined {
  return CASE_EVENT.test(type) ? (data as unknown as CaseNews) : undefined;
}

/** As much of a case in full as services need. */
export interface ShownCase {
  readonly number: string;
  readonly item: string;
  readonly role: 'receiving' | 'handling';
  readonly queryCode?: string;
  readonly applicant: { readonly mobile: string };
  readonly handler: { readonly organisation: string };
  readonly steps: {
    readonly deliver?: { readonly way?: string };
    readonly 'request-supplement'?: { readonly deadline?: number };
  };
}

/** @throws PlatformError retryable: what cannot be read now may be read later */
export async function readCase(cases: CaseDesk, { subject }: PlatformEvent): Promise<ShownCase | undefined> {
  try {
    return (await cases.read(subject)) as unknown as ShownCase | undefined;
  } catch (cause) {
    throw new PlatformError(true, 'the case of the event cannot be read now', { cause });
  }
}

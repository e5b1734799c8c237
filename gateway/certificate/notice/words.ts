import type { messages } from '#proto';
import { STATUS_WORDS, type StatusWord } from '#trust';

/**
 * Why the status of a certificate changed (变更原因): 其他, 虚假材料 (P13), 错发, 持证人申请, 行政处罚, 失效, 换证. A closed list,
 * so that programs can act on it; what exactly happened stands in the reason.
 */
export const GROUNDS = [
  'other',
  'false-materials',
  'issued-in-error',
  'holder-request',
  'penalty',
  'lapse',
  'replaced',
] as const;

export type Ground = (typeof GROUNDS)[number];

/** What was decided about a certificate, as other regions are told. */
export interface Decision {
  readonly status: StatusWord;
  readonly ground: Ground;
  readonly reason: string;
  /** Milliseconds, by the issuer's clock; later for every decision about one certificate. */
  readonly decidedAt: number;
}

/** The words of a decision on the wire. */
export function onWire({ status, ground }: Pick<Decision, 'status' | 'ground'>) {
  return { status: wireWord('STATUS', status), ground: wireWord('GROUND', ground) };
}

/** The decision of a notice that obeys the rules of its type; a ground that is newer than this program is `other`. */
export function decisionOf({ status, ground, reason, decidedAt }: messages.CertificateNotice): Decision {
  return {
    status: STATUS_WORDS.find((word) => wireWord('STATUS', word) === status)!,
    ground: GROUNDS.find((word) => wireWord('GROUND', word) === ground) ?? 'other',
    reason,
    decidedAt,
  };
}

function wireWord(kind: string, word: string): string {
  return `CERTIFICATE_${kind}_${word.toUpperCase().replaceAll('-', '_')}`;
}

import type { Mode } from '#proto';
import type { Role, Row } from '../transitions.ts';

interface LimitKind {
  readonly label: { readonly zh: string; readonly en: string };
  readonly step: Row['step'];
  /** In whose hands the case is meanwhile. */
  readonly holder: Role;
}

/** The time limits of a case (办理时限). */
export const LIMIT_KINDS = {
  'hand-over': { label: { zh: '收件后转办', en: 'hand over after taking in' }, step: 'P4', holder: 'receiving' },
  paper: { label: { zh: '寄出纸质材料', en: 'mail the paper originals' }, step: 'P5', holder: 'receiving' },
  acceptance: { label: { zh: '受理', en: 'decide on acceptance' }, step: 'P6', holder: 'handling' },
  supplement: { label: { zh: '补正', en: 'hand in the supplement' }, step: 'P6', holder: 'receiving' },
  promised: { label: { zh: '承诺办结', en: 'promised limit for deciding' }, step: 'P7', holder: 'handling' },
  statutory: { label: { zh: '法定办结', en: 'statutory limit for deciding' }, step: 'P7', holder: 'handling' },
  'reply-receiving': { label: { zh: '答复协查、咨询', en: 'answer a question' }, step: 'P15', holder: 'receiving' },
  'reply-handling': { label: { zh: '答复协查、咨询', en: 'answer a question' }, step: 'P15', holder: 'handling' },
  'rating-answer': { label: { zh: '回应差评', en: 'answer a bad rating' }, step: 'P11', holder: 'handling' },
  commitment: { label: { zh: '补齐容缺材料', en: 'hand in what was promised' }, step: 'P8', holder: 'receiving' },
  delivery: { label: { zh: '送达', en: 'deliver the result' }, step: 'P10', holder: 'handling' },
} as const satisfies Readonly<Record<string, LimitKind>>;

export type LimitName = keyof typeof LIMIT_KINDS;

/** In whose hands a case is while a limit runs; a case that we decide ourselves is always in ours. */
export function holderOf(name: LimitName, mode: Mode): Role {
  return mode === 'direct' ? 'receiving' : LIMIT_KINDS[name].holder;
}

/** A time limit of a case as it stands. Moments in milliseconds. */
export interface CaseLimit {
  readonly name: LimitName;
  readonly state: 'running' | 'stopped' | 'ended';
  /** When this state began. */
  readonly since: number;
  /** Working days that it allows; absent for a limit in minutes and for one that was set as a moment. */
  readonly days?: number;
  /** Working days that counted before it stood still. */
  readonly used: number;
  /** When it runs out, or ran out before it ended; absent while it stands still. */
  readonly dueAt?: number;
  /** It ended after it had run out, or has run out. */
  readonly isLate?: true;
}

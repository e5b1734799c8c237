import type { PaperKind } from '#proto';
import type { Event, Role } from '../transitions.ts';

/** A text in Chinese, and in English for those who ask for it (英文对照). */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

interface KindOfPaper {
  readonly title: Words;
  /** Act of which it gives notice. */
  readonly event: Event;
  /** Who may have done that. */
  readonly by: readonly Role[];
  /** How its number begins, where the message of the act brings none. */
  readonly prefix: string;
}

/** The notices of a case as documents (文书): each belongs to an act, and whoever did that makes and signs it. */
export const KINDS_OF_PAPER: Readonly<Record<PaperKind, KindOfPaper>> = {
  receipt: {
    title: { zh: '收件通知书', en: 'Notice of Receipt' },
    event: 'receive',
    by: ['receiving'],
    prefix: '收',
  },
  'one-time-notice': {
    title: { zh: '一次性告知书', en: 'One-Time Notice of Everything Missing' },
    event: 'one-time-notice',
    by: ['receiving'],
    prefix: '告',
  },
  acceptance: {
    title: { zh: '受理通知书', en: 'Notice of Acceptance' },
    event: 'accept',
    by: ['handling', 'receiving'],
    prefix: '受',
  },
  commitment: {
    title: { zh: '容缺受理承诺书', en: 'Commitment to Hand In What Is Missing' },
    event: 'accept',
    by: ['handling', 'receiving'],
    prefix: '诺',
  },
  refusal: {
    title: { zh: '不予受理通知书', en: 'Notice of Refusal to Accept' },
    event: 'refuse',
    by: ['handling', 'receiving'],
    prefix: '不予受',
  },
  supplement: {
    title: { zh: '材料补正通知书', en: 'Notice to Supplement Materials' },
    event: 'request-supplement',
    by: ['handling', 'receiving'],
    prefix: '补',
  },
  delivery: {
    title: { zh: '送达回证', en: 'Proof of Service' },
    event: 'deliver',
    by: ['handling', 'receiving'],
    prefix: '送',
  },
};

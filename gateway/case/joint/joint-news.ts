import type { Transaction } from '../../store/store.ts';
import type { JointCase } from './joint-case.ts';
import type { PartState, WholeState } from './joint-states.ts';

/** What can be told of a joint case (联办件) and of the case of a bundle (一件事). */
export const WHOLE_NEWS = {
  opened: { zh: '已登记', en: 'was opened' },
  submitted: { zh: '已提交', en: 'was submitted' },
  part: { zh: '分项状态变化', en: 'has a part that moved to another state' },
  complete: { zh: '全部办结', en: 'has come to its end with every part' },
  'handed-over': { zh: '统一出件', en: 'was handed over with all results' },
  withdrawn: { zh: '撤回', en: 'was withdrawn' },
  'limit-warning': { zh: '总时限即将届满', en: 'runs out of its limit soon' },
  'limit-overdue': { zh: '总时限已届满', en: 'has run out of its limit' },
} as const;

/** An event of a whole for the local platform. Carries no personal data: the platform reads the case by the API. */
export interface JointNews {
  readonly conversation: string;
  readonly number: string;
  /** Id of the joint-handling agreement; absent in a bundle. */
  readonly agreement?: string;
  /** Code of the bundle; absent under an agreement. */
  readonly bundle?: string;
  readonly event: keyof typeof WHOLE_NEWS;
  readonly state: WholeState;
  /** Only with `part`: its id in the plan, the conversation of its case, and its state. */
  readonly part?: string;
  readonly partConversation?: string;
  readonly partState?: PartState;
  /** Only with `limit-warning` and `limit-overdue`: when the limit for the whole runs out, milliseconds. */
  readonly dueAt?: number;
  /** Milliseconds. */
  readonly at: number;
}

export type EmitJointNews = (tx: Transaction, news: JointNews) => Promise<void>;

/** What every event of a whole says. @param at milliseconds */
export function newsOf({ conversation, number, agreement, bundle, state }: JointCase, at: number) {
  return { conversation, number, ...(bundle === '' ? { agreement } : { bundle }), state, at };
}

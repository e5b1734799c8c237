import type { Transaction } from '../../store/store.ts';
import type { PartState, WholeState } from './joint-states.ts';

/** What can be told of a joint case. */
export const JOINT_NEWS = {
  opened: { zh: '联办件已登记', en: 'a joint case was opened' },
  submitted: { zh: '联办件已提交', en: 'a joint case was submitted' },
  part: { zh: '联办分项状态变化', en: 'a part of a joint case moved to another state' },
  complete: { zh: '联办件全部办结', en: 'every part of a joint case has ended' },
  'handed-over': { zh: '联办件统一出件', en: 'all results of a joint case were handed over' },
  withdrawn: { zh: '联办件撤回', en: 'a joint case was withdrawn' },
} as const;

/** An event of a joint case for the local platform. Carries no personal data: the platform reads the case by the API. */
export interface JointNews {
  readonly conversation: string;
  readonly number: string;
  /** Id of the joint-handling agreement. */
  readonly agreement: string;
  readonly event: keyof typeof JOINT_NEWS;
  readonly state: WholeState;
  /** Only with `part`: its id in the agreement, the conversation of its case, and its state. */
  readonly part?: string;
  readonly partConversation?: string;
  readonly partState?: PartState;
  /** Milliseconds. */
  readonly at: number;
}

export type EmitJointNews = (tx: Transaction, news: JointNews) => Promise<void>;

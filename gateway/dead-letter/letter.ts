import type { ErrorCode } from '#proto';

/** Queues that something can fall out of: envelopes for a peer, events for a platform, submissions of a platform. */
export const LETTER_QUEUES = ['peer', 'platform', 'intake'] as const;
export type LetterQueue = (typeof LETTER_QUEUES)[number];

interface Words {
  readonly zh: string;
  readonly en: string;
}

/** Why something left its queue without being delivered (死信原因). */
export const LETTER_REASONS = {
  refused: { zh: '拒收', en: 'refused for what it is: no repeat will help' },
  deferred: { zh: '长期暂缓', en: 'deferred for too long' },
  expired: { zh: '过期', en: 'expired before the peer decided it' },
  undeliverable: { zh: '长期送不达', en: 'the platform failed over it too often, for too long' },
  overflow: { zh: '积压超限', en: 'the oldest of more events than may wait for one platform' },
} as const satisfies Record<string, Words>;
export type LetterReason = keyof typeof LETTER_REASONS;

/** Letters whose envelope still holds its place: the conversation stands still until somebody deals with them. */
export const STOPPING: readonly LetterReason[] = ['refused', 'deferred'];

/** What became of a letter: put back or sent anew, dropped for good, or tried once more since it has expired. */
export const LETTER_OUTCOMES = ['retried', 'dropped', 'expired'] as const;
export type LetterOutcome = (typeof LETTER_OUTCOMES)[number];

/** Something that leaves its queue (死信). Nothing of its content: that stays where it is. */
export interface Letter {
  /** Of the envelope; for an event the platform and its position, `hall:17`; for a submission `hall:in:17`. */
  readonly id: string;
  readonly queue: LetterQueue;
  /** Region code of the peer, or name of the platform. */
  readonly name: string;
  /** Position in its queue. */
  readonly place: number;
  /** Conversation of the envelope, subject of the event, case of the submission where it is known. */
  readonly subject: string;
  /** Type of the payload or of the event; what of a submission was refused: `open`, `act`, `note`, or `document` for all of it. */
  readonly type: string;
  /** Of a submission: which of its wishes was refused, from 1; 0 for all of it. */
  readonly sequence: number;
  readonly reason: LetterReason;
  /** What the peer or the platform said last, why the content does not open here, or why we refuse a submission. */
  readonly code: ErrorCode | '';
  /** When the trouble began, in ms. */
  readonly since: number;
}

/** A letter in the book; `closing` once somebody dealt with it. */
export interface FiledLetter extends Letter {
  /** Its number in the book. */
  readonly position: number;
  /** When it left its queue, in ms. */
  readonly deadAt: number;
  readonly closing?: Closing;
}

/** Who dealt with a letter, how and why: kept for good. */
export interface Closing {
  readonly outcome: LetterOutcome;
  /** Id of the envelope that was sent in its place; empty when it went back itself. */
  readonly successor: string;
  /** Subject of the token. */
  readonly by: string;
  readonly role: string;
  readonly reason: string;
  /** Milliseconds. */
  readonly at: number;
}

/** How many letters are open for a peer or a platform. */
export interface LetterCount {
  readonly queue: LetterQueue;
  readonly name: string;
  readonly count: number;
}

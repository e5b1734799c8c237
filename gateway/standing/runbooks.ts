/** Pages of docs/runbooks, each for one trouble, without their ending. What warns of the trouble names its page. */
export const RUNBOOKS = [
  'gateway-down',
  'key-folder',
  'statement-expiry',
  'key-expiry',
  'key-stolen',
  'peer-unreachable',
  'clock',
  'disk-full',
  'database',
  'restore',
  'log-alarm',
  'timestamp-authority',
  'seal-service',
  'anchor-unreachable',
  'dead-letter',
  'replica-takeover',
] as const;
export type Runbook = (typeof RUNBOOKS)[number];

/** What people read: Chinese first. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

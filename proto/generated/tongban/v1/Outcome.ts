// Original file: tongban/v1/envelope.proto

export const Outcome = {
  OUTCOME_UNSPECIFIED: 'OUTCOME_UNSPECIFIED',
  OUTCOME_ACCEPTED: 'OUTCOME_ACCEPTED',
  OUTCOME_REJECTED: 'OUTCOME_REJECTED',
} as const;

export type Outcome =
  | 'OUTCOME_UNSPECIFIED'
  | 0
  | 'OUTCOME_ACCEPTED'
  | 1
  | 'OUTCOME_REJECTED'
  | 2

export type Outcome__Output = typeof Outcome[keyof typeof Outcome]

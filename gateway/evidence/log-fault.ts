import type { ErrorCode } from '#proto';

/** One thing that is wrong with a stored log. */
export interface LogFault {
  /** Table and key: `log_entry/17`, `outbox/3`, `log_state`. */
  readonly where: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Collects faults, up to a bound. */
export type OnFault = (where: string, code: ErrorCode, message: string) => void;

/** A step of a case, or a time limit that runs out (电子监察、督办). Nothing about whoever applies. */
export interface SupervisionReport {
  /** Idempotency key: the same for the same report, also after a restart. */
  readonly id: string;
  readonly conversation: string;
  /** Our own case number (办件编号). */
  readonly number: string;
  /** Region on the other side of the case. */
  readonly peer: string;
  /** Name of the step, or `limit-warning`, `limit-overdue`. */
  readonly event: string;
  /** Region that acted, or that should have. */
  readonly actor: string;
  /** State of the case afterwards. */
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Order within the case, counted from 1; there are gaps. */
  readonly sequence: number;
  /** The time limit, and when it runs out; only of limits. */
  readonly limit?: string;
  readonly dueAt?: number;
}

/**
 * Port to the supervision platform (电子监察, A9) of the own region.
 *
 * The caller reports the steps of a case in order, one at a time, and tries again. An implementation resolves only when the
 * platform took the report, gives it the id, so that a repetition is no second report, and gives up within a time of its
 * own and soon after `signal` aborts.
 */
export interface Supervision {
  /** @throws PlatformError, and nothing else */
  report(report: SupervisionReport, signal: AbortSignal): Promise<void>;
}

import type { ConformanceCheck } from '../check.ts';
import { core } from './core.ts';

/** A list of checks that a mark can be given for. */
export interface Plan {
  /** Counts up whenever a check is added, sharpened or taken away: results of two versions are not comparable. */
  readonly version: number;
  readonly checks: readonly ConformanceCheck[];
}

/** Every plan by its name. */
export const PLANS: Readonly<Record<string, Plan>> = { core: { version: 1, checks: core } };

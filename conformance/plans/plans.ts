import type { ConformanceCheck } from '../check.ts';
import { core } from './core.ts';

/** Every plan by its name. */
export const PLANS: Readonly<Record<string, readonly ConformanceCheck[]>> = { core };

import { CodedError } from '#proto';
import type { ConformanceCheck } from './check.ts';
import { Deviation, NotApplicable, type Outcome, say } from './finding.ts';
import { CallEnded } from './wire/call-end.ts';
import type { Workbench } from './workbench.ts';

/** A check and what became of it. */
export interface Result {
  readonly check: ConformanceCheck;
  readonly outcome: Outcome;
  readonly detail: string;
}

/** Makes every check, one after the other, whatever became of the one before. */
export async function runPlan(
  plan: readonly ConformanceCheck[],
  bench: Workbench,
  onResult: (result: Result) => void = () => {},
): Promise<Result[]> {
  const results: Result[] = [];
  for (const check of plan) {
    const result = { check, ...(await make(check, bench)) };
    results.push(result);
    onResult(result);
  }
  return results;
}

async function make(check: ConformanceCheck, bench: Workbench): Promise<Omit<Result, 'check'>> {
  try {
    return { outcome: 'passed', detail: await check.run(bench) };
  } catch (error) {
    if (error instanceof NotApplicable) return { outcome: 'skipped', detail: error.message };
    return { outcome: 'failed', detail: faultOf(error) };
  }
}

/** Whatever a target does that stops a check is the target's fault; an error of our own is shown for what it is. */
function faultOf(error: unknown): string {
  if (error instanceof Deviation || error instanceof CallEnded) return error.message;
  if (error instanceof CodedError)
    return say(`对端所发未通过验证:${error.code}`, `what the target sent fails with ${error.code}`);
  return `${say('检查中断', 'the check broke off')}: ${error instanceof Error ? error.message : String(error)}`;
}

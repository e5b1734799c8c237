import { purgeChecks } from '../certificate/check-purge.ts';
import { tendAudit } from './audit.ts';
import type { Core } from './core.ts';
import type { Services } from './services.ts';

/** Milliseconds between two looks for what time or a failure left behind: staged files, old checks, notices that are owed. */
const EVERY_MS = 10 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Looks now and then after what nobody asks for. The timer must be cleared; it keeps no process alive. */
export function startTending(core: Core, services: Services): NodeJS.Timeout {
  const timer = setInterval(() => {
    void sweep(core);
    void forgetChecks(core);
    void tendLetters(core, services);
    void tendAudit(core, services);
    void keepCalendar(core, services);
    services.scans.wake();
    services.examinations.wake();
    services.erasures.wake();
    void services.outgoingNotices.tend();
    void services.joint.tend();
    void services.jointCases.tend();
  }, EVERY_MS);
  return timer.unref();
}

/** What time does to authorizations is written down late at worst: what is permitted never waits for it. */
export async function keepCalendar({ log }: Core, { authorizations }: Services): Promise<void> {
  try {
    const count = await authorizations.keepCalendar();
    if (count > 0) log.info({ count }, 'authorizations changed with time or end soon');
  } catch (error) {
    log.error({ err: error }, 'the calendar of the authorizations could not be kept; it is tried again');
  }
}

/** Some at a time: what is too many for one turn is left to the next. */
async function forgetChecks({ store, clock, config, log }: Core): Promise<void> {
  try {
    const now = clock.now();
    const count = await purgeChecks(store, now - config.checks.keepDays * DAY_MS, now);
    if (count > 0) log.info({ count }, 'old checks were removed; the evidence log keeps their entries');
  } catch (error) {
    log.error({ err: error }, 'old checks could not be removed; it is tried again');
  }
}

/** What nobody dealt with must not hold its conversation up beyond its own time. */
async function tendLetters({ log }: Core, { deadLetters }: Services): Promise<void> {
  try {
    const count = await deadLetters.tend();
    if (count > 0) log.warn({ count }, 'dead letters expired while nobody dealt with them: their conversations go on');
  } catch (error) {
    log.error({ err: error }, 'expired dead letters could not be put back; it is tried again');
  }
}

async function sweep({ materials, log }: Core): Promise<void> {
  try {
    const count = await materials.sweep();
    if (count > 0) log.info({ count }, 'staged files that nobody named were removed');
  } catch (error) {
    log.error({ err: error }, 'staged files could not be swept; it is tried again');
  }
}

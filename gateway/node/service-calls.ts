import type { CaseService } from '../case/case-service.ts';
import type { Platforms } from '../platform/platforms.ts';
import { ServiceWatch } from '../service-calls/service-watch.ts';
import type { Core } from './core.ts';

/** Asks the post and the lockers of the region what became of what was given to them. */
export function openServiceWatch(
  { region, store, clock, log, config }: Core,
  { cases, platforms }: { readonly cases: () => CaseService; readonly platforms: () => Platforms },
): ServiceWatch {
  return new ServiceWatch({
    ...{ region, store, cases, config: config.services },
    now: () => clock.now(),
    parcels: () => platforms().parcels,
    locker: () => platforms().lockers,
    isAnswering: (service) => platforms().isAnswering(service),
    onNoted: (conversation) => log.info({ conversation }, 'what the post or a locker says was noted with a case'),
    onError: (error) => log.error({ err: error }, 'the post or a locker could not be asked; it is tried again'),
  });
}

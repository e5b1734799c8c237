import type { CaseDesk, DeliverySink, SmsSender } from '#adapters';
import type { Clock } from '#trust';
import { dayOf, dayText } from '../calendar/china-day.ts';
import type { SmsConfig } from '../config/services-config.ts';
import { caseStep, readCase, type ShownCase } from './case-step.ts';
import { endOfQuiet } from './quiet-hours.ts';

/**
 * Tells applicants how far their case is (短信通知): the steps for which the region named a template, not at night, and
 * nothing that is old. What it says beside the template are numbers and days.
 */
export function smsSink(
  sender: SmsSender,
  { config, clock, cases }: { readonly config: SmsConfig; readonly clock: Clock; readonly cases: CaseDesk },
): DeliverySink {
  const named = [config.templates, ...Object.values(config.items)].flatMap((templates) => Object.keys(templates));
  const steps = new Set(named);
  return {
    opensAt: (now) => endOfQuiet(config.quiet, now),

    async deliver(event, signal) {
      const step = caseStep(event);
      if (!step || !steps.has(step.event) || clock.now() - event.time > config.staleMs) return;
      const found = await readCase(cases, event);
      if (!found || !config.parts.includes(found.role) || found.applicant.mobile === '') return;
      const template = config.items[found.item]?.[step.event] ?? config.templates[step.event] ?? '';
      if (template === '') return;
      const parameters = parametersOf(found, step.event, step.at);
      await sender.send({ id: event.id, mobile: found.applicant.mobile, template, parameters }, signal);
    },
  };
}

function parametersOf({ number, item, queryCode, steps }: ShownCase, event: string, at: number) {
  const deadline = event === 'request-supplement' ? steps[event]?.deadline : undefined;
  return {
    number,
    item,
    day: dayText(dayOf(at)),
    ...(queryCode && { queryCode }),
    ...(deadline !== undefined && { until: dayText(dayOf(deadline)) }),
  };
}

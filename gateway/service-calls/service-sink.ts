import type { Adapter, CaseDesk, DeliverySink, Locker, RatingPlatform, Supervision } from '#adapters';
import type { Clock } from '#trust';
import type { ServicesConfig } from '../config/services-config.ts';
import { caseStep, readCase } from './case-step.ts';
import { smsSink } from './sms-sink.ts';

export interface ServiceSinkContext {
  readonly region: string;
  readonly config: ServicesConfig;
  readonly clock: Clock;
  /** Whether the result of a case was ordered into a locker of ours and is not known to be out of it. */
  readonly isInLocker: (conversation: string) => Promise<boolean>;
}

/**
 * What happens to cases becomes requests to a service (对外调用), by the queue that brings events to platforms: durable, in the
 * order of each case, at least once under the same id, and in nobody's way. Undefined for a platform that is no such service.
 */
export function serviceSink(adapter: Adapter, cases: CaseDesk, context: ServiceSinkContext): DeliverySink | undefined {
  const { sms, supervision, rating, locker } = adapter;
  if (sms) return smsSink(sms, { config: context.config.sms, clock: context.clock, cases });
  if (supervision) return supervisionSink(supervision);
  if (rating) return ratingSink(rating, cases);
  if (locker) return lockerSink(locker, cases, context);
  return undefined;
}

/** A9 电子监察: every step, and every limit that runs out. */
function supervisionSink(supervision: Supervision): DeliverySink {
  return {
    async deliver(event, signal) {
      const step = caseStep(event);
      if (!step) return;
      const { conversation, number, peer, actor, state, at, limit, dueAt } = step;
      const about = { conversation, number, peer, event: step.event, actor, state, at, sequence: event.sequence };
      const ofLimit = { ...(limit !== undefined && { limit }), ...(dueAt !== undefined && { dueAt }) };
      await supervision.report({ id: event.id, ...about, ...ofLimit }, signal);
    },
  };
}

/** A7 好差评: once the result is delivered, the region that took the case in asks what the applicant thinks. */
function ratingSink(rating: RatingPlatform, cases: CaseDesk): DeliverySink {
  return {
    async deliver(event, signal) {
      const step = caseStep(event);
      if (step?.event !== 'deliver') return;
      const found = await readCase(cases, event);
      if (found?.role !== 'receiving') return;
      const { number, item, queryCode = '', handler } = found;
      const about = { conversation: event.subject, number, item, queryCode, organisation: handler.organisation };
      await rating.invite({ id: event.id, ...about, at: step.at }, signal);
    },
  };
}

/** A12 自助存取文件柜: a result that we deliver by locker is ordered into one; one that is taken back comes out again. */
function lockerSink(
  locker: Locker,
  cases: CaseDesk,
  { region, isInLocker }: Pick<ServiceSinkContext, 'region' | 'isInLocker'>,
): DeliverySink {
  return {
    async deliver(event, signal) {
      const step = caseStep(event);
      const isOrder = step?.event === 'deliver' && step.actor === region;
      const isCancel = step?.event === 'revoke' && (await isInLocker(event.subject));
      if (!isOrder && !isCancel) return;
      const found = await readCase(cases, event);
      if (found?.steps.deliver?.way !== 'locker') return;
      const { number, item } = found;
      const order = { id: event.id, conversation: event.subject };
      if (isOrder) await locker.order({ ...order, number, item }, signal);
      else await locker.cancel(order, signal);
    },
  };
}

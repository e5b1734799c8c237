import { fields, instant, list, oneOf, type Problem, type Rule, regionUrn } from '#proto';
import { type AdapterContext, PlatformError, type PlatformEvent } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { LOCKER_STATES } from './locker.ts';
import { PARCEL_STATES } from './parcels.ts';

/** What services are asked to do. */
export const SERVICE_CALLS = [
  'sms',
  'parcel-question',
  'locker-order',
  'locker-cancel',
  'locker-question',
  'rating-invitation',
  'supervision-report',
] as const;
export type ServiceCall = (typeof SERVICE_CALLS)[number];

/** What a request is to a mapping: an event of this type. */
export function requestType(call: ServiceCall): string {
  return `cn.tongban.service.${call}.v1`;
}

/** What one finding of an answer must be, by the question. */
const FINDING_RULES = {
  'parcel-question': fields({ state: oneOf(...PARCEL_STATES), at: instant }),
  'locker-question': fields({ state: oneOf(...LOCKER_STATES), at: instant }),
} as const satisfies Partial<Record<ServiceCall, Rule>>;
export type ServiceQuestion = keyof typeof FINDING_RULES;

/** Whether a record is what a service answered to a question (`{ call, request, answer }`). */
export function isServiceAnswer(record: unknown): record is { readonly call: ServiceQuestion } {
  const call = (record as { readonly call?: unknown } | null | undefined)?.call;
  return typeof call === 'string' && Object.hasOwn(FINDING_RULES, call);
}

/** A request, by the names of its port; `id` is its idempotency key. */
export interface ServiceRequest {
  readonly id: string;
  readonly conversation?: string;
}

/** Puts requests into the words of one service, and its answers into ours. */
export interface ServiceWords {
  /** @throws PlatformError refused, when the request cannot be put into its words */
  say(call: ServiceCall, request: ServiceRequest): Promise<unknown>;
  /** Holds what the service answered to an order against what that means. @throws PlatformError */
  demandTaken(answer: unknown): Promise<void>;
  /**
   * What the service says to a question; every finding is one of that question.
   *
   * @throws PlatformError refused, when the answer cannot be read
   */
  findings(call: ServiceQuestion, request: ServiceRequest, answer: unknown): Promise<readonly unknown[]>;
}

/** Most findings of one answer. */
const MAX_FINDINGS = 500;

/** Our own words: the members of the request, and answers as adapters/README.md has them. */
export const OWN_WORDS: ServiceWords = {
  async say(_call, request) {
    return Object.fromEntries(Object.entries(request).map(([name, value]) => [snakeCase(name), value]));
  },
  async demandTaken() {},
  async findings(call, _request, answer) {
    return findingsIn(answer, call);
  },
};

/**
 * The words of a mapping. A request is to it an event of the type `cn.tongban.service.CALL.v1` whose data it is, for its way
 * out; what answers a question is a record `{ call, request, answer }` for its way in, of whose wish only the data count: they
 * are the answer in our own words, and nothing is wished where the service knows nothing.
 */
export function mappedWords(mapping: Mapping, { now, region }: AdapterContext): ServiceWords {
  return {
    async say(call, request) {
      const { id, conversation = id } = request;
      const about = { id, subject: conversation, source: regionUrn(region), time: now(), sequence: 1 };
      const event: PlatformEvent = { ...about, type: requestType(call), data: { ...request } };
      const current = (await mapping.now?.()) ?? mapping;
      if (current.wants(event.type) === 'no')
        throw new PlatformError(false, `the mapping of the service has no rule for ${event.type}`);
      const mapped = await current.out(event, undefined);
      if (!mapped.ok)
        throw new PlatformError(false, `cannot be put into the words of the service: ${listed(mapped.problems)}`);
      const { documents } = mapped;
      if (documents.length === 1) return documents[0];
      throw new PlatformError(false, `the mapping makes ${documents.length} documents of ${event.type}, not one`);
    },
    async demandTaken(answer) {
      if (!mapping.answer) return;
      const { verdict, reason } = await mapping.answer(answer);
      const said = reason === undefined ? '' : `: ${reason}`;
      if (verdict === 'retry') throw new PlatformError(true, `the service asks to try again${said}`);
      if (verdict === 'refuse') throw new PlatformError(false, `the service refuses it${said}`);
    },
    async findings(call, request, answer) {
      await this.demandTaken(answer);
      const mapped = await mapping.in({ call, request, answer });
      if (!mapped.ok)
        throw new PlatformError(false, `the answer of the service cannot be read: ${listed(mapped.problems)}`);
      const [wish] = mapped.wishes;
      return wish ? findingsIn(wish.data, call) : [];
    },
  };
}

/** @throws PlatformError naming what is wrong, never what was said */
function findingsIn(answer: unknown, call: ServiceQuestion): readonly unknown[] {
  const problems = findingsProblems(answer, call);
  if (problems.length > 0)
    throw new PlatformError(false, `the service answered what cannot be read: ${listed(problems)}`);
  return (answer as { readonly findings: readonly unknown[] }).findings;
}

/** What is wrong with an answer in our own words, by pointer within it. */
export function findingsProblems(answer: unknown, call: ServiceQuestion): Problem[] {
  const findings = (answer as { readonly findings?: unknown } | null | undefined)?.findings;
  const problems: Problem[] = [];
  list(FINDING_RULES[call], MAX_FINDINGS)(findings, '/findings', problems);
  return problems;
}

/** Problems name fields and say what is wrong with them, never what was in them. */
function listed(problems: readonly Problem[]): string {
  return problems
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join('; ')
    .slice(0, 1_000);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

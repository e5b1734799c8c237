import { type Problem, regionUrn } from '#proto';
import { type AdapterContext, PlatformError, type PlatformEvent } from '../adapter.ts';
import { demandTaken } from '../mapping/demand-taken.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { answerProblems, type ServiceQuestion } from './answers.ts';

/** What services are asked to do. */
export const SERVICE_CALLS = [
  'sms',
  'parcel-question',
  'locker-order',
  'locker-cancel',
  'locker-question',
  'rating-invitation',
  'supervision-report',
  'data-question',
  'credit-question',
  'seal-request',
  'seal-list',
] as const;
export type ServiceCall = (typeof SERVICE_CALLS)[number];

/** What a request is to a mapping: an event of this type. */
export function requestType(call: ServiceCall): string {
  return `cn.tongban.service.${call}.v1`;
}

/** A request, by the names of its port; `id` is its idempotency key. */
export interface ServiceRequest {
  readonly id: string;
  readonly conversation?: string;
}

/** A question that is answered with a list, which is empty where nothing is known. */
export type FindingsQuestion = Extract<ServiceQuestion, 'parcel-question' | 'locker-question'>;

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
  findings(call: FindingsQuestion, request: ServiceRequest, answer: unknown): Promise<readonly unknown[]>;
}

/** The words of a mapping. */
export interface MappedWords extends ServiceWords {
  /** Whether the mapping has words for a call. */
  knows(call: ServiceCall): Promise<boolean>;
  /**
   * What the service says to a question, in our own words but not yet checked; undefined where the mapping says that it
   * means nothing.
   *
   * @throws PlatformError when the service did not take the question, or the answer cannot be read
   */
  said(call: ServiceQuestion, request: ServiceRequest, answer: unknown): Promise<unknown>;
}

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
export function mappedWords(mapping: Mapping, { now, region }: Pick<AdapterContext, 'now' | 'region'>): MappedWords {
  const current = async () => (await mapping.now?.()) ?? mapping;
  return {
    async knows(call) {
      return (await current()).wants(requestType(call)) !== 'no';
    },
    async say(call, request) {
      const { id, conversation = id } = request;
      const about = { id, subject: conversation, source: regionUrn(region), time: now(), sequence: 1 };
      const event: PlatformEvent = { ...about, type: requestType(call), data: { ...request } };
      const words = await current();
      if (words.wants(event.type) === 'no')
        throw new PlatformError(false, `the mapping of the service has no rule for ${event.type}`);
      const mapped = await words.out(event, undefined);
      if (!mapped.ok)
        throw new PlatformError(false, `cannot be put into the words of the service: ${listed(mapped.problems)}`);
      const { documents } = mapped;
      if (documents.length === 1) return documents[0];
      throw new PlatformError(false, `the mapping makes ${documents.length} documents of ${event.type}, not one`);
    },
    async demandTaken(answer) {
      if (mapping.answer) demandTaken(await mapping.answer(answer), 'service');
    },
    async said(call, request, answer) {
      await this.demandTaken(answer);
      const mapped = await mapping.in({ call, request, answer });
      if (!mapped.ok)
        throw new PlatformError(false, `the answer of the service cannot be read: ${listed(mapped.problems)}`);
      return mapped.wishes[0] && (mapped.wishes[0].data ?? null);
    },
    async findings(call, request, answer) {
      const said = await this.said(call, request, answer);
      return said === undefined ? [] : findingsIn(said, call);
    },
  };
}

/** @throws PlatformError naming what is wrong, never what was said */
function findingsIn(answer: unknown, call: FindingsQuestion): readonly unknown[] {
  demandReadable(answer, call);
  return (answer as { readonly findings: readonly unknown[] }).findings;
}

/**
 * Holds an answer in our own words against what its question may be answered.
 *
 * @throws PlatformError refused, naming what is wrong, never what was said
 */
export function demandReadable(answer: unknown, call: ServiceQuestion): void {
  const problems = answerProblems(answer, call);
  if (problems.length > 0)
    throw new PlatformError(false, `the service answered what cannot be read: ${listed(problems)}`);
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

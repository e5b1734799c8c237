import { both, list, optional, type Rule } from '#proto';
import { type AdapterContext, PlatformError } from '../adapter.ts';
import { headerText } from '../cloud-event.ts';
import { adapterName } from '../config-rules.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { answerProblems, type ServiceQuestion } from '../services/answers.ts';
import { demandReadable, mappedWords, type ServiceRequest } from '../services/service-words.ts';
import { CLIENT_RULES, type ClientAnswer, type ClientConfig, PlatformClient } from './client.ts';
import { readJson } from './json.ts';
import { mappedHeaderRule, requestOf } from './mapped-request.ts';
import { headerName } from './proof.ts';
import { verdict } from './verdict.ts';

/** Settings of every platform that is asked. */
export interface QuestionConfig extends ClientConfig {
  readonly name: string;
  /** Headers that the mapping may set. */
  readonly headers?: readonly string[] | null;
}

export const QUESTION_RULES = {
  name: adapterName,
  ...CLIENT_RULES,
  headers: optional(list(both(headerName, mappedHeaderRule), 20)),
} as const satisfies Readonly<Record<keyof QuestionConfig, Rule>>;

/** A question as it is asked where no mapping says it. */
interface OwnWords<Q> {
  readonly call: ServiceQuestion;
  /** The JSON of the one POST. */
  say(query: Q): unknown;
  /** Bytes of an answer. */
  readonly maxBytes: number;
}

/** The way to a platform that is asked (对外查询). Must be closed. */
interface QuestionClient<Q> {
  /**
   * Asks once; it never repeats a question by itself.
   *
   * @param relevant what of an answer by the mapping counts; the rest is not looked at
   * @returns an answer in our own words, which is one of this question
   * @throws PlatformError for everything else, with nothing of the question or the answer in it
   */
  ask(query: Q, signal: AbortSignal, relevant?: (answer: unknown) => unknown): Promise<unknown>;
  close(): void;
}

/** Shorter than with other platforms: somebody waits. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Bytes of an answer in words of the platform's own. */
const MAX_MAPPED_ANSWER_BYTES = 256 * 1024;
const JSON_TYPE = 'application/json';
const ID_HEADER = 'idempotency-key';

/** @throws CodedError CONFIG_INVALID when a secret or a certificate cannot be used */
export async function openQuestions<Q extends ServiceRequest>(
  config: QuestionConfig,
  context: AdapterContext,
  mapping: Mapping | undefined,
  own: OwnWords<Q>,
): Promise<QuestionClient<Q>> {
  const client = await PlatformClient.open({ ...config, timeout_ms: config.timeout_ms ?? DEFAULT_TIMEOUT_MS }, context);
  const words = mapping && mappedWords(mapping, context);

  async function askInOwnWords(query: Q, signal: AbortSignal): Promise<unknown> {
    const body = Buffer.from(JSON.stringify(own.say(query)));
    const headers = { 'content-type': JSON_TYPE, accept: JSON_TYPE };
    const request = { id: query.id, url: client.base, headers, body };
    const { status, body: said } = await client.send(request, signal, own.maxBytes);
    if (status !== 200) {
      const retryable = status < 400 || status >= 500 || status === 408 || status === 429;
      throw new PlatformError(retryable, `the platform at ${client.host} did not answer: it said ${status}`);
    }
    const answer = said && parse(said);
    if (answerProblems(answer, own.call).length > 0) throw unreadable(client.host);
    return answer;
  }

  async function askByMapping(
    mapped: NonNullable<typeof words>,
    query: Q,
    signal: AbortSignal,
    relevant: (answer: unknown) => unknown,
  ): Promise<unknown> {
    const document = await mapped.say(own.call, query);
    const request = requestOf(headerText(query.id), document, client.base, config.headers ?? []);
    const named = { ...request, headers: { ...request.headers, [ID_HEADER]: request.id } };
    const answer = await client.send(named, signal, MAX_MAPPED_ANSWER_BYTES);
    const found = relevant(await mapped.said(own.call, query, jsonOf(answer, client.host, context.now())));
    if (found === undefined)
      throw new PlatformError(false, `the answer of the platform at ${client.host} means nothing to its mapping`);
    demandReadable(found, own.call);
    return found;
  }

  return {
    ask: (query, signal, relevant = (answer) => answer) =>
      words ? askByMapping(words, query, signal, relevant) : askInOwnWords(query, signal),
    close: () => client.close(),
  };
}

/** @throws PlatformError unless the platform answered, and in JSON */
function jsonOf({ status, headers, body }: ClientAnswer, host: string, nowMs: number): unknown {
  const failure = verdict(host, { status, retryAfter: headers['retry-after'] }, nowMs, 'question');
  if (failure) throw failure;
  const read = body && readJson(body, headers);
  if (!read?.ok) throw unreadable(host);
  return read.value;
}

function unreadable(host: string): PlatformError {
  return new PlatformError(false, `the platform at ${host} answered what cannot be read`);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

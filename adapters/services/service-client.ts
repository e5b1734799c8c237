import { fields, type Rule, text } from '#proto';
import { type AdapterContext, PlatformError } from '../adapter.ts';
import { adapterName } from '../config-rules.ts';
import { CLIENT_RULES, type ClientConfig, PlatformClient } from '../http/client.ts';
import { readJson } from '../http/json.ts';
import { verdict } from '../http/verdict.ts';
import type { Mapping } from '../mapping/mapping.ts';
import {
  type FindingsQuestion,
  mappedWords,
  OWN_WORDS,
  type ServiceCall,
  type ServiceRequest,
} from './service-words.ts';

/** Settings that every service over HTTP has. */
export interface ServiceConfig extends ClientConfig {
  readonly name: string;
}

/** Shorter than with other platforms: what follows is waiting, and whoever asks does without an answer. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Bytes of an answer. */
const MAX_ANSWER_BYTES = 256 * 1024;
const JSON_TYPE = 'application/json';

/** Where a service takes requests of one sort, at the host of its URL. */
export const pathRule: Rule = text(1024, {
  pattern: /^\/(?!\/)[^\s?#\\]*$/,
  hint: 'must be a path at the host of the url, such as /orders/cancel',
});

/** The shape of such settings, with those that only one service has. */
export function serviceRules(own: Readonly<Record<string, Rule>> = {}): Rule {
  return fields({ name: adapterName, ...CLIENT_RULES, ...own });
}

/** The way to one service: every request is one POST of JSON, with its id as idempotency key. */
export interface ServiceClient {
  /**
   * Has something done.
   *
   * @param path where, if not at the address of the service
   * @throws PlatformError
   */
  order(call: ServiceCall, request: ServiceRequest, signal: AbortSignal, path?: string | null): Promise<void>;
  /**
   * Asks something; changes nothing.
   *
   * @throws PlatformError
   */
  ask(
    call: FindingsQuestion,
    request: ServiceRequest,
    signal: AbortSignal,
    path?: string | null,
  ): Promise<readonly unknown[]>;
  /** Ends its connections. */
  close(): Promise<void>;
}

/**
 * Opens the way to a service. It never repeats a request by itself: whoever orders or asks does, with the same id.
 *
 * @throws CodedError CONFIG_INVALID when a secret or a certificate cannot be used
 */
export async function openService(
  config: ServiceConfig,
  context: AdapterContext,
  mapping: Mapping | undefined,
): Promise<ServiceClient> {
  const client = await PlatformClient.open({ ...config, timeout_ms: config.timeout_ms ?? DEFAULT_TIMEOUT_MS }, context);
  const words = mapping ? mappedWords(mapping, context) : OWN_WORDS;

  /** What the service answered, undefined when that is no JSON. */
  async function answerTo(
    call: ServiceCall,
    request: ServiceRequest,
    signal: AbortSignal,
    path: string | null | undefined,
  ): Promise<unknown> {
    const { id } = request;
    const body = Buffer.from(JSON.stringify(await words.say(call, request)));
    const url = path ? new URL(path, client.base) : client.base;
    const headers = { 'content-type': JSON_TYPE, accept: JSON_TYPE, 'idempotency-key': id };
    const answer = await client.send({ id, url, headers, body }, signal, MAX_ANSWER_BYTES);
    const head = { status: answer.status, retryAfter: answer.headers['retry-after'] };
    const failure = verdict(client.host, head, context.now(), 'request');
    if (failure) throw failure;
    const read = answer.body && readJson(answer.body, answer.headers);
    return read?.ok ? read.value : undefined;
  }

  return {
    async order(call, order, signal, path) {
      await words.demandTaken(await answerTo(call, order, signal, path));
    },
    async ask(call, question, signal, path) {
      const answer = await answerTo(call, question, signal, path);
      if (answer === undefined) throw new PlatformError(false, 'the service answered what is no JSON, or too long');
      return words.findings(call, question, answer);
    },
    close: async () => client.close(),
  };
}

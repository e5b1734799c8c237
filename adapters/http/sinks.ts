import { type AdapterContext, type DeliverySink, PlatformError, type PlatformEvent } from '../adapter.ts';
import { binaryEvent, headerText, STRUCTURED_TYPE, structuredEvent } from '../cloud-event.ts';
import { mappedSink } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { Unreadable } from '../unreadable.ts';
import type { ClientAnswer, PlatformClient } from './client.ts';
import { demandJson } from './json.ts';
import { requestOf } from './mapped-request.ts';
import { verdict } from './verdict.ts';

/** Bytes of an answer that the mapping judges. */
const MAX_ANSWER_BYTES = 256 * 1024;
const DEFAULT_ID_HEADER = 'idempotency-key';

/** Every event is one POST in CloudEvents 1.0. */
export function eventSink(
  client: PlatformClient,
  mode: 'structured' | 'binary',
  context: AdapterContext,
): DeliverySink {
  return {
    async deliver(event, signal) {
      const { headers, body } = encode(event, mode);
      const request = { id: headerText(event.id), url: client.base, headers, body };
      const answer = await client.send(request, signal, 0);
      const failure = judge(client.host, answer, context);
      if (failure) throw failure;
    },
  };
}

export interface RequestSinkConfig {
  /** Headers that the mapping may set. */
  readonly headers?: readonly string[];
  /** Header by which the platform knows a repetition. */
  readonly idempotency_header?: string;
  /** Answers beyond 2xx that mean that the platform has it, such as 409 for a repetition. */
  readonly also_taken?: readonly number[];
}

/** Every document of the mapping is one request. */
export function requestSink(
  client: PlatformClient,
  config: RequestSinkConfig,
  mapping: Mapping,
  context: AdapterContext,
): DeliverySink {
  const {
    headers: allowed = [],
    idempotency_header: idHeader = DEFAULT_ID_HEADER,
    also_taken: alsoTaken = [],
  } = config;
  return mappedSink(mapping, context, async ({ id, document }, signal) => {
    const request = requestOf(headerText(id), document, client.base, allowed);
    const named = { ...request, headers: { ...request.headers, [idHeader]: request.id } };
    const answer = await client.send(named, signal, mapping.answer ? MAX_ANSWER_BYTES : 0);
    const failure = alsoTaken.includes(answer.status) ? undefined : judge(client.host, answer, context);
    if (failure) throw failure;
    return mapping.answer ? said(answer, client.host) : undefined;
  });
}

function judge(host: string, { status, headers }: ClientAnswer, context: AdapterContext): PlatformError | undefined {
  return verdict(host, { status, retryAfter: headers['retry-after'] }, context.now());
}

/** The answer as JSON, null when it is empty. One that cannot be read leaves open whether the event was taken. */
function said({ body, headers }: ClientAnswer, host: string): unknown {
  if (!body) throw new PlatformError(true, `the answer of the platform at ${host} is too long to be judged`);
  if (body.length === 0) return null;
  try {
    return demandJson(body, headers);
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    throw new PlatformError(
      true,
      `the answer of the platform at ${host} cannot be read, so nobody knows what it means`,
      { cause },
    );
  }
}

function encode(event: PlatformEvent, mode: 'structured' | 'binary') {
  if (mode === 'binary') return binaryEvent(event);
  return { headers: { 'content-type': STRUCTURED_TYPE }, body: structuredEvent(event) };
}

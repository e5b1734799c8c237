import type { AdapterContext, DeliverySink, PlatformError, PlatformEvent } from '../adapter.ts';
import { binaryEvent, headerText, STRUCTURED_TYPE, structuredEvent } from '../cloud-event.ts';
import { mappedSink, type SendDocument } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { answered } from './answered.ts';
import type { ClientAnswer, PlatformClient } from './client.ts';
import { requestOf } from './mapped-request.ts';
import { type UploadConfig, uploader } from './upload.ts';
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
  /** Where files go that a document does not hold itself. */
  readonly upload?: UploadConfig;
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
    upload,
  } = config;
  const ways = upload ? uploader(client, upload, { idHeader, alsoTaken }, context) : {};
  const send: SendDocument = async ({ id, document }, signal) => {
    const request = requestOf(headerText(id), document, client.base, allowed);
    const named = { ...request, headers: { ...request.headers, [idHeader]: request.id } };
    const answer = await client.send(named, signal, mapping.answer ? MAX_ANSWER_BYTES : 0);
    const failure = alsoTaken.includes(answer.status) ? undefined : judge(client.host, answer, context);
    if (failure) throw failure;
    return mapping.answer ? answered(answer, client.host) : undefined;
  };
  return mappedSink(mapping, context, send, ways);
}

function judge(host: string, { status, headers }: ClientAnswer, context: AdapterContext): PlatformError | undefined {
  return verdict(host, { status, retryAfter: headers['retry-after'] }, context.now());
}

function encode(event: PlatformEvent, mode: 'structured' | 'binary') {
  if (mode === 'binary') return binaryEvent(event);
  return { headers: { 'content-type': STRUCTURED_TYPE }, body: structuredEvent(event) };
}

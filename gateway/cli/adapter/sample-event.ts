import { type PlatformEvent, requestType, SERVICE_CALLS } from '#adapters';
import { CodedError, regionUrn } from '#proto';
import { EVENT_TYPES, type PlatformEventType } from '../../platform/event-types.ts';

/** What an event is made up from. */
interface EventParts {
  readonly type: string;
  /** Region of the gateway. */
  readonly region: string;
  /** The case in full, where it is known. */
  readonly found: Readonly<Record<string, unknown>> | undefined;
  /** In place of the data that are made up. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What services are asked (对外调用). */
const REQUEST_TYPES: readonly string[] = SERVICE_CALLS.map(requestType);

/**
 * An event such as the gateway would deliver, about a case.
 *
 * @throws CodedError VALIDATION_FAILED when there is no such type, and for a request to a service without data
 */
export function sampleEvent({ type, region, found, data, now }: EventParts): PlatformEvent {
  const isRequest = REQUEST_TYPES.includes(type);
  if (!isRequest && !EVENT_TYPES.has(type as PlatformEventType)) {
    const message = `there is no such event; there are: ${[...EVENT_TYPES.keys(), ...REQUEST_TYPES].join(', ')}`;
    throw new CodedError('VALIDATION_FAILED', message);
  }
  if (isRequest && !data)
    throw new CodedError('VALIDATION_FAILED', 'a request to a service is not made up: give its members with --data');
  const { conversation = '00000000-0000-4000-8000-000000000000', number, peer, state } = found ?? {};
  const event = type.split('.').at(-2)!;
  return {
    id: '00000000-0000-7000-8000-000000000001',
    type,
    source: regionUrn(region),
    subject: String(conversation),
    time: now,
    sequence: 1,
    data: data ?? { conversation, number, peer, event, actor: region, state, at: now },
  };
}

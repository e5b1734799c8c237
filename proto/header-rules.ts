import type { EnvelopeHeader } from './messages.ts';
import { UUID } from './payload-rules.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const REGION = /^\d{6,12}$/;
const TYPE = /^[A-Za-z][\w.]{0,99}$/;

/**
 * Says what is wrong with the shape of a header, or undefined. Only the shape: whether the regions, the key or the
 * authorization are the right ones is judged later, each with its own code.
 */
export function headerFault(header: EnvelopeHeader): string | undefined {
  if (!UUID_V7.test(header.id)) return 'id is not a lower-case UUIDv7';
  if (!TYPE.test(header.type)) return 'type is not a message name';
  if (!REGION.test(header.sender)) return 'sender is not a region code';
  if (!REGION.test(header.recipient)) return 'recipient is not a region code';
  if (!UUID.test(header.conversation)) return 'conversation is not a UUID';
  if (!isCount(header.sequence)) return 'sequence is not a whole number';
  if (!isCount(header.sentAt) || !isCount(header.expiresAt)) return 'sent_at or expires_at is not a time';
  if (header.authorizationId !== '' && !UUID.test(header.authorizationId)) return 'authorization_id is not a UUID';
  if (header.authorizationDigest.length !== (header.authorizationId === '' ? 0 : 32))
    return 'authorization_digest does not fit';
  if (header.inReplyTo !== '' && !UUID_V7.test(header.inReplyTo)) return 'in_reply_to is not a UUIDv7';
  if (header.payloadDigest.length !== 32) return 'payload_digest does not have 32 bytes';
  if (header.critical.length > 16) return 'too many critical extensions';
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

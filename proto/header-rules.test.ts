import { describe, expect, it } from 'vitest';
import { decode, encode } from './codec.ts';
import { headerFault } from './header-rules.ts';
import type { EnvelopeHeader } from './messages.ts';

const ID = '01920000-0000-7000-8000-000000000001';
const UUID = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

const good: EnvelopeHeader = {
  version: 1,
  critical: [],
  id: ID,
  type: 'tongban.v1.Ping',
  sender: '320600',
  recipient: '150626',
  conversation: UUID,
  sequence: 1,
  sentAt: 1_793_577_600_000,
  expiresAt: 1_793_664_000_000,
  authorizationId: '',
  authorizationDigest: Buffer.alloc(0),
  inReplyTo: '',
  payloadDigest: Buffer.alloc(32),
  suite: 'ES256',
};

describe('the shape of a header', () => {
  it.each<[string, Partial<EnvelopeHeader>]>([
    ['no authorization', {}],
    ['an authorization with its digest', { authorizationId: UUID, authorizationDigest: Buffer.alloc(32) }],
    ['an answer', { inReplyTo: ID }],
    ['a Check, which has no order', { sequence: 0 }],
    ['an extension, which is judged elsewhere', { critical: ['x'] }],
    ['a version, suite and type that are judged elsewhere', { version: 9, suite: 'SM2-SM3', type: 'other.v2.Thing' }],
  ])('is right with %s', (_, change) => {
    expect(headerFault({ ...good, ...change })).toBeUndefined();
  });

  it.each<[string, Partial<EnvelopeHeader>]>([
    ['id', { id: '' }],
    ['id', { id: UUID }],
    ['id', { id: ID.toUpperCase().replace('7000', '7ABC') }],
    ['type', { type: '' }],
    ['type', { type: 'tongban.v1.Ping\n' }],
    ['type', { type: `a${'b'.repeat(100)}` }],
    ['sender', { sender: '32060' }],
    ['sender', { sender: '32O600' }],
    ['recipient', { recipient: '' }],
    ['conversation', { conversation: 'case-1' }],
    ['sequence', { sequence: 2 ** 53 }],
    ['sequence', { sequence: 1.5 }],
    ['sent_at', { sentAt: -1 }],
    ['expires_at', { expiresAt: 2 ** 60 }],
    ['authorization_id', { authorizationId: 'x', authorizationDigest: Buffer.alloc(32) }],
    ['authorization_digest', { authorizationDigest: Buffer.alloc(32) }],
    ['authorization_digest', { authorizationId: UUID, authorizationDigest: Buffer.alloc(31) }],
    ['in_reply_to', { inReplyTo: UUID }],
    ['payload_digest', { payloadDigest: Buffer.alloc(33) }],
    ['critical', { critical: Array.from({ length: 17 }, () => 'x') }],
  ])('is wrong in %s: %o', (field, change) => {
    expect(headerFault({ ...good, ...change })).toContain(field);
  });

  it('is judged after decoding too: an empty header is no header, a number too large no count', () => {
    expect(headerFault(decode('EnvelopeHeader', Buffer.alloc(0)))).toBeDefined();
    const bytes = Buffer.concat([encode('EnvelopeHeader', good), Buffer.from([0x40, ...Array(9).fill(0xff), 0x01])]);
    expect(headerFault(decode('EnvelopeHeader', bytes))).toBe('sequence is not a whole number');
  });
});

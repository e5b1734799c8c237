import { describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import type { AuthorizationState } from '#trust';
import { AgreementCache, type AgreementEntry } from './agreement-cache.ts';

const DIGEST = Buffer.alloc(32, 1);

function entry(id: string, state: AuthorizationState): AgreementEntry {
  const allows = { judge: () => {}, allowsField: () => true, covers: () => true, grantsRight: () => true };
  const compiled = state === 'active' ? { content: {} as never, ...allows } : undefined;
  const times = { validFrom: 0, endsAt: 1000, citedUntil: 1000, writtenAt: 0 };
  return { id, digest: DIGEST, peer: '320600', state, ...times, everInForce: true, suspended: false, compiled };
}

function cite(cache: AgreementCache, authorizationId: string): string {
  const header = { sender: '320600', authorizationId, authorizationDigest: DIGEST, sentAt: 1 };
  try {
    cache.resolve(header as messages.EnvelopeHeader, true);
    return 'resolved';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a full cache of agreements', () => {
  it('gives up what is not in force first, then the oldest', () => {
    const cache = new AgreementCache(2);
    cache.put(entry('a', 'active'));
    cache.put(entry('b', 'proposed'));
    cache.put(entry('c', 'active'));
    expect(['a', 'b', 'c'].map((id) => cite(cache, id))).toEqual(['resolved', 'AUTHORIZATION_UNKNOWN', 'resolved']);
    cache.put(entry('d', 'active'));
    expect(['a', 'c', 'd'].map((id) => cite(cache, id))).toEqual(['AUTHORIZATION_UNKNOWN', 'resolved', 'resolved']);
  });

  it('replaces an entry without growing', () => {
    const cache = new AgreementCache(2);
    cache.put(entry('a', 'active'));
    cache.put(entry('b', 'active'));
    cache.put(entry('a', 'revoked'));
    expect(['a', 'b'].map((id) => cite(cache, id))).toEqual(['AUTHORIZATION_INACTIVE', 'resolved']);
  });
});

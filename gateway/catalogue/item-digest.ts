import { hash } from 'node:crypto';
import { encode, type messages } from '#proto';

/**
 * Fixes a version of an item: SHA-256 of the message `Item` in the canonical encoding of proto3, in which fields that
 * hold their default are left out. The region that offers the item and every peer come to the same digest, and an item
 * that uses no newer field keeps the digest that it had before there was one.
 */
export function itemDigest(item: messages.Item): Buffer {
  return hash('sha256', encode('Item', withoutDefaults(item) as object), 'buffer');
}

/** A message without the fields that hold their default; entries of lists stay. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== '' && member !== 0 && member !== false);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutDefaults(member)]));
}

import { hash } from 'node:crypto';
import { encode, type messages } from '#proto';

/**
 * Fixes a version of an item: SHA-256 of the message `Item` in the canonical encoding of proto3, in which fields that
 * hold their default are left out. The region that offers the item and every peer come to the same digest.
 */
export function itemDigest(item: messages.Item): Buffer {
  const materials = item.materials.map(withoutDefaults);
  return hash('sha256', encode('Item', withoutDefaults({ ...item, materials })), 'buffer');
}

function withoutDefaults(message: object): object {
  return Object.fromEntries(
    Object.entries(message).filter(([, value]) => value !== '' && value !== 0 && value !== false),
  );
}

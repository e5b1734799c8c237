import { CodedError, encode, LIMITS, MAX_CATALOGUE_PARTS, type messages } from '#proto';

/** Bytes of the items in one message: beside them stand the header and the scope. */
const PART_BYTES = LIMITS.messageBytes - 16 * 1024;
/** Tag and length of one item in the catalogue. */
const OVERHEAD = 6;

/**
 * Splits a catalogue into messages that may travel, items in their order.
 *
 * @returns at least one part
 * @throws CodedError MESSAGE_TOO_LARGE when it takes more parts than a catalogue may have
 */
export function inParts(items: readonly messages.Item[]): messages.Item[][] {
  const parts: messages.Item[][] = [[]];
  let bytes = 0;
  for (const item of items) {
    const size = encode('Item', item).length + OVERHEAD;
    if (bytes > 0 && bytes + size > PART_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(item);
    bytes += size;
  }
  if (parts.length > MAX_CATALOGUE_PARTS)
    throw new CodedError('MESSAGE_TOO_LARGE', 'the catalogue is too large; publish its items under several scopes');
  return parts;
}

/** Whether an item is offered under a scope: one that names no scope is offered under all. */
export function isOffered({ scopes }: messages.Item, scope: string): boolean {
  return scopes.length === 0 || scopes.includes(scope);
}

import { decode, encode, type messages } from '#proto';

/** Versions of items kept decoded. */
const DECODED = 10_000;

/** Reads kept items; fields that an earlier program did not know have their default. */
export class ItemReader {
  /** By digest in hex, so that an entry never grows stale. */
  readonly #decoded = new Map<string, messages.Item>();

  /** @param row a digest and the JSON of the message that it is of */
  read({ digest, document }: { readonly digest: Buffer; readonly document: string }): messages.Item {
    const key = digest.toString('hex');
    let item = this.#decoded.get(key);
    if (!item) {
      item = wholeItem(JSON.parse(document) as object);
      if (this.#decoded.size >= DECODED) this.#decoded.delete(this.#decoded.keys().next().value!);
      this.#decoded.set(key, item);
    }
    return item;
  }
}

/** An item with every field; those that are left out have their default. */
export function wholeItem(item: Partial<Record<keyof messages.Item, unknown>>): messages.Item {
  return decode('Item', encode('Item', item));
}

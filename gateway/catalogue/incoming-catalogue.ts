import { CodedError, MAX_CATALOGUE_ITEMS, type messages, type Problem } from '#proto';
import type { Incoming } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';
import { type CatalogueKey, type CatalogueRecord, catalogueItems, catalogues } from './catalogue-table.ts';
import { itemDigest } from './item-digest.ts';
import { twice } from './item-document.ts';
import { itemVersions } from './item-versions.ts';

/** Scopes under which one region publishes to us, at most. */
const MAX_SCOPES = 50;

/**
 * Takes a catalogue of a peer, or a part of one: it replaces what the peer published under this scope before. A
 * version that is not newer changes nothing.
 *
 * @param us our region
 * @throws CodedError PAYLOAD_INVALID when an item stands twice, a part is missing before this one, or there are too many
 */
export async function takeCatalogue(tx: Transaction, incoming: Incoming, us: string): Promise<void> {
  const { envelope, peer, receivedAt } = incoming;
  const payload = incoming.payload as messages.CataloguePublished;
  const { version, scope, items } = payload;
  const part = Math.max(1, payload.part);
  const parts = Math.max(1, payload.parts);
  const key: CatalogueKey = { publisher: peer.region, peer: us, scope };
  const known = await catalogues.find(tx, key);
  if (known && (version < known.version || (version === known.version && part <= known.part))) return;
  await judge(tx, payload, key, known, part, parts);
  for (const item of items) {
    await itemVersions.save(tx, peer.region, item, receivedAt);
    await catalogueItems.put(tx, key, version, item.code, itemDigest(item));
  }
  const { conversation } = envelope.header;
  await catalogues.save(tx, { ...key, version, part, parts, conversation, updated_at: receivedAt });
  if (part < parts) return;
  const gone = await catalogueItems.dropBefore(tx, key, version);
  for (const code of gone) await itemVersions.end(tx, peer.region, code, receivedAt);
}

async function judge(
  tx: Transaction,
  { version, items }: messages.CataloguePublished,
  key: CatalogueKey,
  known: CatalogueRecord | undefined,
  part: number,
  parts: number,
): Promise<void> {
  const problems: Problem[] = twice(items, 'is in the catalogue twice');
  const isNext = known?.version === version && known.part === part - 1 && known.parts === parts;
  if (part > 1 && !isNext)
    problems.push({ pointer: '/part', code: 'ORDER', message: 'an earlier part of the catalogue is missing' });
  if (!known && (await catalogues.between(tx, key.publisher, key.peer)).length >= MAX_SCOPES)
    problems.push({ pointer: '/scope', code: 'TOO_MANY', message: `there are ${MAX_SCOPES} scopes already` });
  if (part > 1) {
    const before = await catalogueItems.namedIn(tx, key, version);
    for (const [index, { code }] of items.entries())
      if (before.has(code))
        problems.push({ pointer: `/items/${index}/code`, code: 'DUPLICATE', message: 'is in the catalogue twice' });
    if (before.size + items.length > MAX_CATALOGUE_ITEMS)
      problems.push({ pointer: '/items', code: 'TOO_MANY', message: `more than ${MAX_CATALOGUE_ITEMS} items` });
  }
  if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', undefined, problems);
}

import { CodedError, type messages } from '#proto';
import type { MaterialStore } from '../material/material-store.ts';
import { type Incoming, MissingMaterials } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';

/**
 * Files that a message names belong to its case from now on. What it says of their size is held against them: whoever hands them
 * on relies on it.
 *
 * @throws MissingMaterials when one has not arrived yet
 * @throws CodedError PAYLOAD_INVALID when one is of another size
 */
export async function holdMaterials(
  tx: Transaction,
  { envelope, peer }: Incoming,
  materials: readonly Pick<messages.Material, 'digest' | 'size'>[],
  store: MaterialStore,
): Promise<void> {
  const digests = materials.map((material) => material.digest);
  const { conversation } = envelope.header;
  const sizes = await store.sizes(tx, peer.region, conversation, digests);
  const missing = digests.filter((_, index) => sizes[index] === undefined);
  if (missing.length > 0) throw new MissingMaterials(missing);
  const wrong = materials.findIndex(({ size }, index) => size !== sizes[index]);
  if (wrong >= 0)
    throw new CodedError('PAYLOAD_INVALID', `material ${wrong + 1} has another size than the file that arrived`);
  await store.hold(tx, conversation, digests);
}

import type { messages } from '#proto';
import type { MaterialStore } from '../material/material-store.ts';
import { type Incoming, MissingMaterials } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';

/**
 * Files that a message names belong to its case from now on.
 *
 * @throws MissingMaterials when one has not arrived yet
 */
export async function holdMaterials(
  tx: Transaction,
  { envelope, peer }: Incoming,
  materials: readonly Pick<messages.Material, 'digest'>[],
  store: MaterialStore,
): Promise<void> {
  const digests = materials.map((material) => material.digest);
  const missing = await store.missing(tx, peer.region, envelope.header.conversation, digests);
  if (missing.length > 0) throw new MissingMaterials(missing);
  await store.hold(tx, envelope.header.conversation, digests);
}

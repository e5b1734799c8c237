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
  const missing = await store.missing(tx, peer.region, conversation, digests);
  if (missing.length > 0) throw new MissingMaterials(missing);
  const wrong = await store.differing(tx, peer.region, conversation, materials);
  if (wrong !== undefined) {
    const problem = {
      pointer: `/materials/${wrong}/size`,
      code: 'SIZE',
      message: 'is not the size of the file that arrived',
    };
    throw new CodedError('PAYLOAD_INVALID', undefined, [problem]);
  }
  await store.hold(tx, conversation, digests);
}

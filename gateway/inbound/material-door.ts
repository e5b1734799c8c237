import { CodedError, LIMITS, type messages, UUID } from '#proto';
import type { MaterialStore } from '../material/material-store.ts';

/**
 * Takes one pushed file: the opening, then chunks until the sender ends.
 *
 * @throws CodedError PROTOCOL_VIOLATION, or the codes of `MaterialStore.stage`
 */
export async function receivePush(
  frames: AsyncIterable<messages.PushRequest>,
  peer: string,
  materials: MaterialStore,
  onBytes: (bytes: number) => void,
): Promise<object> {
  const iterator = frames[Symbol.asyncIterator]();
  const first = await iterator.next();
  const opening = first.done ? null : first.value.opening;
  if (!opening) throw new CodedError('PROTOCOL_VIOLATION', 'the first frame of a push is its opening');
  if (!UUID.test(opening.conversation) || opening.digest.length !== 32) {
    throw new CodedError('MALFORMED', 'the opening names no conversation or digest');
  }
  return materials.stage(peer, opening, chunksOf(iterator, onBytes));
}

async function* chunksOf(
  frames: AsyncIterator<messages.PushRequest>,
  onBytes: (bytes: number) => void,
): AsyncIterable<Buffer> {
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const { chunk } = next.value;
    if (!chunk || chunk.length === 0 || chunk.length > 4 * LIMITS.chunkBytes) {
      throw new CodedError('PROTOCOL_VIOLATION', 'a frame of a push is a chunk of 1 byte to 1 MiB');
    }
    onBytes(chunk.length);
    yield chunk;
  }
}

import { CodedError, type messages } from '#proto';

/** Longest note or signature line in a frame, in bytes. */
const NOTE_BYTES = 1024;
/** Longest word about a new epoch, in bytes. */
const OPENING_BYTES = 4096;
/** Sizes that one frame proves growth from. */
export const GROWTHS_MAX = 8;
/** Notes of other logs in one frame. */
export const SEEN_MAX = 16;
/** Hashes of one proof: sizes are below 2 to the 53rd. */
const PROOF_MAX = 54;
const HASH_BYTES = 32;

/**
 * Demands that a checkpoint frame keeps the bounds of proto/README.md.
 *
 * @throws CodedError CHECKPOINT_INVALID
 */
export function demandBounds({ note, cosignatures, growth, seen, opening }: messages.Checkpoint): void {
  const isShort =
    [note, ...cosignatures, ...seen].every((text) => Buffer.byteLength(text) <= NOTE_BYTES) &&
    Buffer.byteLength(opening) <= OPENING_BYTES;
  const isFew = cosignatures.length <= 1 && growth.length <= GROWTHS_MAX && seen.length <= SEEN_MAX;
  const isProof = growth.every(
    ({ size, proof }) =>
      Number.isSafeInteger(size) && proof.length <= PROOF_MAX && proof.every((hash) => hash.length === HASH_BYTES),
  );
  if (!isShort || !isFew || !isProof) throw new CodedError('CHECKPOINT_INVALID', 'the frame exceeds its bounds');
}

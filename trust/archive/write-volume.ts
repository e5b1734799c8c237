import { createHash } from 'node:crypto';
import { regionUrn, TYP } from '#proto';
import { signJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { type ArchivedEvidence, lineOf, VOLUME_FORMAT, type VolumeClaims, type VolumeHead } from './volume-format.ts';

/** Who writes which volume. */
export interface VolumeWriter {
  readonly region: string;
  readonly number: number;
  /** SHA-256 of the file of the volume before, hex; empty for the first. */
  readonly previous: string;
  /** The region's signing key. */
  readonly signer: Signer;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * Writes a volume of the archive (归档卷) line by line, and seals it. Nothing of it is kept in memory.
 *
 * @returns the lines in order, each with its line feed
 * @throws VerificationError ARCHIVE_INVALID when one piece of evidence is too large
 */
export async function* writeVolume(
  { region, number, previous, signer, now }: VolumeWriter,
  evidence: AsyncIterable<ArchivedEvidence>,
): AsyncGenerator<string, void> {
  const hash = createHash('sha256');
  const head: VolumeHead = { format: VOLUME_FORMAT, region, number, previous, opened_at: now() };
  const first = lineOf(head);
  hash.update(first);
  yield first;
  let entries = 0;
  for await (const one of evidence) {
    const line = lineOf(one);
    hash.update(line);
    entries += 1;
    yield line;
  }
  const claims: VolumeClaims = {
    iss: regionUrn(region),
    format: VOLUME_FORMAT,
    number,
    previous,
    entries,
    digest: hash.digest('base64url'),
    closed_at: now(),
  };
  yield lineOf({ seal: await signJws(signer, TYP.archiveVolume, claims) });
}

import { createHash } from 'node:crypto';
import { regionUrn, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import { verifyJws } from '../jws.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';
import {
  type ArchivedEvidence,
  isFoot,
  readEvidence,
  readFoot,
  readHead,
  VOLUME_FORMAT,
  type VolumeClaims,
  type VolumeHead,
} from './volume-format.ts';

/** A volume whose seal was verified. */
export interface SealedVolume {
  readonly region: string;
  readonly number: number;
  /** SHA-256 of the file before, hex; empty for the first. */
  readonly previous: string;
  readonly entries: number;
  /** Milliseconds, by the clock of the region. */
  readonly openedAt: number;
  readonly closedAt: number;
}

/**
 * Reads a volume (归档卷) line by line, handing out the evidence as it comes; only at the end is it known whether the
 * region sealed all of it. The bundles are not judged here: `verifyBundle` does that.
 *
 * @param lines from `linesOf`
 * @param statementOf the trusted statement of the region that the volume names
 * @throws VerificationError ARCHIVE_INVALID, and what is wrong with the seal: KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID,
 *   SIGNATURE_INVALID, ISSUER_MISMATCH, …
 */
export async function* readVolume(
  lines: AsyncIterable<string>,
  statementOf: (region: string) => RegionStatement,
): AsyncGenerator<ArchivedEvidence, SealedVolume> {
  const hash = createHash('sha256');
  let head: VolumeHead | undefined;
  let claims: VolumeClaims | undefined;
  let entries = 0;
  for await (const line of lines) {
    if (claims) throw new VerificationError('ARCHIVE_INVALID', 'something stands behind the seal');
    if (head && isFoot(line)) {
      claims = verifySeal(readFoot(line).seal, statementOf(head.region));
      continue;
    }
    hash.update(line).update('\n');
    if (!head) {
      head = readHead(line);
      continue;
    }
    entries += 1;
    yield readEvidence(line, entries + 1);
  }
  if (!head || !claims) throw new VerificationError('ARCHIVE_INVALID', 'the volume was not closed: it has no seal');
  const { region, number, previous, opened_at: openedAt } = head;
  const digest = hash.digest('base64url');
  if (
    claims.digest !== digest ||
    claims.entries !== entries ||
    claims.number !== number ||
    claims.previous !== previous
  )
    throw new VerificationError('ARCHIVE_INVALID', 'the seal is of other content: the volume was altered');
  return { region, number, previous, entries, openedAt, closedAt: claims.closed_at };
}

function verifySeal(seal: string, statement: RegionStatement): VolumeClaims {
  const { kid, payload } = verifyJws<VolumeClaims>(seal, TYP.archiveVolume, (id) =>
    statement.keys.find((key) => key.kid === id && key.purpose === 'signing'),
  );
  if (payload.iss !== regionUrn(statement.region)) throw new VerificationError('ISSUER_MISMATCH');
  if (payload.format !== VOLUME_FORMAT || !Number.isSafeInteger(payload.closed_at))
    throw new VerificationError('ARCHIVE_INVALID', 'the seal is not that of a volume');
  keyValidAt(statement, kid, 'signing', payload.closed_at);
  return payload;
}

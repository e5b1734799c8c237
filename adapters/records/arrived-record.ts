import { createHash } from 'node:crypto';
import { PlatformError, type Submission } from '../adapter.ts';
import { type Identity, keyOf, type RecordReader, submissionOf } from '../http/records.ts';
import type { OpenFile } from '../mapping/understand.ts';
import { Unreadable } from '../unreadable.ts';

/** A record of a queue as it came, before anybody has read it. */
export interface ArrivedRecord {
  readonly bytes: Uint8Array;
  /** Which one it is, once it can be read. */
  readonly identity: Identity;
  /** What says so as long as it cannot be read; its bytes when undefined. */
  readonly name: readonly string[] | undefined;
  /** @throws Unreadable */
  document(): unknown;
  /** What records of its case have in common, as far as it says. @param document undefined when it cannot be read */
  laneOf(document: unknown): string | undefined;
}

/** A record is all there is. */
export const noFiles: OpenFile = async () => {
  throw new PlatformError(
    false,
    'a record has no places of files: let the mapping take them from within it (content), or hand them in by another platform',
  );
};

/**
 * What a record asks for, and its lane: that of its case, or its own. What cannot be read is a submission too, with its
 * problems. It may belong to a case all the same: nothing of that case overtakes it.
 */
export async function receive(
  record: ArrivedRecord,
  reader: RecordReader,
): Promise<{ readonly submission: Submission; readonly lane: string }> {
  const { bytes, identity, name } = record;
  try {
    const document = record.document();
    const submission = await submissionOf(document, identity, reader);
    return { submission, lane: record.laneOf(document) ?? submission.key };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const known = name ?? ['bytes', createHash('sha256').update(bytes).digest('hex')];
    const key = keyOf(reader.platform, ...known);
    const submission = { key, document: null, wishes: [], problems: error.problems };
    return { submission, lane: record.laneOf(undefined) ?? key };
  }
}

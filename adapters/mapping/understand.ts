import { Readable } from 'node:stream';
import type { CaseReference, Submission, SubmissionFile, Wish } from '../adapter.ts';
import { mediaTypeOf } from '../media-types.ts';
import type { MappedFile, MappedWish, Mapping } from './mapping.ts';

/** Opens a file where the platform keeps it, by what the mapping said of it. @throws PlatformError */
export type OpenFile = (from: string, signal: AbortSignal) => Promise<Readable>;

/**
 * What a record of a platform asks for. One that cannot be understood becomes a submission with its problems, which the
 * gateway parks.
 *
 * @param key idempotency key of the record
 */
export async function understand(
  key: string,
  document: unknown,
  mapping: Mapping,
  open: OpenFile,
): Promise<Submission> {
  const mapped = await mapping.in(document);
  if (!mapped.ok) return { key, document, wishes: [], problems: mapped.problems };
  return { key, document, wishes: mapped.wishes.map((wish) => wishOf(wish, open)), problems: [] };
}

function wishOf(mapped: MappedWish, open: OpenFile): Wish {
  const { reference, body, data } = mapped;
  const named = { ...(reference !== undefined && { reference }) };
  const files = (mapped.files ?? []).map((file) => fileOf(file, open));
  if (mapped.do === 'open') return { do: 'open', ...named, body, files };
  const about = { ...named, case: mapped.case as CaseReference, data };
  if (mapped.do === 'note') return { do: 'note', ...about, note: mapped.note! };
  return { do: 'act', ...about, act: mapped.act!, files };
}

function fileOf(file: MappedFile, open: OpenFile): SubmissionFile {
  const { name } = file;
  if ('content' in file) {
    const { content, mediaType = mediaTypeOf(name) } = file;
    return { name, mediaType, open: async () => Readable.from([content], { objectMode: false }) };
  }
  const { from, mediaType = mediaTypeOf(from, name) } = file;
  return { name, mediaType, open: (signal) => open(from, signal) };
}

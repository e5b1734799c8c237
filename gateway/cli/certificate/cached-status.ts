import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import {
  demandFresh,
  MAX_STATUS_LIST_LENGTH,
  type RegionStatement,
  readStatusList,
  statusIn,
  VerificationError,
  type VerifiedCertificate,
  verifyStatusList,
} from '#trust';
import type { StatusFinding } from '../../certificate/proofs.ts';
import { fileError, readText } from '../files.ts';

/** Status lists that somebody fetched before, and how old they may be. */
export interface CachedStatus {
  /** One list, or a folder of them. */
  readonly path: string;
  /** Milliseconds. */
  readonly maxAgeMs: number;
}

interface Judge {
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Milliseconds. */
  readonly now: number;
}

/** Files of a folder that are looked at. */
const MAX_FILES = 2_000;

/**
 * Finds the list that a certificate names, by what the lists say and not by the names of their files, and reads how the
 * certificate stands. Of several copies the newest that verifies counts, and it alone is held against the age demanded.
 *
 * @throws CodedError VALIDATION_FAILED when the lists cannot be read
 */
export async function cachedStatus(
  { issuer, certificate }: VerifiedCertificate,
  { path, maxAgeMs }: CachedStatus,
  judge: Judge,
): Promise<StatusFinding> {
  const reference = certificate.statusList;
  if (!reference) return unknown('the certificate names no status list; ask its issuer');
  const { uri, idx } = reference;
  const copies = await copiesIn(path, uri);
  let refused: StatusFinding = unknown(`there is no copy of ${uri}; fetch it`);
  for (const text of copies) {
    let asOf: number | undefined;
    try {
      const list = verifyStatusList(text, { issuer, uri }, judge);
      asOf = list.issuedAt;
      demandFresh(list, judge.now, { maxAgeMs });
      return { word: statusIn(list, idx), asOf };
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      const { code, message } = error;
      if (asOf !== undefined) return { code, message, asOf };
      // What the newest copy is refused for says most.
      if (text === copies[0]) refused = { code, message };
    }
  }
  return refused;
}

/** Newest first. A file that was named is taken for the list; of a folder only what claims to be that list. */
async function copiesIn(path: string, uri: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error) => Promise.reject(fileError('read', path, error)),
  );
  if (!isFolder) return [(await readText(path, MAX_STATUS_LIST_LENGTH)).trim()];
  const copies: { text: string; issuedAt: number }[] = [];
  for (const file of await filesIn(path)) {
    const text = (await readText(file, MAX_STATUS_LIST_LENGTH).catch(() => '')).trim();
    const said = claimed(text);
    if (said?.uri === uri) copies.push({ text, issuedAt: said.issuedAt });
  }
  return copies.sort((a, b) => b.issuedAt - a.issuedAt).map(({ text }) => text);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  if (files.length > MAX_FILES)
    throw new CodedError(
      'VALIDATION_FAILED',
      `${folder} has more than ${MAX_FILES} files; name the status list itself`,
    );
  return files.map(({ name }) => join(folder, name));
}

function claimed(text: string): ReturnType<typeof readStatusList> | undefined {
  try {
    return readStatusList(text);
  } catch {
    return undefined;
  }
}

function unknown(message: string): StatusFinding {
  return { code: 'STATUS_UNKNOWN', message };
}

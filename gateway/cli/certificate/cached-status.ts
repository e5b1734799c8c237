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
  type VerifiedStatusList,
  verifyStatusList,
} from '#trust';
import type { StatusFinding } from '../../certificate/proofs.ts';
import { fileError, readText } from '../files.ts';

/** Status lists that somebody fetched before, and how old they may be. */
export interface CachedStatus {
  /** One list, or a folder of them. */
  readonly path: string;
  /** Milliseconds; when absent, a list counts for its own ttl, or for a day when it has none. */
  readonly maxAgeMs?: number | undefined;
}

interface Judge {
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Milliseconds. */
  readonly now: number;
}

/** Files of a folder that are looked at. */
const MAX_FILES = 2_000;
/** How long a list counts that does not say itself. */
const WITHOUT_TTL_MS = 24 * 60 * 60 * 1000;

/**
 * Finds the list that a certificate names, by what the lists say and not by the names of their files, and reads how the
 * certificate stands. Of several copies the newest that verifies counts, and it alone is held against the age demanded:
 * unless that was told, the list's own ttl, within which a revocation must count.
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
    let verified: VerifiedStatusList | undefined;
    try {
      verified = verifyStatusList(text, { issuer, uri }, judge);
      demandFresh(verified, judge.now, { maxAgeMs: maxAgeMs ?? verified.ttl ?? WITHOUT_TTL_MS });
      return { word: statusIn(verified, idx), asOf: verified.issuedAt };
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      const { code } = error;
      const message = error.message + adviceFor(code, verified);
      if (verified) return { code, message, asOf: verified.issuedAt };
      // What the newest copy is refused for says most.
      if (text === copies[0]) refused = { code, message };
    }
  }
  return refused;
}

/** What to do about a list that is too old; only one that has not expired can be made to count. */
function adviceFor(code: string, verified?: VerifiedStatusList): string {
  if (code !== 'STATUS_LIST_STALE') return '';
  return verified
    ? ', or state with --max-age how old it may be (请下载新列表,或以 --max-age 写明可接受多旧的列表)'
    : ' (请下载新列表)';
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

import { CodedError, fields, integer, list, oneOf, optional, type Problem, record, text } from '#proto';
import { REVOCATION_REASONS, type RevocationReason } from '../region/revocation.ts';
import { SUITE_NAMES } from '../suites.ts';
import { custodyRule } from './custody/custody.ts';
import type { KeyInfo } from './key-store.ts';
import { KEY_LIFETIME_MS } from './new-keys.ts';

/** What `keys.json` of a key folder says: everything about the keys that is public. */
export interface KeyIndex {
  /** Whose keys they are; for the people who find the folder. */
  readonly region?: string;
  readonly keys: readonly IndexedKey[];
}

export interface IndexedKey extends KeyInfo {
  /** Milliseconds. */
  readonly created: number;
}

/** Version of the layout of a key folder. */
const VERSION = 1;

const instantText = text(24, { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, hint: 'must be a time in UTC' });

const RULE = fields({
  version: integer(VERSION, VERSION),
  region: optional(text(12)),
  keys: list(
    fields({
      kid: text(43, { min: 43, pattern: /^[\w-]+$/ }),
      purpose: oneOf(...Object.keys(KEY_LIFETIME_MS)),
      suite: oneOf(...SUITE_NAMES),
      created: instantText,
      notBefore: instantText,
      notAfter: instantText,
      publicJwk: record(text(20), text(4096), 20),
      custody: optional(custodyRule),
      revoked: optional(fields({ at: instantText, reason: oneOf(...REVOCATION_REASONS) })),
    }),
    1000,
  ),
});

/** The text of `keys.json`. Times are written as ISO 8601 for its human readers. */
export function writeIndex(index: KeyIndex): string {
  const keys = index.keys.map(({ kid, purpose, suite, created, notBefore, notAfter, publicJwk, custody, revoked }) => ({
    kid,
    purpose,
    suite,
    created: new Date(created).toISOString(),
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notAfter).toISOString(),
    publicJwk,
    ...(custody && { custody }),
    ...(revoked && { revoked: { at: new Date(revoked.at).toISOString(), reason: revoked.reason } }),
  }));
  return `${JSON.stringify({ version: VERSION, region: index.region, keys }, null, 2)}\n`;
}

/**
 * Reads the text of `keys.json`.
 *
 * @param file its name, for the message
 * @throws CodedError CONFIG_INVALID with every wrong place, STORE_VERSION when a newer program wrote it
 */
export function readIndex(json: string, file: string): KeyIndex {
  const value = parse(json, file);
  if (typeof value.version === 'number' && value.version > VERSION) throw new CodedError('STORE_VERSION');
  const problems: Problem[] = [];
  RULE(value, '', problems);
  if (problems.length > 0) throw unreadable(file, problems);
  const { region, keys } = value as { region?: string; keys: WrittenKey[] };
  return {
    ...(region === undefined ? {} : { region }),
    keys: keys.map(({ revoked, ...key }) => ({
      ...key,
      created: Date.parse(key.created),
      notBefore: Date.parse(key.notBefore),
      notAfter: Date.parse(key.notAfter),
      ...(revoked && { revoked: { at: Date.parse(revoked.at), reason: revoked.reason } }),
    })),
  };
}

type WrittenKey = Omit<KeyInfo, 'notBefore' | 'notAfter' | 'revoked'> &
  Record<'created' | 'notBefore' | 'notAfter', string> & {
    readonly revoked?: { readonly at: string; readonly reason: RevocationReason };
  };

function parse(json: string, file: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json));
  } catch {
    throw unreadable(file, []);
  }
}

function unreadable(file: string, problems: Problem[]): CodedError {
  return new CodedError('CONFIG_INVALID', `${file} is not a list of keys; restore it from a backup`, problems);
}

import {
  CodedError,
  fields,
  instant,
  integer,
  list,
  oneOf,
  optional,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';
import { ANCHOR_LIMITS, type ChainConstraints, isAnchorName, SUITE_NAMES, type SuiteName } from '#trust';

/** What an anchor signed with one serial; milliseconds. */
export interface Issued {
  readonly serial: number;
  readonly expiresAt: number;
}

/** A region or a subordinate anchor that the operators of an anchor enrolled. */
export interface Member {
  readonly kind: 'region' | 'anchor';
  /** Region code, or name of the anchor. */
  readonly name: string;
  /** RFC 7638 thumbprint of its identity key, as compared by voice. */
  readonly kid: string;
  /** Public JWK of that key. */
  readonly jwk: Readonly<Record<string, string>>;
  /** Of a subordinate anchor: where its files are. */
  readonly location?: string;
  readonly constraints: ChainConstraints;
  /** Statements about it that have not expired, the newest last. */
  readonly issued: readonly Issued[];
}

export interface Mark extends Issued {
  readonly region: string;
  readonly type: string;
}

export interface Withdrawal extends Issued {
  /** URN. */
  readonly subject: string;
  /** Milliseconds. */
  readonly at: number;
  readonly reason: string;
}

/** Everything about an anchor but its key, as `anchor.json` of its folder holds it. */
export interface AnchorState {
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** URL at which the published files are found. */
  readonly location: string;
  readonly suite: SuiteName;
  /** RFC 7638 thumbprint of the identity key. */
  readonly kid: string;
  readonly constraints: ChainConstraints;
  /** Last serial that was given to a statement or a mark. */
  readonly serial: number;
  /** Serial of the last publication. */
  readonly published: number;
  readonly members: readonly Member[];
  readonly marks: readonly Mark[];
  readonly withdrawn: readonly Withdrawal[];
}

const VERSION = 1;
const MAX_MEMBERS = 5000;
const MAX_ISSUED = 200;

const count = integer(0);
const kid = text(43, { min: 43, pattern: /^[\w-]+$/ });
const name = text(50, { pattern: /^[a-z0-9][a-z0-9-]*$/ });
const prefixes = optional(list(text(6, { pattern: /^\d+$/ }), 1000));
const constraints: Rule = fields({
  maxPathLength: optional(integer(0, 10)),
  permitted: prefixes,
  excluded: prefixes,
});
const issued = { serial: integer(1), expiresAt: instant };

const RULE: Rule = fields({
  version: integer(VERSION, VERSION),
  name: (value, pointer, problems) => {
    if (typeof value !== 'string' || !isAnchorName(value))
      problems.push({ pointer, code: 'FORMAT', message: 'is no name of an anchor' });
  },
  title: text(100),
  location: text(2048),
  suite: oneOf(...SUITE_NAMES),
  kid,
  constraints,
  serial: count,
  published: count,
  members: list(
    fields({
      kind: oneOf('region', 'anchor'),
      name,
      kid,
      jwk: record(text(20), text(4096), 20),
      location: optional(text(2048)),
      constraints,
      issued: list(fields(issued), MAX_ISSUED),
    }),
    MAX_MEMBERS,
  ),
  marks: list(fields({ region: name, type: name, ...issued }), MAX_MEMBERS * 2),
  withdrawn: list(fields({ subject: text(100), at: instant, reason: text(200), ...issued }), ANCHOR_LIMITS.revocations),
});

/** The text of `anchor.json`. */
export function writeState(state: AnchorState): string {
  return `${JSON.stringify({ version: VERSION, ...state }, undefined, 2)}\n`;
}

/**
 * Reads the text of `anchor.json`.
 *
 * @param file its name, for messages
 * @throws CodedError CONFIG_INVALID with every wrong place, STORE_VERSION when a newer program wrote it
 */
export function readState(json: string, file: string): AnchorState {
  const value = parse(json, file);
  if (typeof value.version === 'number' && value.version > VERSION) throw new CodedError('STORE_VERSION');
  const problems: Problem[] = [];
  RULE(value, '', problems);
  if (problems.length > 0) throw damaged(file, problems);
  const { version: _version, ...state } = value as AnchorState & { version: number };
  return state;
}

function parse(json: string, file: string): { version?: unknown } {
  try {
    return Object(JSON.parse(json));
  } catch {
    throw damaged(file, []);
  }
}

function damaged(file: string, problems: readonly Problem[]): CodedError {
  return new CodedError('CONFIG_INVALID', `${file} is not the record of an anchor; restore it from a backup`, problems);
}

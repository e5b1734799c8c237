import { both, fields, integer, list, optional, type Problem, type Rule, text } from '#proto';

/** An anchor (信任锚点) that an operator pinned. */
export interface AnchorConfig {
  /** URL of the folder with its files, with a slash at the end. */
  readonly url: string;
  /** RFC 7638 thumbprint of its identity key, which the fingerprint of the file spells in hex. */
  readonly identity: string;
  /** How many anchors may stand between it and a region; what the anchors allow each other when undefined. */
  readonly maxPathLength: number | undefined;
}

/** Whom anchors may bring in without an operator (联邦). */
export interface FederationConfig {
  readonly anchors: readonly AnchorConfig[];
  readonly peering: {
    /** Beginnings of the codes of the regions that are pinned when an anchor vouches for them. */
    readonly allow: readonly string[];
    /** Type of the trust mark that a region must have; none when undefined. */
    readonly requireTrustMark: string | undefined;
    /** Milliseconds that a region stays pinned after its mark has expired. */
    readonly trustMarkGraceMs: number;
  };
  /** Milliseconds between two looks at an anchor that answers. */
  readonly pollIntervalMs: number;
  /** Milliseconds without a good look at an anchor after which that is a warning. */
  readonly staleAfterMs: number;
}

/** The section as the file has it. */
export interface FederationSection {
  anchors: { url: string; fingerprint: string; max_path_length?: number | null }[];
  peering: { allow: string[]; require_trust_mark?: string | null; trust_mark_grace_hours?: number | null };
  poll_interval_ms?: number | null;
  stale_after_hours?: number | null;
}

const MAX_ANCHORS = 16;
const MAX_PREFIXES = 100;
const HOUR_MS = 60 * 60 * 1000;

const anchor: Rule = fields({
  url: both(
    text(2048, { pattern: /^(?:https?|file):\/\/\S+\/$/, hint: 'must be an http, https or file URL that ends with /' }),
    parsable,
  ),
  fingerprint: text(100, {
    pattern: /^(?:[0-9a-fA-F]{4}[ :-]?){16}$/,
    hint: 'must be the fingerprint of the anchor: 64 hex digits',
  }),
  max_path_length: optional(integer(0, 3)),
});

/** What the section may say. */
export const federationRule: Rule = fields({
  anchors: list(anchor, MAX_ANCHORS, 1),
  peering: fields({
    allow: list(
      text(6, { pattern: /^\d{1,6}$/, hint: 'must be the beginning of region codes: one to six digits in quotes' }),
      MAX_PREFIXES,
    ),
    require_trust_mark: optional(
      text(50, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be lower-case letters, digits and hyphens' }),
    ),
    trust_mark_grace_hours: optional(integer(0, 24 * 365)),
  }),
  poll_interval_ms: optional(integer(1000, 24 * HOUR_MS)),
  stale_after_hours: optional(integer(1, 24 * 365)),
});

/** The section with its defaults. */
export function federationOf(section: FederationSection): FederationConfig {
  const { anchors, peering, poll_interval_ms, stale_after_hours } = section;
  return {
    anchors: anchors.map(({ url, fingerprint, max_path_length }) => ({
      url: new URL(url).href,
      identity: Buffer.from(fingerprint.replaceAll(/[ :-]/g, ''), 'hex').toString('base64url'),
      maxPathLength: max_path_length ?? undefined,
    })),
    peering: {
      allow: peering.allow,
      requireTrustMark: peering.require_trust_mark ?? undefined,
      trustMarkGraceMs: (peering.trust_mark_grace_hours ?? 7 * 24) * HOUR_MS,
    },
    pollIntervalMs: poll_interval_ms ?? 15 * 60 * 1000,
    staleAfterMs: (stale_after_hours ?? 24) * HOUR_MS,
  };
}

function parsable(value: unknown, pointer: string, problems: Problem[]): void {
  const url = URL.parse(value as string);
  if (!url || url.search || url.hash || url.username || url.password)
    problems.push({ pointer, code: 'FORMAT', message: 'must be a URL without user, query or fragment' });
}

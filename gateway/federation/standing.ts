import type { ErrorCode } from '#proto';
import { fingerprintOf } from '#trust';
import type { AnchorWatch } from './anchor-watch.ts';
import type { AnchorFinding, RegionFinding } from './assess.ts';
import type { RegionStanding } from './peering.ts';
import { daysLeft, isEnding } from './warnings.ts';

/** How one anchor stands. Times in milliseconds. */
export interface AnchorStanding {
  /** Empty until it was read. */
  readonly name: string;
  /** Name for people; empty while its chain does not hold. */
  readonly title: string;
  readonly url: string;
  /** Empty when nothing readable is said of its key. */
  readonly fingerprint: string;
  /** Name of the anchor that vouches for it; undefined for a pinned one. */
  readonly superior?: string;
  /** `ending` within 30 days; `bad`: its chain does not hold, and it vouches for nobody. */
  readonly state: 'good' | 'ending' | 'bad';
  /** Why it is bad. */
  readonly code: ErrorCode | '';
  /** When its files were last read and found good. */
  readonly lastGoodAt?: number;
  /** Whether that is longer ago than the config allows. */
  readonly stale: boolean;
  /** The last attempt of this run. */
  readonly lastTriedAt?: number;
  /** Of the last attempt; empty when it was good. */
  readonly lastCode: ErrorCode | '';
  /** When everything that it vouches for ends, unless it publishes anew. */
  readonly expiresAt?: number;
  /** Whole days until then. */
  readonly daysLeft?: number;
  /** How many regions it vouches for by itself, of those that the peering policy allows. */
  readonly regions: number;
  /** The first end of what it says of one of them. */
  readonly regionsEndAt?: number;
}

/** How the federation stands, as far as this gateway takes part in one. */
export interface FederationStanding {
  readonly anchors: readonly AnchorStanding[];
  readonly regions: readonly RegionStanding[];
}

/** @param staleAfterMs without a good look */
export function anchorStanding(
  found: AnchorFinding,
  regions: readonly RegionFinding[],
  watch: AnchorWatch | undefined,
  staleAfterMs: number,
  now: number,
): AnchorStanding {
  const { anchor, name, identity, url, superior, code } = found;
  const expiresAt = anchor?.expiresAt;
  const seenAt = watch?.copy?.seenAt;
  const triedAt = watch?.state.triedAt;
  const ends = regions.flatMap((region) => (region.anchor === anchor ? (region.vouched?.expiresAt ?? []) : []));
  return {
    name,
    title: anchor?.title ?? '',
    url,
    fingerprint: identity === '' ? '' : fingerprintOf(identity),
    ...(superior !== undefined && { superior }),
    state: expiresAt === undefined || now >= expiresAt ? 'bad' : isEnding(expiresAt, now) ? 'ending' : 'good',
    code,
    ...(seenAt !== undefined && { lastGoodAt: seenAt }),
    stale: seenAt !== undefined && now - seenAt > staleAfterMs,
    ...(triedAt !== undefined && { lastTriedAt: triedAt }),
    lastCode: watch?.state.code ?? '',
    ...(expiresAt !== undefined && { expiresAt, daysLeft: daysLeft(expiresAt, now) }),
    regions: ends.length,
    ...(ends.length > 0 && { regionsEndAt: Math.min(...ends) }),
  };
}

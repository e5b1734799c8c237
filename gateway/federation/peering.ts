import { CodedError, type ErrorCode } from '#proto';
import { anchorsOf, fingerprintOf, type RegionStatement, type VouchedRegion } from '#trust';
import type { FederationConfig } from '../config/federation-config.ts';
import type { Peers } from '../peer/peers.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { RegionFinding } from './assess.ts';

/** How a region stands that an anchor names. */
export interface RegionStanding {
  readonly region: string;
  /** Names of the anchors of its chain, the pinned one first. */
  readonly chain: readonly string[];
  /** What the chain vouches for, as operators compare it; empty when no chain is good. */
  readonly fingerprint: string;
  /** Milliseconds; end of the chain, absent when none is good. */
  readonly expiresAt?: number;
  /** Who pinned it: the federation, or an operator, whose word always wins; `refused`: an operator removed it. */
  readonly pinned: 'federation' | 'operator' | 'refused' | 'own' | 'no';
  /** Why it is not pinned, or what is wrong although it is; empty when all is well. */
  readonly code: ErrorCode | '';
}

export interface PeeringOptions {
  readonly peers: Peers;
  readonly store: Store;
  readonly log: Log;
  readonly policy: FederationConfig['peering'];
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Brings the pins in line with what the chains prove now: pins regions, takes newer statements, unpins what no chain
 * carries any more. It never touches what an operator pinned or removed.
 */
export async function follow(
  findings: readonly RegionFinding[],
  { now, ...options }: PeeringOptions,
): Promise<RegionStanding[]> {
  const { peers, log } = options;
  const byRegion = Map.groupBy(findings, ({ region }) => region);
  for (const region of peers.vouched.pinned()) if (!byRegion.has(region)) await unpin(region, peers, log);
  const standings: RegionStanding[] = [];
  for (const [region, found] of byRegion) {
    const choice = choose(region, found, { now, ...options });
    const code = await act(region, choice, options);
    standings.push(standingOf(region, found, choice.vouched, code, peers));
  }
  return standings.toSorted((one, other) => one.region.localeCompare(other.region));
}

/** What to do about a region: whether to pin it, and on whose word. */
interface Choice {
  readonly vouched?: VouchedRegion;
  readonly pin: boolean;
  readonly code: ErrorCode | '';
}

function choose(
  region: string,
  found: readonly RegionFinding[],
  { peers, policy, now }: Omit<PeeringOptions, 'store' | 'log'>,
): Choice {
  const good = found.filter((finding) => finding.vouched !== undefined);
  const pinned = region === peers.own.region ? peers.own : peers.get(region);
  const byFederation = peers.vouched.get(region) === 'pinned';
  // Where the identity that is pinned is still vouched for, other identities are only worth an alarm.
  const same = good.filter(({ vouched }) => vouched?.statement.identity === pinned?.identity);
  const usable = same.length > 0 ? same : good;
  const identities = new Set(good.map(({ vouched }) => vouched?.statement.identity));
  const [best] = usable.toSorted((one, other) => serialOf(other) - serialOf(one) || endOf(other) - endOf(one));
  if (!best?.vouched) return { pin: false, code: found[0]!.code };
  const { vouched } = best;
  if (same.length === 0 && (identities.size > 1 || (pinned && !byFederation)))
    return { vouched, pin: false, code: 'FINGERPRINT_MISMATCH' };
  const mark = Math.max(...usable.map(({ markUntil = 0 }) => markUntil));
  const grace = byFederation && same.length > 0 ? policy.trustMarkGraceMs : 0;
  const isOther = region !== peers.own.region;
  if (isOther && policy.requireTrustMark !== undefined && now >= mark + grace)
    return { vouched, pin: false, code: best.code || 'TRUST_MARK_MISSING' };
  return { vouched, pin: true, code: identities.size > 1 ? 'FINGERPRINT_MISMATCH' : '' };
}

/** @returns the code to show */
async function act(
  region: string,
  { vouched, pin, code }: Choice,
  { peers, store, log }: Omit<PeeringOptions, 'now'>,
): Promise<ErrorCode | ''> {
  if (region === peers.own.region) return code;
  const state = peers.vouched.get(region);
  if (state === 'pinned' && !pin) await unpin(region, peers, log);
  if (!pin || !vouched || state === 'refused') return code;
  const { statement, anchor } = vouched;
  const pinned = peers.get(region);
  try {
    if (!pinned) {
      await peers.pinVouched(statement);
      log.info({ peer: region, anchor: anchor.name }, 'pinned a region because an anchor vouches for it');
    } else if (pinned.identity !== statement.identity) {
      await peers.repinVouched(statement, anchor.name);
      log.warn(
        { peer: region, anchor: anchor.name },
        'an anchor vouches for another identity of a region: pinned anew',
      );
    } else if (isNewer(statement, pinned)) {
      await store.write((tx) => peers.renew(tx, region, statement.jwt));
      log.info({ peer: region, serial: statement.serial }, 'took a newer statement of a region from an anchor');
    }
    return code;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
}

async function unpin(region: string, peers: Peers, log: Log): Promise<void> {
  await peers.unpinVouched(region);
  log.warn({ peer: region }, 'unpinned a region: no anchor vouches for it any more as the peering policy demands');
}

/** The same serial with other content is for `renew` to refuse. */
function isNewer(found: RegionStatement, pinned: RegionStatement): boolean {
  return found.serial >= pinned.serial && !found.digest.equals(pinned.digest);
}

function standingOf(
  region: string,
  found: readonly RegionFinding[],
  vouched: VouchedRegion | undefined,
  code: ErrorCode | '',
  peers: Peers,
): RegionStanding {
  return {
    region,
    chain: anchorsOf(vouched?.anchor ?? found[0]!.anchor).map(({ name }) => name),
    fingerprint: vouched ? fingerprintOf(vouched.statement.identity) : '',
    ...(vouched && { expiresAt: vouched.expiresAt }),
    pinned: pinnedBy(region, peers),
    code,
  };
}

function pinnedBy(region: string, peers: Peers): RegionStanding['pinned'] {
  if (region === peers.own.region) return 'own';
  const state = peers.vouched.get(region);
  if (state === 'refused') return 'refused';
  if (!peers.get(region)) return 'no';
  return state === 'pinned' ? 'federation' : 'operator';
}

function serialOf({ vouched }: RegionFinding): number {
  return vouched?.statement.serial ?? 0;
}

function endOf({ vouched }: RegionFinding): number {
  return vouched?.expiresAt ?? 0;
}

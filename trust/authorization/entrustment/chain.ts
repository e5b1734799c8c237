import { type ErrorCode, LIMITS, type Problem, TYP } from '#proto';
import { VerificationError } from '../../errors.ts';
import { type VerificationKey, verifyJws } from '../../jws.ts';
import { keyValidAt } from '../../region/directory.ts';
import type { RegionStatement } from '../../region/statement.ts';
import { importPublicJwk, suiteOfKey } from '../../suites.ts';
import { parseDateTime } from '../date-time.ts';
import type { EntrustedParty, EntrustmentContent } from './content.ts';
import { type EntrustmentLink, holderKid, readEntrustment } from './link.ts';

declare const verified: unique symbol;

/** A chain of which every link was verified. Only this file can make one. */
export interface VerifiedEntrustments {
  /** From the region's own link down. */
  readonly links: readonly EntrustmentLink[];
  /** The last link: who may act now, and what for. */
  readonly last: EntrustmentLink;
  readonly [verified]: true;
}

/** What a chain is judged by. */
export interface EntrustmentContext {
  /** Statement of the region that the chain names; undefined when nothing is known of it. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Moment at which somebody wants to act under it, in milliseconds. */
  readonly at: number;
  /** When a link was revoked, in milliseconds, by the hex of its digest; undefined if it was not. */
  readonly revokedAt: (digest: string) => number | undefined;
}

/**
 * Verifies a chain of entrustments (授权委托书) from the region down: region, department, window organisation, chief
 * representative (首席代表). Each link cites the one above, is signed by whoever may speak for its issuer, gives no more than
 * it was given, is not passed on too far, comes back to nobody, and is neither over nor revoked.
 *
 * The issuer of a link signs with the key that the link above gives it; if that gives none, its region signs for it, by a
 * key that was valid at `created_at` and is not revoked.
 *
 * @param chain compact JWS, the region's own link first
 * @throws VerificationError ENTRUSTMENT_INVALID, ENTRUSTMENT_CYCLE, ENTRUSTMENT_DEPTH, ENTRUSTMENT_WIDENED,
 *   ENTRUSTMENT_INACTIVE, ENTRUSTMENT_REVOKED, JWS_INVALID, TYP_MISMATCH, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID; pointers begin with the number of the link
 */
export function verifyEntrustments(chain: readonly string[], context: EntrustmentContext): VerifiedEntrustments {
  if (chain.length === 0 || chain.length > LIMITS.entrustmentLinks) {
    fail('ENTRUSTMENT_INVALID', `a chain has 1 to ${LIMITS.entrustmentLinks} links`);
  }
  const links = chain.map((text, index) => readEntrustment(text, `/${index}`));
  const region = links[0]!.content.region;
  const statement = context.statementOf(region) ?? fail('KEY_UNKNOWN', `there is no statement of region ${region}`);
  links.forEach((link, index) => {
    const above = links[index - 1];
    demandPlace(link, above, index);
    demandSignature(link, above, statement, context.at);
    demandNobodyTwice(links, index);
    if (above) demandNarrower(link.content, above.content, index);
  });
  links.forEach((link, index) => void demandInForce(link, index, context));
  return { links, last: links.at(-1)! } as unknown as VerifiedEntrustments;
}

function demandPlace({ content }: EntrustmentLink, above: EntrustmentLink | undefined, index: number): void {
  const wrong = (member: string, message: string) =>
    fail('ENTRUSTMENT_INVALID', undefined, [{ pointer: `/${index}/${member}`, code: 'PLACE', message }]);
  if (content.parent !== above?.digest.toString('base64url')) wrong('parent', 'does not cite the link above');
  if (!above) return;
  if (content.region !== above.content.region) wrong('region', 'is another region than above');
  if (!same(content.issuer, above.content.holder)) wrong('issuer', 'is not the holder of the link above');
}

function demandSignature(
  { content, text }: EntrustmentLink,
  above: EntrustmentLink | undefined,
  statement: RegionStatement,
  at: number,
): void {
  const created = parseDateTime(content.created_at)!;
  if (created > at + LIMITS.sealSkewMs) {
    fail('ENTRUSTMENT_INVALID', 'a link was created in the future; check both clocks');
  }
  const own = above && ownKey(above.content);
  verifyJws(text, TYP.entrustment, (kid) => {
    if (own) return own.kid === kid ? own : undefined;
    return keyValidAt(statement, kid, 'signing', created);
  });
}

/** The key with which the holder of a link signs by itself. */
function ownKey({ holder: { key } }: EntrustmentContent): VerificationKey | undefined {
  if (!key) return undefined;
  return { kid: holderKid(key), suite: suiteOfKey(key)!, key: importPublicJwk(key) };
}

/** Power that comes back to somebody who passed it on belongs to nobody in the end. */
function demandNobodyTwice(links: readonly EntrustmentLink[], index: number): void {
  const { holder } = links[index]!.content;
  const before = links.slice(0, index + 1).map(({ content }) => content.issuer);
  if (before.some((one) => same(one, holder))) {
    const message = 'stands in the chain already';
    fail('ENTRUSTMENT_CYCLE', undefined, [{ pointer: `/${index}/holder`, code: 'CYCLE', message }]);
  }
}

function demandNarrower(link: EntrustmentContent, above: EntrustmentContent, index: number): void {
  if (link.depth >= above.depth) {
    const message = above.depth === 0 ? 'the link above may not be passed on' : `must be below ${above.depth}`;
    fail('ENTRUSTMENT_DEPTH', undefined, [{ pointer: `/${index}/depth`, code: 'DEPTH', message }]);
  }
  const time = (text: string) => parseDateTime(text)!;
  const widened = [
    ...beyond(link.rights, above.rights).map((place) => `rights/${place}`),
    ...beyond(link.items, above.items).map((place) => `items/${place}`),
    ...(time(link.valid_from) < time(above.valid_from) ? ['valid_from'] : []),
    ...(time(link.valid_until) > time(above.valid_until) ? ['valid_until'] : []),
  ];
  if (widened.length === 0) return;
  const problems = widened.map((member): Problem => {
    return { pointer: `/${index}/${member}`, code: 'WIDENED', message: 'is more than the link above gives' };
  });
  fail('ENTRUSTMENT_WIDENED', undefined, problems);
}

function demandInForce(
  { content, digest }: EntrustmentLink,
  index: number,
  { at, revokedAt }: EntrustmentContext,
): void {
  const revoked = revokedAt(digest.toString('hex'));
  if (revoked !== undefined && revoked <= at) {
    const message = 'was revoked';
    fail('ENTRUSTMENT_REVOKED', undefined, [{ pointer: `/${index}`, code: 'REVOKED', message }]);
  }
  if (at < parseDateTime(content.valid_from)! || at >= parseDateTime(content.valid_until)!) {
    const message = `is valid from ${content.valid_from} until ${content.valid_until}`;
    fail('ENTRUSTMENT_INACTIVE', undefined, [{ pointer: `/${index}`, code: 'RANGE', message }]);
  }
}

/** Places of the entries that the other list has not. */
function beyond(entries: readonly string[], allowed: readonly string[]): number[] {
  const known = new Set(allowed);
  return entries.flatMap((entry, place) => (known.has(entry) ? [] : [place]));
}

function same(one: EntrustedParty, other: EntrustedParty): boolean {
  return one.kind === other.kind && one.code === other.code;
}

function fail(code: ErrorCode, detail?: string, problems: readonly Problem[] = []): never {
  throw new VerificationError(code, detail, problems);
}

import { VerificationError } from '../errors.ts';
import { type RegionStatement, verifyStatement } from '../region/statement.ts';
import { type AnchorConfiguration, verifyAnchorConfiguration } from './anchor.ts';
import { ANCHOR_FILES, type AnchorIndex, fileDigest, verifyAnchorIndex, verifyRevocations } from './anchor-index.ts';
import { type ChainConstraints, demandWithin } from './constraints.ts';
import { demandInDate, entityUrn, type IdentityKey, invalid } from './entity.ts';
import { type SubordinateStatement, verifySubordinateStatement } from './subordinate.ts';

/** Anchors in one chain, whatever they allow each other. */
const MAX_ANCHORS = 4;

/** The papers of one anchor, as texts: its index, and two files that the index lists. */
export interface AnchorPapers {
  readonly index: string;
  readonly configuration: string;
  readonly revocations: string;
}

/** An anchor as an operator pinned it. */
export interface AnchorPin {
  /** RFC 7638 thumbprint of its identity key. */
  readonly identity: string;
  /** How many anchors may stand between it and a region; the chain's own constraints when absent. */
  readonly maxPathLength?: number;
}

/** An anchor to which a chain leads from a pinned one. Only `trustPinned` and `trustBelow` make one. */
export interface TrustedAnchor {
  readonly name: string;
  readonly title: string;
  readonly key: IdentityKey;
  /** The anchor that vouches for it; absent for a pinned one. */
  readonly superior?: TrustedAnchor;
  readonly index: AnchorIndex;
  /** Serials of what it withdrew. */
  readonly revoked: ReadonlySet<number>;
  /** Milliseconds: the first moment at which a part of the chain up to here is out of date. */
  readonly expiresAt: number;
  /** What each anchor from the pinned one on demands, the pin first. */
  readonly limits: readonly { readonly depth: number; readonly constraints: ChainConstraints }[];
}

/** A region for which a chain vouches, with its newest statement. Only `vouchFor` makes one. */
export interface VouchedRegion {
  readonly statement: RegionStatement;
  readonly anchor: TrustedAnchor;
  /** Milliseconds: the first moment at which a part of the chain is out of date; the statement's own end aside. */
  readonly expiresAt: number;
}

/**
 * Begins a chain with an anchor that an operator pinned by its fingerprint.
 *
 * @param now milliseconds
 * @throws VerificationError FINGERPRINT_MISMATCH, CHAIN_INVALID, CHAIN_EXPIRED and the codes of a signed object
 */
export async function trustPinned(papers: AnchorPapers, pin: AnchorPin, now: number): Promise<TrustedAnchor> {
  const own = await readPapers(papers, pin.identity, now);
  const { maxPathLength } = pin;
  const limits = [{ depth: 0, constraints: maxPathLength === undefined ? {} : { maxPathLength } }];
  return { ...own, limits: [...limits, { depth: 0, constraints: own.constraints }] };
}

/**
 * Reads what a trusted anchor says of somebody, and demands that it says so now.
 *
 * @param name of the subject: a region code, or the name of an anchor
 * @param now milliseconds
 * @throws VerificationError CHAIN_INVALID, CHAIN_EXPIRED, CHAIN_REVOKED and the codes of a signed object
 */
export async function readSubordinate(
  superior: TrustedAnchor,
  name: string,
  jwt: string,
  now: number,
): Promise<SubordinateStatement> {
  demandListed(superior.index, ANCHOR_FILES.subordinate(name), jwt);
  const statement = await verifySubordinateStatement(jwt, superior.name, superior.key);
  if (statement.subject.name !== name) invalid('is about somebody else than its file says');
  demandInDate(statement, `what ${superior.name} says of ${name}`, now);
  if (superior.revoked.has(statement.serial))
    throw new VerificationError('CHAIN_REVOKED', `${superior.name} withdrew what it said of ${name}`);
  return statement;
}

/**
 * Goes on to an anchor for which a trusted one vouches.
 *
 * @param statement what the superior says of it
 * @param now milliseconds
 * @throws VerificationError CHAIN_INVALID (also when the chain comes back to an anchor that is in it),
 *   CHAIN_EXPIRED, CHAIN_CONSTRAINT, FINGERPRINT_MISMATCH and the codes of a signed object
 */
export async function trustBelow(
  superior: TrustedAnchor,
  statement: SubordinateStatement,
  papers: AnchorPapers,
  now: number,
): Promise<TrustedAnchor> {
  const above = anchorsOf(superior);
  if (above.some(({ key }) => key.kid === statement.key.kid)) invalid('leads back to an anchor of its own chain');
  if (above.length >= MAX_ANCHORS)
    throw new VerificationError('CHAIN_CONSTRAINT', `the chain has more than ${MAX_ANCHORS} anchors`);
  const own = await readPapers(papers, statement.key.kid, now);
  if (entityUrn(statement.subject) !== entityUrn({ kind: 'anchor', name: own.name }))
    invalid('is about another anchor than the one that holds the key');
  const depth = above.length;
  const limits = [
    ...superior.limits,
    { depth: depth - 1, constraints: statement.constraints },
    { depth, constraints: own.constraints },
  ];
  for (const limit of limits) demandWithin(limit.constraints, depth - limit.depth);
  const expiresAt = Math.min(superior.expiresAt, statement.expiresAt, own.expiresAt);
  return { ...own, superior, limits, expiresAt };
}

/**
 * Ends a chain with a region: the anchor vouches for its identity key, and that key signed the statement.
 *
 * @param statement what the anchor says of it
 * @param own the region's statement as the anchor publishes it; already verified, or as text
 * @throws VerificationError CHAIN_INVALID, CHAIN_CONSTRAINT, FINGERPRINT_MISMATCH, STATEMENT_INVALID and the codes of a
 *   signed object
 */
export async function vouchFor(
  anchor: TrustedAnchor,
  statement: SubordinateStatement,
  own: RegionStatement | string,
): Promise<VouchedRegion> {
  const { kind, name } = statement.subject;
  if (kind !== 'region') invalid('is about an anchor where a region is needed');
  const depth = anchorsOf(anchor).length - 1;
  for (const limit of [...anchor.limits, { depth, constraints: statement.constraints }])
    demandWithin(limit.constraints, depth - limit.depth, name);
  demandListed(anchor.index, ANCHOR_FILES.statement(name), typeof own === 'string' ? own : own.jwt);
  const region = typeof own === 'string' ? await verifyStatement(own) : own;
  if (region.region !== name) invalid('comes with the statement of another region');
  if (region.identity !== statement.key.kid)
    throw new VerificationError(
      'FINGERPRINT_MISMATCH',
      `${anchor.name} vouches for another identity of region ${name}`,
    );
  return { statement: region, anchor, expiresAt: Math.min(anchor.expiresAt, statement.expiresAt) };
}

/** The anchors of a chain, the pinned one first. */
export function anchorsOf(anchor: TrustedAnchor): TrustedAnchor[] {
  return anchor.superior ? [...anchorsOf(anchor.superior), anchor] : [anchor];
}

type OwnPapers = Omit<TrustedAnchor, 'superior' | 'limits'> & Pick<AnchorConfiguration, 'constraints'>;

async function readPapers(papers: AnchorPapers, identity: string, now: number): Promise<OwnPapers> {
  const { key, ...index } = await verifyAnchorIndex(papers.index, identity);
  demandInDate(index, `the index of ${index.name}`, now);
  demandListed(index, ANCHOR_FILES.configuration, papers.configuration);
  demandListed(index, ANCHOR_FILES.revocations, papers.revocations);
  const configuration = await verifyAnchorConfiguration(papers.configuration);
  if (configuration.key.kid !== identity || configuration.name !== index.name)
    invalid('is the configuration of another anchor than the index');
  demandInDate(configuration, `the configuration of ${index.name}`, now);
  const { name, title, constraints } = configuration;
  const expiresAt = Math.min(index.expiresAt, configuration.expiresAt);
  const revoked = verifyRevocations(papers.revocations, name, key);
  return { name, title, key, index, revoked, constraints, expiresAt };
}

/** What the index does not list was withdrawn, or never published. */
export function demandListed(index: AnchorIndex, path: string, text: string): void {
  if (index.files.get(path) !== fileDigest(text))
    throw new VerificationError('CHAIN_INVALID', `${path} is not the file that the index of ${index.name} lists`);
}

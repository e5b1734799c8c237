import {
  type IndexedKey,
  issueStatement,
  openFileKeyStore,
  type RegionStatement,
  readKeyFolder,
  type Signer,
  type StatementContent,
  statedKeys,
  usableAt,
  verifyStatement,
} from '#trust';
import type { GatewayConfig } from '../config/config.ts';
import { replaceStatement } from './statement-file.ts';
import { demandedPurposes, demandSuccessor, type StatedPurpose } from './successor.ts';
import { isNamed, withToldEnds } from './told-ends.ts';

/** Milliseconds that a statement is good for: a year, so that renewing it stays a practised routine. */
export const STATEMENT_LIFETIME_MS = 365 * 24 * 60 * 60 * 1000;

/** Of the config only where things lie and what the statement says. */
export type OwnConfig = Pick<GatewayConfig, 'name' | 'data'> & {
  readonly peer: Pick<GatewayConfig['peer'], 'endpoint'>;
  readonly keys: Pick<GatewayConfig['keys'], 'directory'>;
};

/**
 * What our next statement says: the config as it is now, and every key of the folder. Needs no passphrase.
 *
 * @param at milliseconds; when it is issued
 * @throws CodedError KEY_MISSING
 */
export async function nextContent(config: OwnConfig, current: RegionStatement, at: number): Promise<StatementContent> {
  const { keys } = await readKeyFolder(config.keys.directory);
  return contentOf(config, current, keys, at);
}

/**
 * The current statement again, for another year. Nothing else is changed: a new key, name or address becomes known only
 * when an operator says so.
 *
 * @param at milliseconds; when it is issued
 * @throws CodedError KEY_MISSING
 */
export async function sameContent(config: OwnConfig, current: RegionStatement, at: number): Promise<StatementContent> {
  const { keys } = await readKeyFolder(config.keys.directory);
  const told = keys.filter((key) => isNamed(key, current));
  const { name, endpoint } = current;
  return contentOf({ ...config, name, peer: { endpoint } }, current, told, at);
}

/**
 * Purposes that have no key in date in the folder: until each has one no statement can be issued.
 *
 * @param at milliseconds
 */
export async function purposesWithoutKey(
  config: OwnConfig,
  current: RegionStatement,
  at: number,
): Promise<StatedPurpose[]> {
  const { keys } = await readKeyFolder(config.keys.directory);
  const told = withToldEnds(keys, current, at);
  return demandedPurposes(current, at).filter(
    (purpose) => !told.some((key) => key.purpose === purpose && usableAt(key, at)),
  );
}

/** Who signs the next statement, and of what. */
export interface Issue {
  readonly identity: Signer;
  /** Milliseconds. */
  readonly now: number;
  /** The identity key may be another than that of the current statement. */
  readonly newIdentity?: boolean;
  /** `nextContent` unless told. */
  readonly content?: typeof nextContent;
}

/**
 * Signs our next statement and puts it in the place of the current one.
 *
 * @throws CodedError CONFLICT while another process does the same; the errors of `demandSuccessor`, whereupon nothing
 *   has changed
 */
export function issueNext(config: OwnConfig, issue: Issue): Promise<RegionStatement> {
  const { identity, now, newIdentity = false, content = nextContent } = issue;
  return replaceStatement(config.data, async (current) => {
    const jwt = await issueStatement(identity, await content(config, current, now));
    const { keys } = await readKeyFolder(config.keys.directory);
    const next = await verifyStatement(jwt);
    demandSuccessor(next, { current, keys, now, newIdentity });
    return next;
  });
}

async function contentOf(
  { name, peer, keys: { directory } }: OwnConfig,
  current: RegionStatement,
  keys: readonly IndexedKey[],
  at: number,
): Promise<StatementContent> {
  const store = await openFileKeyStore(directory, '');
  const told = withToldEnds(keys, current, at);
  return {
    region: current.region,
    name,
    serial: current.serial + 1,
    previous: current.digest.toString('base64url'),
    issuedAt: at,
    expiresAt: at + STATEMENT_LIFETIME_MS,
    endpoint: peer.endpoint,
    contacts: current.contacts,
    ...(await statedKeys({ list: async () => told, certificate: (kid) => store.certificate(kid) }, at)),
  };
}

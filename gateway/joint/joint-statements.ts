import { type RegionStatement, readJoint, VerificationError, verifyStatement } from '#trust';
import type { Peers } from '../peer/peers.ts';
import type { Sql } from '../store/store.ts';
import { joints } from './joint-table.ts';

/** Statements of the parties of one agreement, by region. */
export type PartyStatements = ReadonlyMap<string, RegionStatement>;

/**
 * Finds by which statement each party is judged: the newest of the pinned one, those that came with the message and those
 * that are stored. A party that nobody pinned here is believed for this agreement alone, because the document names its
 * identity and every party signs that.
 *
 * @param document of the agreement, signed or not
 * @param carried region statements that came with the message
 * @throws VerificationError JOINT_INVALID when the document cannot be read, FINGERPRINT_MISMATCH when a statement has
 *   another identity than the document names, the codes of `verifyStatement`
 */
export async function partyStatements(
  sql: Sql,
  peers: Peers,
  document: string,
  carried: readonly string[],
): Promise<PartyStatements> {
  const { content } = readJoint(document);
  const found = new Map<string, RegionStatement>();
  for (const { region } of content.parties) {
    const pinned = peers.statementOf(region);
    if (pinned) found.set(region, pinned);
  }
  const stored = (await joints.parties(sql, content.id)).map(({ statement }) => statement);
  for (const jwt of new Set([...stored, ...carried])) {
    const statement = await verifyStatement(jwt);
    const party = content.parties.find(({ region }) => region === statement.region);
    const known = found.get(statement.region);
    if (!party || statement.region === peers.own.region || (known && known.serial >= statement.serial)) continue;
    if (statement.identity !== party.identity) {
      throw new VerificationError(
        'FINGERPRINT_MISMATCH',
        `the statement of region ${party.region} has another identity`,
      );
    }
    found.set(statement.region, statement);
  }
  return found;
}

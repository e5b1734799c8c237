import { nextJointState, readJoint, strongerEnding, type VerifiedEnding } from '#trust';
import type { Outbox } from '../outbound/outbox.ts';
import type { Peers } from '../peer/peers.ts';
import type { Transaction } from '../store/store.ts';
import { endingOf, type JointRecord, joints, roleIn } from './joint-table.ts';

/** What the books of joint agreements stand on. */
export interface JointGround {
  readonly outbox: Outbox;
  readonly peers: Peers;
}

/**
 * Takes an ending into our books, unless a stronger one is there. Whoever ends an agreement tells the lead and all whom it
 * has pinned; the lead tells all, so that every party hears of it by one way at least.
 *
 * @param ending verified
 * @param statement newest statement of the region that ends it
 * @param at milliseconds
 * @returns whether our books changed
 */
export async function takeEnding(
  tx: Transaction,
  { outbox, peers }: JointGround,
  record: JointRecord,
  ending: VerifiedEnding,
  statement: string,
  at: number,
): Promise<boolean> {
  const own = peers.own.region;
  const current = endingOf(record);
  if (current && strongerEnding(current, ending).text === current.text) return false;
  const role = roleIn(record, own);
  const state = nextJointState(record.state, 'end', role);
  await joints.change(tx, record, { state, ending: ending.text }, at);
  if (role === 'party' && ending.by !== own) return true;
  const { content } = readJoint(record.document);
  const others = content.parties.filter(({ region }) => region !== own && region !== ending.by && peers.get(region));
  for (const { region: peer } of others) {
    const payload = { ending: ending.text, statement };
    await outbox.enqueue(tx, { peer, conversation: record.conversation, name: 'JointEnding', payload });
  }
  return true;
}

import { nextJointState } from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { Transaction } from '../store/store.ts';
import { type JointRecord, joints, roleIn } from './joint-table.ts';

/** What acting on a verdict needs to know. */
export interface JointSettlement {
  /** Our region. */
  readonly region: string;
  /** Milliseconds. */
  readonly now: number;
  /** Called after the commit when an agreement that we lead cannot come into force any more. */
  readonly onHopeless: () => void;
}

/**
 * A peer's verdict on what we sent about a joint agreement. It may come after the agreement ended, and then changes
 * nothing but who acknowledged the document.
 */
export async function settleJoint(tx: Transaction, settled: Settled, settlement: JointSettlement): Promise<void> {
  const { name, conversation, code } = settled;
  if (name !== 'JointProposal' && name !== 'JointSignature' && name !== 'JointConclusion') return;
  const record = await joints.ofConversation(tx, conversation);
  if (!record) return;
  if (code !== '') await noteFailure(tx, record, settled, settlement);
  else if (name === 'JointConclusion') await noteAcknowledgement(tx, record, settled.peer, settlement.now);
}

/** Without that signature or that receipt nothing comes of it: the lead ends it, the party may sign once more. */
async function noteFailure(
  tx: Transaction,
  record: JointRecord,
  { name, peer, code }: Settled,
  { region, now, onHopeless }: JointSettlement,
): Promise<void> {
  if (roleIn(record, region) === 'lead') {
    if (record.state !== 'proposed' && record.state !== 'complete') return;
    await joints.change(tx, record, { code, failed_by: peer }, now);
    tx.afterCommit(onHopeless);
  } else if (name === 'JointSignature' && record.state === 'signed') {
    await joints.unsign(tx, record.id, region);
    const state = nextJointState(record.state, 'signature-failed', 'party');
    await joints.change(tx, record, { state, code, failed_by: peer }, now);
  }
}

async function noteAcknowledgement(tx: Transaction, record: JointRecord, peer: string, now: number): Promise<void> {
  const missing = await joints.acknowledge(tx, record.id, peer, now);
  if (missing > 0 || record.state !== 'complete') return;
  const state = nextJointState(record.state, 'all-acknowledged', 'lead');
  await joints.change(tx, record, { state, activated_at: now }, now);
}

import type { CodedError, ErrorCode, messages, PayloadName } from '#proto';
import {
  AuthorizationError,
  type JointSignature,
  joinJoint,
  nextJointState,
  readEnding,
  readJoint,
  VerificationError,
  type VerifiedJoint,
  verifyEnding,
  verifyJoint,
  verifyJointSignature,
} from '#trust';
import type { Incoming, IncomingHandler } from '../peer/incoming.ts';
import type { Sql, Transaction } from '../store/store.ts';
import { type JointGround, takeEnding } from './joint-endings.ts';
import { type PartyStatements, partyStatements } from './joint-statements.ts';
import { type JointRecord, joints, proposedJoint } from './joint-table.ts';

/** Proposals of one lead that may wait for our operator. */
const UNDECIDED_PER_LEAD = 100;

/**
 * What the other parties do with joint-handling agreements, by type of message.
 *
 * Codes of rejections: JOINT_INVALID (a document, a signature or an ending, whatever is wrong with it), JOINT_UNKNOWN,
 * JOINT_INACTIVE. Deferral: TRY_LATER when too many proposals of the lead are undecided.
 */
export function incomingJoint(ground: JointGround): Partial<Record<PayloadName, IncomingHandler>> {
  return {
    JointProposal: (tx, incoming) => takeProposal(tx, incoming, ground),
    JointSignature: (tx, incoming) => takeSignature(tx, incoming, ground),
    JointConclusion: (tx, incoming) => takeConclusion(tx, incoming, ground),
    JointEnding: (tx, incoming) => takeTold(tx, incoming, ground),
  };
}

async function takeProposal(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  { peers }: JointGround,
): Promise<void> {
  const { document, statements } = payload as messages.JointProposal;
  const known = await believed(() => partyStatements(tx, peers, document, statements));
  const joint = await believed(() =>
    verifyJoint(document, (region) => known.get(region), { signatures: 'proposed', at: receivedAt }),
  );
  const { content, digest } = joint;
  demandOurs(joint, peer.region, peers.own.region);
  const { conversation } = envelope.header;
  const before = await joints.find(tx, content.id);
  if (before) {
    if (before.lead === peer.region && before.digest.equals(digest)) return;
    throw invalid('the id of the agreement is taken by another one');
  }
  if (await joints.ofConversation(tx, conversation)) throw invalid('the conversation is about another agreement');
  const record = proposedJoint(document, conversation, receivedAt);
  if (record.sign_by <= receivedAt) throw new AuthorizationError('JOINT_INACTIVE', 'its time for signing is over');
  if ((await joints.undecided(tx, peer.region)) >= UNDECIDED_PER_LEAD) {
    throw new AuthorizationError('TRY_LATER', 'too many proposals wait for an answer');
  }
  await joints.insert(tx, record);
  await keepParties(tx, content.id, known);
  await joints.sign(tx, content.id, peer.region, signatureText(joint.signatures[0]!), receivedAt);
}

/** A party signs; the last signature makes the document complete, and it goes out to all. */
async function takeSignature(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  { outbox, peers }: JointGround,
): Promise<void> {
  const { agreementId, agreementDigest, protected: header, signature } = payload as messages.JointSignature;
  const record = await demandKnown(tx, agreementId, agreementDigest, envelope.header.conversation);
  const parties = await joints.parties(tx, record.id);
  const party = parties.find(({ region }) => region === peer.region);
  if (!party || record.lead !== peers.own.region) throw new AuthorizationError('JOINT_UNKNOWN');
  if (party.signature !== '') return;
  if (record.state !== 'proposed') throw new AuthorizationError('JOINT_INACTIVE', `the agreement is ${record.state}`);
  if (receivedAt >= record.sign_by) throw new AuthorizationError('JOINT_INACTIVE', 'the time for signing is over');
  const proposal = readJoint(record.document);
  const added = { protected: header, signature };
  await believed(() => verifyJointSignature(proposal, added, peer, receivedAt));
  await joints.sign(tx, record.id, peer.region, signatureText(added), receivedAt);
  const signed = new Map(parties.map((one) => [one.region, one.signature]));
  signed.set(peer.region, signatureText(added));
  if ([...signed.values()].includes('')) return;
  const signatures = proposal.content.parties.map(({ region }) => JSON.parse(signed.get(region)!) as JointSignature);
  const document = joinJoint(proposal.payload, signatures);
  const known = await believed(() => partyStatements(tx, peers, document, []));
  await believed(() =>
    verifyJoint(document, (region) => known.get(region), { signatures: 'complete', at: receivedAt }),
  );
  const state = nextJointState(record.state, 'all-signed', 'lead');
  await joints.change(tx, record, { state, document, code: '' }, receivedAt);
  await joints.acknowledge(tx, record.id, record.lead, receivedAt);
  const statements = proposal.content.parties.map(({ region }) => known.get(region)!.jwt);
  for (const { region } of parties) {
    if (region === record.lead) continue;
    const { conversation } = record;
    await outbox.enqueue(tx, {
      peer: region,
      conversation,
      name: 'JointConclusion',
      payload: { document, statements },
    });
  }
}

async function takeConclusion(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  { peers }: JointGround,
): Promise<void> {
  const { document, statements } = payload as messages.JointConclusion;
  const known = await believed(() => partyStatements(tx, peers, document, statements));
  const joint = await believed(() =>
    verifyJoint(document, (region) => known.get(region), { signatures: 'complete', at: receivedAt }),
  );
  demandOurs(joint, peer.region, peers.own.region);
  const record = await demandKnown(tx, joint.content.id, joint.digest, envelope.header.conversation);
  if (record.state === 'proposed') throw new AuthorizationError('JOINT_INACTIVE', 'we have not signed it');
  if (record.state === 'active') {
    if (record.document !== document) throw invalid('another complete document of this agreement is in force');
    return;
  }
  // What ended before it was complete stays ended; the document is kept as evidence of who had signed.
  const begins = record.state === 'signed';
  const change = begins
    ? { state: nextJointState('signed', 'concluded', 'party'), code: '', activated_at: receivedAt }
    : {};
  await joints.change(tx, record, { ...change, document }, receivedAt);
  await keepParties(tx, record.id, known);
  for (const [index, region] of joint.signedBy.entries()) {
    await joints.sign(tx, record.id, region, signatureText(joint.signatures[index]!), receivedAt);
  }
}

/** A party ends the agreement, and says so itself or through the lead. */
async function takeTold(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  ground: JointGround,
): Promise<void> {
  const { ending: text, statement } = payload as messages.JointEnding;
  const { agreement, digest, by, kind } = await believed(() => readEnding(text));
  const record = await demandKnown(tx, agreement, Buffer.from(digest, 'base64url'), envelope.header.conversation);
  const { content } = readJoint(record.document);
  const isParty = (region: string) => content.parties.some((party) => party.region === region);
  if (!isParty(peer.region)) throw new AuthorizationError('JOINT_UNKNOWN');
  if (!isParty(by)) throw invalid('it is ended by a region that is no party');
  if (peer.region !== by && peer.region !== record.lead)
    throw invalid('only the lead passes on what another party ends');
  if ((kind === 'lapsed' || kind === 'failed') && by !== record.lead) throw invalid('only the lead gives up waiting');
  const known = await believed(() => partyStatements(tx, ground.peers, record.document, [statement]));
  const enders = known.get(by) ?? fail('KEY_UNKNOWN', `there is no statement of region ${by}`);
  const ending = await believed(() => verifyEnding(text, enders, receivedAt));
  await takeEnding(tx, ground, record, ending, enders.jwt, receivedAt);
}

async function demandKnown(sql: Sql, id: string, digest: Buffer, conversation: string): Promise<JointRecord> {
  const record = await joints.find(sql, id);
  if (!record?.digest.equals(digest)) throw new AuthorizationError('JOINT_UNKNOWN');
  if (record.conversation !== conversation) throw invalid('it came in another conversation');
  return record;
}

function demandOurs({ content }: VerifiedJoint, sender: string, own: string): void {
  if (content.lead !== sender) throw invalid('it does not come from the region that leads');
  if (!content.parties.some(({ region }) => region === own)) throw invalid('we are no party of it');
}

async function keepParties(tx: Transaction, id: string, statements: PartyStatements): Promise<void> {
  for (const [region, { jwt }] of statements) await joints.keepParty(tx, id, region, jwt);
}

function signatureText({ protected: header, signature }: JointSignature): string {
  return JSON.stringify({ protected: header, signature });
}

/** Runs what verifies. Whatever is wrong, the answer has one code. */
async function believed<T>(verify: () => T | Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const { code, message, problems } = error;
    throw new VerificationError('JOINT_INVALID', `${code}: ${message}`, problems, { cause: error });
  }
}

function invalid(detail: string): CodedError {
  return new VerificationError('JOINT_INVALID', detail);
}

function fail(code: ErrorCode, detail: string): never {
  throw invalid(`${code}: ${detail}`);
}

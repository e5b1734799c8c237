import { CodedError, type PayloadName, type Problem, text } from '#proto';
import {
  AuthorizationError,
  type Clock,
  type EndingKind,
  joinJoint,
  nextJointState,
  readJoint,
  type Signer,
  signEnding,
  signJoint,
  verifyEnding,
  verifyJoint,
  verifyJointSignature,
} from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { Peers } from '../peer/peers.ts';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { incomingJoint } from './incoming-joint.ts';
import { checkJointDraft } from './joint-draft.ts';
import { takeEnding } from './joint-endings.ts';
import { endingOf, type JointRecord, jointStateAt, joints, proposedJoint, roleIn } from './joint-table.ts';
import { type JointView, jointView } from './joint-view.ts';
import { settleJoint } from './settled-joint.ts';

export interface JointOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly peers: Peers;
  /** Our *signing* key. */
  readonly signer: Signer;
  /** Source of UUIDs, for agreements and their conversations. */
  readonly newId: () => string;
  /** Told when an agreement that waits in vain cannot be ended; it is tried again. */
  readonly onError: (error: unknown) => void;
}

const reasonRule = text(500);

/** The life of joint-handling agreements (多地联办协议) among three or more regions, in the books of one of them. */
export class JointAgreements {
  /** Handlers of the messages that the other parties send. */
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>>;
  readonly #options: JointOptions;
  #tending: Promise<void> = Promise.resolve();

  constructor(options: JointOptions) {
    this.#options = options;
    this.incoming = incomingJoint(options);
  }

  /**
   * Drafts an agreement that our region leads, signs it and proposes it to every other party, in one conversation.
   *
   * @param draft a JointContent without `id`, `version`, `lead` and `created_at`, its parties as region codes
   * @throws CodedError VALIDATION_FAILED with every wrong member, STATEMENT_EXPIRED, BACK_PRESSURE, MESSAGE_TOO_LARGE,
   *   the codes of `verifyJoint` when our own signing key cannot serve
   */
  async propose(draft: unknown): Promise<JointView> {
    const { clock, newId, outbox, peers, signer, store } = this.#options;
    const [now, lead] = [clock.now(), peers.own.region];
    const filledIn = { id: newId(), lead, created_at: new Date(now).toISOString() };
    const statementOf = (region: string) => peers.statementOf(region);
    const payload = checkJointDraft(draft, filledIn, statementOf);
    const signature = await signJoint(payload, signer);
    const document = joinJoint(payload, [signature]);
    const { content } = verifyJoint(document, statementOf, { signatures: 'proposed', at: now });
    const others = content.parties.filter(({ region }) => region !== lead).map(({ region }) => peers.demand(region));
    const record = proposedJoint(document, newId(), now);
    const statements = [peers.own, ...others].map(({ jwt }) => jwt);
    await store.write(async (tx) => {
      await joints.insert(tx, record);
      for (const { region, jwt } of [peers.own, ...others]) await joints.keepParty(tx, record.id, region, jwt);
      await joints.sign(tx, record.id, lead, JSON.stringify(signature), now);
      for (const { region: peer } of others) {
        const { conversation } = record;
        await outbox.enqueue(tx, { peer, conversation, name: 'JointProposal', payload: { document, statements } });
      }
    });
    return this.get(record.id);
  }

  /**
   * Signs what the lead proposed and sends the signature back. In force here once the complete document comes.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is ours or was signed before, JOINT_INACTIVE when it ended or it is too
   *   late, STATEMENT_EXPIRED, BACK_PRESSURE, the codes of `verifyJoint` when our own signing key cannot serve
   */
  async sign(id: string): Promise<JointView> {
    const { clock, outbox, peers, signer, store } = this.#options;
    const now = clock.now();
    const record = this.#signable(await this.#demand(store.read, id), now);
    peers.demand(record.lead);
    const proposal = readJoint(record.document);
    const signature = await signJoint(proposal.payload, signer);
    verifyJointSignature(proposal, signature, peers.own, now);
    await store.write(async (tx) => {
      const current = this.#signable(await this.#demand(tx, id), now);
      const state = nextJointState(current.state, 'sign', 'party');
      await joints.change(tx, current, { state, code: '', failed_by: '' }, now);
      await joints.sign(tx, id, peers.own.region, JSON.stringify(signature), now);
      await outbox.enqueue(tx, {
        peer: current.lead,
        conversation: current.conversation,
        name: 'JointSignature',
        payload: { agreementId: id, agreementDigest: current.digest, ...signature },
      });
    });
    return this.get(id);
  }

  /**
   * Refuses (拒签) what the lead proposed. It ends for all.
   *
   * @param reason at most 500 characters, for the operators of the other parties
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT when we lead or have signed, JOINT_INACTIVE, BACK_PRESSURE
   */
  async refuse(id: string, reason: string): Promise<JointView> {
    return this.#end(id, reason, false, (record, now) => {
      this.#signable(record, now, true);
      return 'refused';
    });
  }

  /**
   * Withdraws our signature from an agreement that is not in force yet, or revokes one that is. It ends for all; one that
   * ended without cause may be ended once more for cause.
   *
   * @param reason at most 500 characters, for the operators of the other parties
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT when we have not signed, JOINT_INACTIVE, BACK_PRESSURE
   */
  async revoke(id: string, reason: string, forCause: boolean): Promise<JointView> {
    return this.#end(id, reason, forCause, (record, now) => {
      const state = jointStateAt(record, now);
      const before = endingOf(record);
      if (before && forCause && !before.for_cause) return record.activated_at === null ? 'withdrawn' : 'revoked';
      if (state === 'ended' || state === 'expired') throw new AuthorizationError('JOINT_INACTIVE', `it is ${state}`);
      if (state === 'proposed' && this.#roleIn(record) === 'party') {
        throw new CodedError('CONFLICT', 'we have not signed this agreement; refuse it instead');
      }
      return state === 'active' ? 'revoked' : 'withdrawn';
    });
  }

  /** Agreements in the order of their ids, from the one after `after`. */
  async list({ after = '', limit = 100 }: { after?: string; limit?: number } = {}): Promise<JointView[]> {
    const { store } = this.#options;
    const page = await joints.page(store.read, after, limit);
    return Promise.all(page.map((record) => this.#view(record)));
  }

  /** @throws CodedError NOT_FOUND */
  async get(id: string): Promise<JointView> {
    return this.#view(await this.#demand(this.#options.store.read, id));
  }

  /** Acts on the fate of what we sent; anything else is not about joint agreements. */
  settled(tx: Transaction, settled: Settled): Promise<void> {
    const { clock, peers } = this.#options;
    const onHopeless = () => void this.tend();
    return settleJoint(tx, settled, { region: peers.own.region, now: clock.now(), onHopeless });
  }

  /**
   * Ends for all what we lead and what waits in vain: a party was silent until `sign_by`, or what we sent to it failed.
   * To be called at the start and every few minutes. Never throws; what fails is tried at the next call.
   */
  tend(): Promise<void> {
    this.#tending = this.#tending.then(() => this.#endHopeless()).catch((error) => this.#options.onError(error));
    return this.#tending;
  }

  /** Waits for the endings under way. */
  stop(): Promise<void> {
    return this.#tending;
  }

  async #endHopeless(): Promise<void> {
    const { clock, peers, store } = this.#options;
    const now = clock.now();
    for (const { id, code, failed_by } of await joints.hopeless(store.read, peers.own.region, now)) {
      const reason = code === '' ? '有地区逾期未签 / not every region signed in time' : `${failed_by}: ${code}`;
      await this.#end(id, reason, false, ({ state }) => {
        if (state !== 'proposed' && state !== 'complete') throw new AuthorizationError('JOINT_INACTIVE');
        return code === '' ? 'lapsed' : 'failed';
      }).catch((error) => this.#options.onError(error));
    }
  }

  /** @param kindOf what ending it now is called; throws when it cannot be ended so */
  async #end(
    id: string,
    reason: string,
    forCause: boolean,
    kindOf: (record: JointRecord, now: number) => EndingKind,
  ): Promise<JointView> {
    const { clock, peers, signer, store } = this.#options;
    demandReason(reason);
    const now = clock.now();
    const record = await this.#demand(store.read, id);
    const kind = kindOf(record, now);
    const { region, jwt } = peers.own;
    const digest = record.digest.toString('base64url');
    const said = { agreement: id, digest, by: region, kind, for_cause: forCause, reason, ended_at: now };
    const ending = verifyEnding(await signEnding(signer, said), peers.own, now);
    await store.write(async (tx) => {
      const current = await this.#demand(tx, id);
      // Something may have happened while the key was at work: what was signed must still be what is so.
      if (kindOf(current, now) !== kind) throw new CodedError('CONFLICT', `the agreement is ${current.state} by now`);
      await takeEnding(tx, this.#options, current, ending, jwt, now);
    });
    return this.get(id);
  }

  async #demand(sql: Sql, id: string): Promise<JointRecord> {
    const record = await joints.find(sql, id);
    if (!record) throw new CodedError('NOT_FOUND', `there is no joint agreement ${id}`);
    return record;
  }

  async #view(record: JointRecord): Promise<JointView> {
    const { clock, peers, store } = this.#options;
    const { content } = readJoint(record.document);
    const isPinned = (region: string) => peers.statementOf(region) !== undefined;
    return jointView(record, content, await joints.parties(store.read, record.id), isPinned, clock.now());
  }

  /** @param late whether it may be too late to sign */
  #signable(record: JointRecord, now: number, late = false): JointRecord {
    const state = jointStateAt(record, now);
    if (this.#roleIn(record) === 'lead') {
      throw new CodedError('CONFLICT', 'we proposed this agreement ourselves; the other regions sign it');
    }
    nextJointState(state, 'sign', 'party');
    if (!late && now >= record.sign_by) {
      throw new AuthorizationError('JOINT_INACTIVE', 'the time for signing this agreement is over');
    }
    return record;
  }

  #roleIn(record: JointRecord) {
    return roleIn(record, this.#options.peers.own.region);
  }
}

/** @throws CodedError VALIDATION_FAILED */
function demandReason(reason: string): void {
  const problems: Problem[] = [];
  reasonRule(reason, '/reason', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the reason is not valid', problems);
}

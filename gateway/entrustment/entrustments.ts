import { CodedError, decode, type PayloadName, type Problem, regionFullName, text, UUID } from '#proto';
import {
  type Clock,
  type EntrustmentContent,
  type EntrustmentLink,
  issueEntrustment,
  readEntrustment,
  type Signer,
  signRevocation,
  VerificationError,
  verifyRevocation,
} from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { Peers } from '../peer/peers.ts';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { contentOf, parentIn } from './entrustment-draft.ts';
import {
  type EntrustmentFilter,
  type EntrustmentRecord,
  entrustmentRecord,
  entrustments,
} from './entrustment-table.ts';
import { type EntrustmentView, entrustmentView } from './entrustment-view.ts';
import { incomingEntrustments } from './incoming-entrustments.ts';
import { type Standing, standingOf, verifyUpcoming } from './standing.ts';

export interface EntrustmentOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly peers: Peers;
  /** Our *signing* key: it stands for every department and window that has no key of its own. */
  readonly signer: Signer;
  /** Source of UUIDs, for links and conversations. */
  readonly newId: () => string;
}

const reasonRule = text(500);

/** Letters of entrustment (授权委托书): ours, from the region down to its representatives, and those that peers show us. */
export class Entrustments {
  /** Handlers of what other regions show and revoke. */
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>> = incomingEntrustments;
  readonly #options: EntrustmentOptions;

  constructor(options: EntrustmentOptions) {
    this.#options = options;
  }

  /**
   * Signs a link of ours and keeps it.
   *
   * @param draft `holder`, `rights`, `items`, `depth`, `valid_from`, `valid_until`, `terms`, and the id of the link above
   *   as `parent`, which the region's own link has not
   * @throws CodedError VALIDATION_FAILED with every wrong member, or when the holder of the link above signs by itself;
   *   NOT_FOUND when there is no such link above, CONFLICT when it is not ours, the codes of `verifyEntrustments`
   */
  async issue(draft: unknown): Promise<EntrustmentView> {
    const { clock, newId, peers, signer, store } = this.#options;
    const parentId = parentIn(draft);
    const above = parentId === undefined ? undefined : await this.#own(store.read, parentId);
    const place = placeBelow(above, peers.own.region);
    const created_at = new Date(clock.now()).toISOString();
    return this.#keep(await issueEntrustment(contentOf(draft, { id: newId(), created_at, ...place }), signer));
  }

  /**
   * Keeps a link that its issuer signed with a key of its own.
   *
   * @param document compact JWS
   * @throws CodedError NOT_FOUND when the link above is not there, CONFLICT when a link of its id is there or it is not
   *   ours, the codes of `verifyEntrustments`
   */
  async take(document: string): Promise<EntrustmentView> {
    return this.#keep(readEntrustment(document));
  }

  /**
   * Revokes a link of ours, and with it all that was passed on from it. Every peer to which it was shown is told.
   *
   * @param reason at most 500 characters
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT when it is not ours, ENTRUSTMENT_REVOKED when it was revoked
   *   before, BACK_PRESSURE
   */
  async revoke(id: string, reason: string): Promise<EntrustmentView> {
    const { clock, outbox, peers, signer, store } = this.#options;
    demandReason(reason);
    const now = clock.now();
    const { digest, region } = await this.#own(store.read, id);
    const entrustment = Buffer.from(digest, 'hex').toString('base64url');
    const revocation = await signRevocation(signer, { entrustment, region, reason, revoked_at: now });
    verifyRevocation(revocation, peers.own, now);
    await store.write(async (tx) => {
      if ((await this.#own(tx, id)).revocation !== '') throw new VerificationError('ENTRUSTMENT_REVOKED');
      await entrustments.revoke(tx, id, revocation, now, now);
      for (const { peer, conversation } of await entrustments.shown(tx, id)) {
        await outbox.enqueue(tx, { peer, conversation, name: 'EntrustmentRevoked', payload: { revocation } });
      }
    });
    return this.get(id);
  }

  /**
   * Shows a link of ours to a peer, with all links above it, in the one conversation that entrustments have with it.
   *
   * @param authorization id of the mutual authorization that it belongs to
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT when it is not ours, PEER_NOT_PINNED, STATEMENT_EXPIRED,
   *   BACK_PRESSURE, the codes of `verifyEntrustments` when it is not in force any more
   */
  async send(id: string, peer: string, authorization = ''): Promise<EntrustmentView> {
    const { clock, newId, outbox, peers, store } = this.#options;
    demandUuid(authorization);
    peers.demand(peer);
    const now = clock.now();
    await store.write(async (tx) => {
      const chain = await entrustments.chain(tx, await this.#own(tx, id));
      const documents = chain.map(({ document }) => document);
      verifyUpcoming(documents, chain, (region) => peers.statementOf(region), now);
      const conversation = (await entrustments.conversation(tx, peers.own.region, peer)) ?? newId();
      for (const link of chain) {
        const authorization_id = link.id === id ? authorization : '';
        const shown = { peer, conversation, authorization_id, shown_at: now, code: null };
        await entrustments.show(tx, { entrustment: link.id, ...shown });
      }
      const payload = { chain: documents, authorizationId: authorization };
      await outbox.enqueue(tx, { peer, conversation, name: 'EntrustmentPublished', payload });
    });
    return this.get(id);
  }

  /** Links in the order of their ids, from the one after `after`. */
  async list(page: EntrustmentFilter & { after?: string; limit?: number } = {}): Promise<EntrustmentView[]> {
    const { after = '', limit = 100 } = page;
    const found = await entrustments.page(this.#options.store.read, after, limit, page);
    return Promise.all(found.map((record) => this.#view(record)));
  }

  /** @throws CodedError NOT_FOUND */
  async get(id: string): Promise<EntrustmentView> {
    return this.#view(await this.#demand(this.#options.store.read, id));
  }

  /**
   * Judges a chain that somebody holds out, by the statements that we pinned and the revocations that we know of.
   *
   * @param chain compact JWS, the region's own link first
   */
  async judge(chain: readonly string[]): Promise<Standing> {
    const { clock, peers, store } = this.#options;
    const records: EntrustmentRecord[] = [];
    try {
      for (const [index, document] of chain.entries()) {
        const link = readEntrustment(document, `/${index}`);
        const known = await entrustments.ofDigest(store.read, link.digest.toString('hex'));
        records.push(known ?? entrustmentRecord(link, clock.now()));
      }
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      return { code: error.code, message: error.message, problems: error.problems };
    }
    return standingOf(records, (region) => peers.statementOf(region), clock.now());
  }

  /** Notes the verdict of a peer on what it was shown; anything else is not about entrustments. */
  async settled(tx: Transaction, { name, peer, payload, code }: Settled): Promise<void> {
    if (name !== 'EntrustmentPublished') return;
    await entrustments.settle(tx, peer, decode('EntrustmentPublished', payload).chain, code);
  }

  async #keep(link: EntrustmentLink): Promise<EntrustmentView> {
    const { clock, peers, store } = this.#options;
    const record = entrustmentRecord(link, clock.now());
    if (record.region !== peers.own.region) throw new CodedError('CONFLICT', `it belongs to region ${record.region}`);
    await store.write(async (tx) => {
      if (await entrustments.find(tx, record.id))
        throw new CodedError('CONFLICT', 'an entrustment has this id already');
      const chain = await entrustments.chain(tx, record);
      const documents = chain.map(({ document }) => document);
      underThisLink(documents.length - 1, () =>
        verifyUpcoming(documents, chain, (region) => peers.statementOf(region), clock.now()),
      );
      await entrustments.insert(tx, record);
    });
    return this.get(record.id);
  }

  async #demand(sql: Sql, id: string): Promise<EntrustmentRecord> {
    const record = await entrustments.find(sql, id);
    if (!record) throw new CodedError('NOT_FOUND', `there is no entrustment ${id}`);
    return record;
  }

  async #own(sql: Sql, id: string): Promise<EntrustmentRecord> {
    const record = await this.#demand(sql, id);
    if (record.region === this.#options.peers.own.region) return record;
    throw new CodedError('CONFLICT', `the entrustment belongs to region ${record.region}`);
  }

  async #view(record: EntrustmentRecord): Promise<EntrustmentView> {
    const { clock, peers, store } = this.#options;
    const chain = await entrustments.chain(store.read, record);
    const standing = standingOf(chain, (region) => peers.statementOf(region), clock.now());
    return entrustmentView(chain, standing, await entrustments.shown(store.read, record.id));
  }
}

/** Where a new link stands: below another, whose holder entrusts, or at the head of a chain. */
function placeBelow(
  above: EntrustmentRecord | undefined,
  region: string,
): Pick<EntrustmentContent, 'region' | 'issuer' | 'parent'> {
  if (!above) return { region, issuer: { kind: 'region', name: regionFullName(region) ?? region, code: region } };
  const { holder } = readEntrustment(above.document).content;
  if (holder.key) {
    const message = 'the holder of that link signs with a key of its own: give the document that it signed';
    throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '/parent', code: 'OWN_KEY', message }]);
  }
  const { kind, name, code } = holder;
  return { region, issuer: { kind, name, code }, parent: Buffer.from(above.digest, 'hex').toString('base64url') };
}

/** What is wrong with the link that an operator writes is pointed to from its own root. */
function underThisLink<T>(index: number, verify: () => T): T {
  try {
    return verify();
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const own = `/${index}`;
    const problems = error.problems.map((problem): Problem => {
      const isOwn = problem.pointer === own || problem.pointer.startsWith(`${own}/`);
      return isOwn ? { ...problem, pointer: problem.pointer.slice(own.length) } : problem;
    });
    throw new VerificationError(error.code, error.message, problems, { cause: error });
  }
}

/** @throws CodedError VALIDATION_FAILED */
function demandReason(reason: string): void {
  const problems: Problem[] = [];
  reasonRule(reason, '/reason', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the reason is not valid', problems);
}

/** @throws CodedError VALIDATION_FAILED */
function demandUuid(authorization: string): void {
  if (authorization === '' || UUID.test(authorization)) return;
  const problem = { pointer: '/authorization', code: 'FORMAT', message: 'must be a lower-case UUID' };
  throw new CodedError('VALIDATION_FAILED', undefined, [problem]);
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import type { messages, PayloadName } from '#proto';
import type { AgreementContent, AuthorizedUse } from '#trust';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { AuthorizationService } from '../authorization/authorization-service.ts';
import {
  bringBack,
  type HandedOver,
  handOver,
  pinEachOther,
  type TestClock,
  type TestGateway,
  testClock,
  testGateway,
} from './region-pair.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** One region's gateway with its agreements. */
export interface AgreementSide extends TestGateway {
  readonly service: AuthorizationService;
  /** Folder of the documents that came into force. */
  readonly exports: string;
  /** What platforms and operators were told, in order: `changed active`, `ending 30`. */
  readonly news: string[];
}

export type Draft = Omit<AgreementContent, 'id' | 'version' | 'created_at'>;

/** Items by publisher, recipient, scope and department, joined by spaces. */
export type Published = Map<string, readonly string[]>;

/** A department of Uxin Banner, made up. */
export const DEPARTMENT = { name: '乌审旗市场监督管理局', code: '11370800MB28559184' };

/** Uxin Banner lets Nantong take in two items; for one of them Nantong also decides acceptance. */
export function pairDraft(changes: Partial<Draft> = {}): Draft {
  const direction = { grantor: '150626', grantee: '320600', department: DEPARTMENT };
  return {
    parties: ['320600', '150626'],
    grants: [
      { ...direction, rights: ['R1a', 'R2', 'R3', 'R4', 'R5'], items: ['EX014'], modes: ['agency'] },
      { ...direction, rights: ['R1a', 'R1b'], items: ['EX020'], modes: ['agency'] },
    ],
    fields: ['applicant.*', 'form.*', 'certificate.*'],
    valid_from: '2026-11-01T00:00:00+08:00',
    valid_until: '2027-02-01T00:00:00+08:00',
    terms: '双方相互委托收件。',
    ...changes,
  };
}

/** Two regions with their services, joined by hand: nothing travels unless the test says so. */
export class AgreementPair {
  readonly clock: TestClock;
  readonly folder: string;
  readonly published: Published = new Map();
  nantong!: AgreementSide;
  uxin!: AgreementSide;
  readonly #regions: Readonly<Record<string, ThrowawayRegion>>;
  readonly #open = new Set<AgreementSide>();

  private constructor(folder: string, clock: TestClock, regions: Readonly<Record<string, ThrowawayRegion>>) {
    this.folder = folder;
    this.clock = clock;
    this.#regions = regions;
  }

  /** Must be closed by the caller. @param regions 320600 and 150626 at least */
  static async open(regions: Readonly<Record<string, ThrowawayRegion>>, now: number): Promise<AgreementPair> {
    const pair = new AgreementPair(await mkdtemp(join(tmpdir(), 'authorization-')), testClock(now), regions);
    pair.nantong = await pair.start('320600');
    pair.uxin = await pair.start('150626');
    await pinEachOther(pair.nantong, pair.uxin);
    return pair;
  }

  async close(): Promise<void> {
    for (const side of this.#open) await side.close();
    await rm(this.folder, { recursive: true });
  }

  async start(code: string): Promise<AgreementSide> {
    const gateway = await testGateway(this.#regions[code]!, this.folder, this.clock);
    const exports = join(this.folder, code, 'authorizations');
    const news: string[] = [];
    const service = new AuthorizationService({
      ...gateway,
      signer: gateway.own.signing,
      catalogueItems: async (...asked) => this.published.get(asked.join(' ')),
      exportFolder: exports,
      onError: (error) => {
        throw error;
      },
      news: {
        changed: async (_tx, { state }) => void news.push(`changed ${state}`),
        ending: async (_tx, _record, days) => void news.push(`ending ${days}`),
      },
    });
    await service.start();
    const close = async () => {
      await service.stop();
      await gateway.close();
    };
    const side = { ...gateway, service, exports, news, close };
    this.#open.add(side);
    return side;
  }

  /** Stops a side and starts it again from its folder. */
  async restart(side: AgreementSide): Promise<AgreementSide> {
    await side.close();
    this.#open.delete(side);
    const again = await this.start(side.region);
    if (side === this.nantong) this.nantong = again;
    else this.uxin = again;
    return again;
  }

  /** Envelopes go from one side to the other; the receipts are held back. */
  deliver(from: AgreementSide, to: AgreementSide): Promise<HandedOver[]> {
    return handOver(from, to, to.service.incoming);
  }

  /** Brings receipts back. */
  receipt(from: AgreementSide, to: AgreementSide, verdicts: readonly HandedOver[]): Promise<void> {
    return bringBack(from, to, verdicts, (tx, settled) => from.service.settled(tx, settled));
  }

  /** Everything that waits goes over, with its receipts; the codes of the verdicts. */
  async exchange(from: AgreementSide, to: AgreementSide): Promise<string[]> {
    const verdicts = await this.deliver(from, to);
    await this.receipt(from, to, verdicts);
    return verdicts.map(({ code }) => code);
  }

  /** Proposes, accepts, and exchanges until both know. @returns the id */
  async agree(content: Draft = pairDraft()): Promise<string> {
    const { id } = await this.nantong.service.propose(content);
    await this.accept(id, this.uxin);
    return id;
  }

  /** Brings a proposal over and lets the other side accept it. */
  async accept(id: string, acceptor: AgreementSide): Promise<void> {
    const proposer = acceptor === this.uxin ? this.nantong : this.uxin;
    await this.exchange(proposer, acceptor);
    await acceptor.service.accept(id);
    await this.exchange(acceptor, proposer);
  }

  /** Sends what a service would not. */
  send(from: AgreementSide, to: AgreementSide, name: PayloadName, payload: object, conversation = from.newId()) {
    return from.store.write((tx) => from.outbox.enqueue(tx, { peer: to.region, conversation, name, payload }));
  }

  /** What both books say, Nantong's first. */
  async states(id: string): Promise<string[]> {
    const views = await Promise.all([this.nantong, this.uxin].map(({ service }) => service.get(id)));
    return views.map(({ state }) => state);
  }

  /** The header of an envelope that cites an agreement, as `from` writes it now. */
  async headerOf(from: AgreementSide, id: string, changes: Partial<messages.EnvelopeHeader> = {}) {
    const authorizationDigest = Buffer.from((await from.service.get(id)).digest, 'hex');
    const sentAt = this.clock.now();
    const header = { sender: from.region, authorizationId: id, authorizationDigest, sentAt, ...changes };
    return header as messages.EnvelopeHeader;
  }

  /** A transfer from Nantong to Uxin Banner, as it would be sent now. */
  transfer(changes: Partial<AuthorizedUse> = {}): AuthorizedUse {
    return {
      name: 'CaseTransfer',
      payload: payloadSamples.CaseTransfer,
      sender: '320600',
      item: 'EX014',
      mode: 'agency',
      receiving: '320600',
      handling: '150626',
      at: this.clock.now(),
      ...changes,
    };
  }
}

/**
 * Opens a fresh pair of regions before each test and closes it afterwards; their keys are made once.
 *
 * @param start milliseconds
 */
export function eachWithPair(start: number, take: (pair: AgreementPair) => void): void {
  const regions: Record<string, ThrowawayRegion> = {};
  let pair: AgreementPair;
  beforeAll(async () => {
    for (const code of ['320600', '150626']) regions[code] = await throwawayRegion(code, { now: start - DAY_MS });
  });
  beforeEach(async () => {
    pair = await AgreementPair.open(regions, start);
    take(pair);
  });
  afterEach(() => pair.close());
}

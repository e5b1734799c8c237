import { randomInt, randomUUID, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from '#adapters';
import { CodedError } from '#proto';
import { builtInCertificateTypes, type Clock, type CompiledAgreement } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { CertificateService } from '../certificate/certificate-service.ts';
import { CheckService } from '../certificate/check-service.ts';
import type { CertificateInput } from '../certificate/issuable.ts';
import type { TellCertificateNews } from '../certificate/library-news.ts';
import { StatusLists } from '../certificate/status-lists.ts';
import { StatusReader } from '../certificate/status-reader.ts';
import { EvidenceLog } from '../evidence/evidence-log.ts';
import type { PeerClient } from '../outbound/peer-client.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type NoticeSide, noticeSide } from './notice-side.ts';

/** What two regions agreed, and what they cite. */
export interface TestAgreement {
  readonly id: string;
  readonly digest: Buffer;
  readonly compiled: CompiledAgreement;
}

/** A region with a store of its own that issues certificates, asks and answers. */
export interface CheckRegion {
  readonly own: ThrowawayRegion;
  readonly store: Store;
  readonly log: EvidenceLog;
  readonly certificates: CertificateService;
  readonly statusLists: StatusLists;
  /** Where it reads the status lists of other regions. */
  readonly statusSources: Record<string, string>;
  /** What went wrong when it read them. */
  readonly unread: unknown[];
  readonly checks: CheckService;
  /** Platforms that answer questions about data. */
  readonly sources: DataSource[];
  /** Regions that it pinned. */
  readonly pinned: Map<string, ThrowawayRegion>;
  /** Who is told what becomes of its library; nobody at first. */
  readonly told: { tell: TellCertificateNews };
  /** What it tells other regions of its certificates, and hears of theirs. */
  readonly notices: NoticeSide;
  /** Ways to those regions. */
  readonly links: Map<string, Pick<PeerClient, 'check' | 'checkMany'>>;
  /** Agreements that it knows, by id; the first one is cited. */
  readonly agreements: Map<string, TestAgreement>;
  /** What it asked for when it looked for an agreement to cite: items. */
  readonly cited: (string | undefined)[];
  close(): Promise<void>;
}

/** Makes a region whose keys begin now, by the clock. */
export async function checkRegion(
  code: string,
  clock: Clock,
  reuse = { answerSeconds: 0, reuseSeconds: 0 },
): Promise<CheckRegion> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-check-'));
  const store = await openSqliteStore(join(folder, 'gateway.db'));
  const own = await throwawayRegion(code, { now: clock.now() });
  const pinned = new Map<string, ThrowawayRegion>();
  const links = new Map<string, Pick<PeerClient, 'check' | 'checkMany'>>();
  const sources: DataSource[] = [];
  const agreements = new Map<string, TestAgreement>();
  const cited: (string | undefined)[] = [];
  const fail = (error: unknown) => {
    throw error;
  };
  const log = new EvidenceLog({ store, clock, region: code, signer: own.log, intervalMs: 60_000, onError: fail });
  const statusSources: Record<string, string> = {};
  const unread: unknown[] = [];
  const statusLists = new StatusLists({
    store,
    clock,
    region: code,
    signer: own.certificate,
    publishing: {
      baseUri: `https://${code}.example/status-lists/`,
      ttlMs: 15 * 60 * 1000,
      lifetimeMs: 7 * 24 * 60 * 60 * 1000,
    },
    random: (limit) => randomInt(limit),
    onError: fail,
  });
  const told: CheckRegion['told'] = { tell: async () => {} };
  const tell: TellCertificateNews = (tx, news) => told.tell(tx, news);
  const notices = noticeSide({ region: code, own, store, clock, log, pinned, tell });
  const certificates = new CertificateService({
    store,
    clock,
    region: code,
    signer: own.certificate,
    statementOf: (region) => (region === code ? own.statement : pinned.get(region)?.statement),
    types: builtInCertificateTypes,
    statusLists,
    statusReader: new StatusReader({
      store,
      clock,
      statementOf: (region) => pinned.get(region)?.statement,
      sources: statusSources,
      maxAgeMs: 24 * 60 * 60 * 1000,
      onError: (_issuer, error) => {
        unread.push(error);
      },
    }),
    outgoingNotices: notices.outgoing,
    incomingNotices: notices.incoming,
    tell,
  });
  const checks = new CheckService({
    store,
    clock,
    log,
    certificates,
    outgoingNotices: notices.outgoing,
    incomingNotices: notices.incoming,
    region: code,
    signerFor: () => own.signing,
    newId: randomUUIDv7,
    newConversation: randomUUID,
    peerOf: (region) => pinned.get(region)?.statement ?? fail(new CodedError('PEER_NOT_PINNED')),
    client: (region) => links.get(region) ?? fail(new CodedError('PEER_NOT_PINNED')),
    cite: (_peer, item) => {
      cited.push(item);
      return [...agreements.values()][0] ?? fail(new CodedError('AUTHORIZATION_REQUIRED'));
    },
    permit: (_peer, use) => {
      const cited = [...agreements.values()][0] ?? fail(new CodedError('AUTHORIZATION_REQUIRED'));
      cited.compiled.judge(use);
      return cited;
    },
    askSource: (query, signal) => sources.find(({ kinds }) => kinds.includes(query.kind))?.answer(query, signal),
    ...reuse,
    agreementOf: ({ authorizationId, authorizationDigest }) => {
      const known = agreements.get(authorizationId);
      if (!known?.digest.equals(authorizationDigest)) throw new CodedError('AUTHORIZATION_UNKNOWN');
      return known.compiled;
    },
  });
  const close = async () => {
    await log.stop();
    await store.close();
    await rm(folder, { recursive: true });
  };
  return {
    own,
    store,
    log,
    certificates,
    statusLists,
    statusSources,
    unread,
    checks,
    sources,
    pinned,
    told,
    notices,
    links,
    agreements,
    cited,
    close,
  };
}

let licences = 0;

/** A food business licence (食品经营许可证) of a synthetic company, by an authority that does not exist; a new number each. */
export function licence(validFrom: number, changes: Partial<CertificateInput> = {}): CertificateInput {
  licences += 1;
  return {
    typeName: '食品经营许可证',
    item: 'EX018',
    caseNumber: 'WS20261210-0001',
    holder: { name: '示例餐饮有限公司', documentType: 'social-credit-code', number: '91150626MA0000001R' },
    authority: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
    number: `JY1150626${String(licences).padStart(7, '0')}`,
    validFrom,
    validUntil: validFrom + 5 * 365 * 24 * 60 * 60 * 1000,
    fields: {
      legal_representative: '阿不都·示例',
      residence: '乌审旗示例街1号',
      business_premises: '乌审旗示例街1号',
      business_form: '餐饮服务经营者',
      business_items: '热食类食品制售',
    },
    ...changes,
  };
}

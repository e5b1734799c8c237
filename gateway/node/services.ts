import { randomInt } from 'node:crypto';
import { CodedError, isErrorCode, type messages, type PayloadName } from '#proto';
import { builtInCertificateTypes, type CertificateTypes, wordOf } from '#trust';
import type { AgreementNews } from '../authorization/agreement-books.ts';
import { AuthorizationService } from '../authorization/authorization-service.ts';
import type { CatalogueItems } from '../authorization/granted-catalogues.ts';
import { caseContext, type EmitNews } from '../case/case-changes.ts';
import { caseIncoming } from '../case/case-incoming.ts';
import { caseRepository } from '../case/case-repository.ts';
import { CaseService } from '../case/case-service.ts';
import { hearOutcome } from '../case/direct/direct-outcomes.ts';
import { JointCases } from '../case/joint/joint-cases.ts';
import { LimitWatch } from '../case/limits/limit-watch.ts';
import type { CaseNeighbours, CertificateWish } from '../case/neighbours.ts';
import { paperTable } from '../case/papers/paper-table.ts';
import { Erasures } from '../case/personal/erasures.ts';
import { OldCases } from '../case/search/old-cases.ts';
import { Bundles } from '../catalogue/bundles/bundles.ts';
import { CatalogueService } from '../catalogue/catalogue-service.ts';
import { CertificateService } from '../certificate/certificate-service.ts';
import { exportCheck } from '../certificate/check-evidence.ts';
import { CheckService } from '../certificate/check-service.ts';
import type { CertificateInput } from '../certificate/issuable.ts';
import type { TellCertificateNews } from '../certificate/library-news.ts';
import { StampedCopies } from '../certificate/stamped-copies.ts';
import { StatusLists } from '../certificate/status-lists.ts';
import { StatusReader } from '../certificate/status-reader.ts';
import { readTypeFolder } from '../certificate/type-folder.ts';
import type { DeadLetters } from '../dead-letter/dead-letters.ts';
import { Examinations } from '../document/examinations.ts';
import { Entrustments } from '../entrustment/entrustments.ts';
import { type ExportContext, exportBundle } from '../evidence/bundle-export.ts';
import { Inquiries } from '../inquiry/inquiries.ts';
import type { EmitInquiryNews } from '../inquiry/inquiry-news.ts';
import { InquiryWatch } from '../inquiry/inquiry-watch.ts';
import { JointAgreements } from '../joint/joint-agreements.ts';
import type { Dispatcher } from '../outbound/dispatcher.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import { certificateNews } from '../platform/certificate-news.ts';
import { caseNews, inquiryNews, jointNews } from '../platform/event-types.ts';
import { PlatformEvents } from '../platform/platform-events.ts';
import { Platforms } from '../platform/platforms.ts';
import { takeSubmission } from '../platform/submissions.ts';
import { Renditions } from '../rendition/renditions.ts';
import { WatermarkedCopies } from '../rendition/watermark/watermarked-copies.ts';
import { openSealing } from '../seal/open-sealing.ts';
import type { Sealing } from '../seal/sealing.ts';
import { PublicVerification } from '../verify/verification.ts';
import type { Core } from './core.ts';
import { openLetters } from './letters.ts';
import { type Notices, openNotices } from './notices.ts';
import { openPapers, type Papers } from './papers.ts';
import type { WireHandlers } from './wire.ts';

/** The rooms that decide what is sent and what arriving messages mean. */
export interface Services extends Notices, Papers {
  readonly authorizations: AuthorizationService;
  readonly joint: JointAgreements;
  readonly entrustments: Entrustments;
  readonly catalogue: CatalogueService;
  readonly bundles: Bundles;
  readonly certificates: CertificateService;
  readonly sealing: Sealing;
  readonly renditions: Renditions;
  /** Copies for reading of materials. */
  readonly copies: WatermarkedCopies;
  readonly examinations: Examinations;
  readonly statusLists: StatusLists;
  readonly checks: CheckService;
  readonly stampedCopies: StampedCopies;
  readonly verification: PublicVerification;
  readonly cases: CaseService;
  readonly jointCases: JointCases;
  readonly limits: LimitWatch;
  readonly inquiries: Inquiries;
  readonly inquiryWatch: InquiryWatch;
  readonly oldCases: OldCases;
  readonly erasures: Erasures;
  readonly platforms: Platforms;
  readonly deadLetters: DeadLetters;
  readonly handlers: WireHandlers;
  readonly exportEvidence: (conversation: string, hasPayloads?: boolean) => Promise<string>;
  readonly exportCheckEvidence: (id: string, peer: string | undefined, hasPayloads: boolean) => Promise<string>;
}

/** Composes the services and loads what earlier runs left. */
export async function openServices(core: Core, dispatcher: () => Dispatcher | undefined): Promise<Services> {
  const events = new PlatformEvents(core);
  const catalogue = new CatalogueService(core);
  const authorizations = openAuthorizations(core, events, catalogue);
  const joint = openJoint(core);
  const entrustments = new Entrustments({ ...core, signer: core.keyring.signer });
  const status = openStatus(core);
  const types = await openTypes(core);
  const sealing = await openSealing(core);
  const tell: TellCertificateNews = (tx, news) => events.emit(tx, certificateNews(news, core.region, core.clock.now()));
  const notices = openNotices(core, events, tell);
  const certificates = new CertificateService({
    store: core.store,
    clock: core.clock,
    region: core.region,
    signer: core.keyring.certificateSigner,
    statementOf: (region) => core.peers.statementOf(region),
    types,
    ...status,
    ...notices,
    tell,
  });
  const checks = openChecks(core, authorizations, certificates, notices, dispatcher, () => platforms);
  const examinations = openExaminations(core, events);
  const neighbours = caseNeighbours(core, authorizations, catalogue, certificates, events, {
    wake: (conversation) => {
      examinations.wake();
      jointCases.touched(conversation);
    },
    heard: (tx, news) => papers.paperWork.heard(tx, news),
    platforms: () => platforms,
  });
  const papers = openPapers(core, { authorizations, catalogue, sealing, neighbours: () => neighbours });
  const cases = new CaseService({ ...core, now: () => core.clock.now(), newCode: newQueryCode, neighbours });
  const bundles = new Bundles({ ...core, catalogue });
  const jointCases = openJointCases(core, cases, bundles, neighbours, events);
  const erasures = openErasures(core, neighbours);
  const { inquiries, inquiryWatch } = openInquiries(core, authorizations, events);
  const { library } = core.config.certificates;
  const platforms = new Platforms({
    ...core,
    events,
    library,
    submit: (submission) => takeSubmission(cases, submission),
  });
  const incoming = {
    ...incomingHandlers(core, authorizations, catalogue, certificates, neighbours, events, erasures),
    ...joint.incoming,
    ...entrustments.incoming,
    ...inquiries.incoming,
    ...notices.incomingNotices.incoming,
  };
  await authorizations.start();
  await notices.outgoingNotices.start();
  const services: Services = {
    authorizations,
    joint,
    entrustments,
    catalogue,
    bundles,
    certificates,
    ...notices,
    ...papers,
    sealing,
    renditions: new Renditions({ ...core, certificates, types, sealing }),
    stampedCopies: new StampedCopies({
      ...core,
      signer: core.keyring.certificateSigner,
      statementOf: (region) => core.peers.statementOf(region),
      types,
    }),
    copies: new WatermarkedCopies({ materials: core.materials, days: core.config.documents.copyDays }),
    examinations,
    statusLists: status.statusLists,
    checks,
    verification: new PublicVerification({
      ...core,
      config: core.config.verification,
      certificates,
      checks,
      types,
      statements: () => [core.own, ...core.peers.all()],
    }),
    cases,
    jointCases,
    limits: openLimits(core, neighbours, cases, jointCases),
    inquiries,
    inquiryWatch,
    oldCases: openOldCases(core),
    erasures,
    platforms,
    deadLetters: openLetters(core, {
      events,
      platforms,
      dispatcher,
      onSettled: (tx, settled) => services.handlers.onSettled(tx, settled),
    }),
    handlers: {
      agreementOf: (header, opening) => authorizations.resolve(header, opening),
      caseOf: (tx, conversation, peer) => caseContext(tx, conversation, peer, core.region),
      inquiryOf: (tx, conversation, peer) => inquiries.contextOf(tx, conversation, peer),
      handlerOf: (name) => incoming[name as PayloadName] ?? unknownType,
      onSettled: async (tx, settled) => {
        await authorizations.settled(tx, settled);
        await joint.settled(tx, settled);
        await entrustments.settled(tx, settled);
        await inquiries.settled(tx, settled);
        await notices.outgoingNotices.settled(tx, settled);
        // A notice that was not taken is no step of its case that failed.
        if (!(await papers.paperWork.settled(tx, settled))) await cases.settled(tx, settled);
        if (settled.name === 'CaseNote') tx.afterCommit(() => erasures.wake());
      },
      check: (peer, envelope) => checks.answer(peer, envelope),
      checkGroup: (peer, group) => checks.answerGroup(peer, group),
    },
    exportEvidence: (conversation, hasPayloads) =>
      exportBundle(conversation, exporting(core, authorizations), hasPayloads),
    exportCheckEvidence: (id, peer, hasPayloads) => exportCheck(id, peer, exporting(core, authorizations), hasPayloads),
  };
  return services;
}

/** Seals of materials are looked at when they come; platforms learn the result. */
function openExaminations(core: Core, events: PlatformEvents): Examinations {
  return new Examinations({
    ...core,
    caseOf: async (conversation) => {
      const file = await caseRepository.find(core.store.read, conversation);
      if (!file) return undefined;
      // Notices are held against the statement of their region when somebody opens them.
      const papers = await paperTable.of(core.store.read, conversation);
      const unexamined = papers.map(({ digest }) => ({ digest: digest.toString('hex'), mediaType: '' }));
      return { number: file.number, peer: file.peer, materials: [...file.document.materials, ...unexamined] };
    },
    emit: (tx, data) => events.emit(tx, { type: 'cn.tongban.material.examined.v1', subject: data.conversation, data }),
  });
}

/** Time limits of cases: who is late is said to the platforms and in the log. */
function openLimits(
  { region, store, clock, log }: Core,
  { emit }: CaseNeighbours,
  cases: CaseService,
  jointCases: JointCases,
): LimitWatch {
  return new LimitWatch({
    region,
    store,
    now: () => clock.now(),
    emit,
    acceptBySilence: (tx, file) => cases.acceptBySilence(tx, file),
    tellWhole: (tx, due) => jointCases.limitDue(tx, due),
    onOverdue: (conversation) =>
      log.warn({ conversation }, 'a time limit of a case has run out; see: tongban case trace'),
    onError: (error) => log.error({ err: error }, 'the time limits of cases could not be watched; it is tried again'),
  });
}

/** Cases of before an upgrade become findable. */
function openOldCases({ store, log }: Core): OldCases {
  return new OldCases({
    store,
    onRead: (count) => log.info({ count }, 'the cases of before the upgrade can be found by applicant and limit'),
    onError: (error) =>
      log.error({ err: error }, 'the cases of before the upgrade could not be read; the next start goes on'),
  });
}

/** Erasure of what is personal in cases: what fails is tried again. */
function openErasures(core: Core, neighbours: CaseNeighbours): Erasures {
  const { config, clock, log } = core;
  return new Erasures({
    ...core,
    name: config.name,
    now: () => clock.now(),
    neighbours,
    retention: config.retention,
    onAsked: (conversation, peer) =>
      log.warn({ conversation, peer }, 'a region asks to erase a case; decide with: tongban case erase'),
    onError: (error) => log.error({ err: error }, 'personal data could not be erased; it is tried again'),
  });
}

/** What is asked outside any case, and the watch over its answers and its end. */
function openInquiries(core: Core, authorizations: AuthorizationService, events: PlatformEvents) {
  const { config, clock, log, store } = core;
  const now = () => clock.now();
  const emit: EmitInquiryNews = (tx, news) => events.emit(tx, inquiryNews(news));
  const inquiryWatch = new InquiryWatch({
    ...{ store, now, emit, retention: config.retention },
    onOverdue: (conversation) =>
      log.warn({ conversation }, 'the answer to an inquiry is overdue; see: tongban inquiry show'),
    onError: (error) => log.error({ err: error }, 'the inquiries could not be watched; it is tried again'),
  });
  const inquiries = new Inquiries({
    ...core,
    ...{ now, emit, office: config.office },
    demandPeer: (region) => void core.peers.demand(region),
    permit: (peer, use, under) => authorizations.permit(peer, use, under),
    onErasure: () => inquiryWatch.wake(),
  });
  return { inquiries, inquiryWatch };
}

/** What evidence bundles are made from. */
function exporting(core: Core, authorizations: AuthorizationService): ExportContext {
  return {
    region: core.region,
    read: core.store.read,
    log: core.evidence,
    signer: core.signer,
    now: () => core.clock.now(),
    statementOf: (region) => core.peers.lastStatementOf(region),
    authorizationOf: async (id) => (await authorizations.get(id)).document,
  };
}

function openAuthorizations(core: Core, events: PlatformEvents, catalogue: CatalogueService): AuthorizationService {
  return new AuthorizationService({
    ...core,
    news: agreementNews(core, events),
    catalogueItems: catalogueItems(catalogue),
    exportFolder: `${core.config.data}/authorizations`,
    onError: (error) => core.log.error({ err: error }, 'an authorization document could not be written to its folder'),
  });
}

function openJointCases(
  core: Core,
  cases: CaseService,
  bundles: Bundles,
  { itemOf, office }: CaseNeighbours,
  events: PlatformEvents,
): JointCases {
  return new JointCases({
    ...core,
    ...{ cases, bundles, itemOf, office },
    now: () => core.clock.now(),
    emit: (tx, news) => events.emit(tx, jointNews(news)),
    onError: (conversation, err) =>
      core.log.error({ conversation, err }, 'a joint case could not be moved on; it is tried again'),
  });
}

function openJoint(core: Core): JointAgreements {
  return new JointAgreements({
    ...core,
    signer: core.keyring.signer,
    onError: (error) =>
      core.log.error({ err: error }, 'a joint agreement that waits in vain could not be ended; it is tried again'),
  });
}

/** Platforms learn of every change; operators read in the log what needs them. */
function agreementNews({ log, clock }: Core, events: PlatformEvents): AgreementNews {
  return {
    changed: async (tx, { id, peer, state, updated_at }) => {
      await events.emit(tx, {
        type: 'cn.tongban.authorization.changed.v1',
        subject: id,
        data: { authorization: id, peer, state: wordOf(state), at: updated_at },
      });
      if (state !== 'expired') return;
      const text = 'an authorization has expired: no new case can begin under it, open ones go on';
      tx.afterCommit(() => log.warn({ authorization: id, peer }, text));
    },
    ending: async (tx, { id, peer, valid_until }, days) => {
      await events.emit(tx, {
        type: 'cn.tongban.authorization.ending.v1',
        subject: id,
        data: { authorization: id, peer, days, validUntil: valid_until, at: clock.now() },
      });
      const text = 'an authorization ends within so many days; renew it with: tongban authorization renew';
      tx.afterCommit(() => log.warn({ authorization: id, peer, count: days }, text));
    },
  };
}

/** What a catalogue stands for: the items of one department in what its region published to the other. */
function catalogueItems(catalogue: CatalogueService): CatalogueItems {
  return async (publisher, recipient, scope, department) => {
    const items = await catalogue.named(publisher, recipient, scope);
    return items?.filter(({ item }) => item.departmentCode === department).map(({ item }) => item.code);
  };
}

/** Types of certificates: those of the program and those of the region. What the region changes is said in the log. */
async function openTypes({ config, log }: Core): Promise<CertificateTypes> {
  const types = await readTypeFolder(config.certificates.types);
  const replaced = [...types.values()].filter(({ replacedBy }) => replacedBy !== undefined).length;
  if (types.size > builtInCertificateTypes.size)
    log.info({ count: types.size - builtInCertificateTypes.size }, 'the region has certificate types of its own');
  if (replaced > 0)
    log.warn({ count: replaced }, 'the region issues types of its own in the place of others; see certificates.types');
  return types;
}

/** Our status lists, and the way to those of other regions. */
function openStatus({ config, store, clock, region, keyring, peers, log }: Core) {
  const { statusBaseUri, statusTtlMs, statusLifetimeMs, statusSources, statusMaxAgeMs } = config.certificates;
  return {
    statusLists: new StatusLists({
      store,
      clock,
      region,
      signer: keyring.certificateSigner,
      publishing: { baseUri: statusBaseUri, ttlMs: statusTtlMs, lifetimeMs: statusLifetimeMs },
      random: (limit) => randomInt(limit),
      onError: (error) =>
        log.error({ err: error }, 'a status list could not be signed anew; the copy before still serves'),
    }),
    statusReader: new StatusReader({
      store,
      clock,
      statementOf: (issuer) => peers.statementOf(issuer),
      sources: statusSources,
      maxAgeMs: statusMaxAgeMs,
      onError: (peer, error) =>
        log.warn({ peer, err: error }, 'a status list of a region could not be read; it is tried again'),
    }),
  };
}

function openChecks(
  core: Core,
  authorizations: AuthorizationService,
  certificates: CertificateService,
  { outgoingNotices, incomingNotices }: Notices,
  dispatcher: () => Dispatcher | undefined,
  platforms: () => Platforms,
): CheckService {
  return new CheckService({
    ...core,
    log: core.evidence,
    signerFor: (peer) => core.keyring.signerFor(peer),
    certificates,
    outgoingNotices,
    incomingNotices,
    newConversation: core.newId,
    peerOf: (region) => core.peers.demand(region),
    client: (region) => {
      const link = dispatcher()?.link(region);
      if (!link) throw new CodedError('PEER_NOT_PINNED');
      return link.client;
    },
    cite: (peer, item) => authorizations.citeForCheck(peer, item),
    permit: (peer, use) => authorizations.permit(peer, use),
    agreementOf: (header) => authorizations.resolve(header, true),
    askSource: (query, signal) => platforms().answer(query, signal),
    ...core.config.checks,
  });
}

/** What follows every event of a case. */
interface CaseFollowers {
  readonly wake: (conversation: string) => void;
  readonly heard: EmitNews;
  readonly platforms: () => Platforms;
}

function caseNeighbours(
  core: Core,
  authorizations: AuthorizationService,
  catalogue: CatalogueService,
  certificates: CertificateService,
  events: PlatformEvents,
  { wake, heard, platforms }: CaseFollowers,
): CaseNeighbours {
  return {
    itemOf: async (sql, region, code, digest) => {
      const found = await catalogue.itemOf(sql, region, code, digest);
      return found && { ...found.item, digest: found.digest };
    },
    permit: (use) => authorizations.permit(use.handling, use),
    permitUnder: (id, use) =>
      authorizations.permit(use.sender === use.handling ? use.receiving : use.handling, use, id),
    demandRight: (id, use) => authorizations.demandRight(id, use),
    signCertificate: async (wish) => {
      const prepared = await certificates.prepare(certificateInput(wish, core.clock.now()));
      const { text, identifier, typeName } = prepared;
      return { text, identifier, typeName, keep: (tx) => certificates.keep(tx, prepared) };
    },
    demandPeer: (region) => void core.peers.demand(region),
    revokeCertificate: (tx, identifier, { ground, ...why }) =>
      // That a promise was broken is a matter of the case; what it was, the reason says.
      certificates.revokeIn(tx, identifier, { ground: ground === 'commitment-broken' ? 'other' : ground, ...why }),
    creditOf: async ({ documentType, documentNumber, name }) =>
      platforms().credit({ id: core.newId(), documentType, documentNumber, name }, AbortSignal.timeout(CREDIT_MS)),
    office: core.config.office,
    emit: async (tx, news) => {
      tx.afterCommit(() => wake(news.conversation));
      await heard(tx, news);
      await events.emit(tx, caseNews(news));
    },
    alarm: (conversation, _event, code) =>
      core.log.error(
        { conversation, ...(isErrorCode(code) ? { code } : {}) },
        'the other region did not take a message of a case that we handle: an operator must look',
      ),
  };
}

/** Most that asking a credit platform may take, whatever its adapter says: somebody waits at a window. */
const CREDIT_MS = 15_000;

function certificateInput(wish: CertificateWish, now: number): CertificateInput {
  return {
    ...wish,
    holder: wish.holder as CertificateInput['holder'],
    validFrom: wish.validFrom ?? now,
    by: wish.caseNumber,
  };
}

function incomingHandlers(
  core: Core,
  authorizations: AuthorizationService,
  catalogue: CatalogueService,
  certificates: CertificateService,
  neighbours: CaseNeighbours,
  events: PlatformEvents,
  erasures: Erasures,
): Partial<Record<PayloadName, IncomingHandler>> {
  const ofCase = caseIncoming({
    region: core.region,
    now: () => core.clock.now(),
    materials: core.materials,
    offered: async (sql, { mode, ...cited }) => {
      const found = await catalogue.citedItem(sql, cited);
      return found?.item.modes.includes(mode) ? { ...found.item, digest: found.digest } : undefined;
    },
    keepCertificate: async (tx, { conversation, item, issuer, identifier, text }) => {
      const kept = await certificates.keepReceived(tx, { conversation, item, issuer }, text);
      if (kept.identifier !== identifier) {
        throw new CodedError('CERTIFICATE_IDENTIFIER', 'the message names another certificate than it carries');
      }
    },
    emit: neighbours.emit,
    office: neighbours.office,
    erasures,
  });
  return {
    Ping: nothing,
    Skip: nothing,
    StatementPublished: (tx, { peer, payload }) =>
      core.peers.renew(tx, peer.region, (payload as messages.StatementPublished).statement),
    ...authorizations.incoming,
    CataloguePublished: async (tx, incoming) => {
      await catalogue.incoming.CataloguePublished!(tx, incoming);
      const { region: peer } = incoming.peer;
      await events.emit(tx, {
        type: 'cn.tongban.catalogue.received.v1',
        subject: peer,
        data: { peer, at: incoming.receivedAt },
      });
    },
    DirectOutcome: (tx, received) => hearOutcome(tx, received, neighbours.emit),
    PreviewRequested: ofCase,
    PreviewGiven: ofCase,
    CaseNote: ofCase,
    CaseTransfer: ofCase,
    CaseAccepted: ofCase,
    CaseRefused: ofCase,
    CaseReturned: ofCase,
    SupplementRequested: ofCase,
    SupplementSubmitted: ofCase,
    SpecialProcedureStarted: ofCase,
    SpecialProcedureEnded: ofCase,
    CaseDecided: ofCase,
    ResultIssued: ofCase,
    ResultRevoked: ofCase,
    ResultDelivered: ofCase,
    CaseRated: ofCase,
    WithdrawalRequested: ofCase,
  };
}

/** Letters and digits that nobody mixes up when they are read aloud or written down. */
const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_LENGTH = 10;

function newQueryCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
}

/** Messages whose only effect is their receipt. */
const nothing: IncomingHandler = async () => {};

const unknownType: IncomingHandler = async () => {
  throw new CodedError('UNKNOWN_TYPE');
};

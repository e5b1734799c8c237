import type { PayloadName } from '#proto';
import { readApiKey } from '../api/token.ts';
import type { Archivist } from '../archive/archivist.ts';
import type { AuthorizationService } from '../authorization/authorization-service.ts';
import { actAgain } from '../case/act-again.ts';
import { caseContext } from '../case/case-changes.ts';
import { CaseService } from '../case/case-service.ts';
import type { JointCases } from '../case/joint/joint-cases.ts';
import type { LimitWatch } from '../case/limits/limit-watch.ts';
import type { Erasures } from '../case/personal/erasures.ts';
import type { OldCases } from '../case/search/old-cases.ts';
import { ResumableUploads } from '../case/uploads/resumable-uploads.ts';
import { Bundles } from '../catalogue/bundles/bundles.ts';
import { CatalogueService } from '../catalogue/catalogue-service.ts';
import { CertificateService } from '../certificate/certificate-service.ts';
import { exportCheck } from '../certificate/check-evidence.ts';
import type { CheckService } from '../certificate/check-service.ts';
import type { TellCertificateNews } from '../certificate/library-news.ts';
import { StampedCopies } from '../certificate/stamped-copies.ts';
import type { StatusLists } from '../certificate/status-lists.ts';
import type { DeadLetters } from '../dead-letter/dead-letters.ts';
import type { Examinations } from '../document/examinations.ts';
import { Entrustments } from '../entrustment/entrustments.ts';
import type { ExportContext } from '../evidence/bundle-export.ts';
import type { Inquiries } from '../inquiry/inquiries.ts';
import type { InquiryWatch } from '../inquiry/inquiry-watch.ts';
import type { JointAgreements } from '../joint/joint-agreements.ts';
import type { Dispatcher } from '../outbound/dispatcher.ts';
import { certificateNews } from '../platform/certificate-news.ts';
import { EventFeed } from '../platform/feed/event-feed.ts';
import { EventStreams } from '../platform/feed/event-streams.ts';
import { Intake } from '../platform/intake/intake.ts';
import { PlatformEvents } from '../platform/platform-events.ts';
import { Platforms } from '../platform/platforms.ts';
import { Renditions } from '../rendition/renditions.ts';
import { WatermarkedCopies } from '../rendition/watermark/watermarked-copies.ts';
import { Scans } from '../scan/scans.ts';
import { openSealing } from '../seal/open-sealing.ts';
import type { Sealing } from '../seal/sealing.ts';
import { serviceSink } from '../service-calls/service-sink.ts';
import type { ServiceWatch } from '../service-calls/service-watch.ts';
import { PublicVerification } from '../verify/verification.ts';
import { Webhooks } from '../webhook/webhooks.ts';
import { openAuthorizations, openJoint } from './agreements.ts';
import { evidenceOf, openArchive } from './archive.ts';
import { type Duties, openDuties } from './audit.ts';
import { caseNeighbours, newQueryCode, openErasures, openJointCases, openLimits, openOldCases } from './cases.ts';
import { openChecks, openExaminations, openStatus, openTypes } from './certificates.ts';
import type { Core } from './core.ts';
import { incomingHandlers, unknownType } from './incoming.ts';
import { openInquiries } from './inquiries.ts';
import { openLetters } from './letters.ts';
import { type Notices, openNotices } from './notices.ts';
import { openPapers, type Papers } from './papers.ts';
import { openDesks } from './platforms.ts';
import { openServiceWatch } from './service-calls.ts';
import type { WireHandlers } from './wire.ts';

/** The rooms that decide what is sent and what arriving messages mean. */
export interface Services extends Notices, Papers, Duties {
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
  readonly scans: Scans;
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
  readonly archive: Archivist;
  readonly platforms: Platforms;
  readonly serviceWatch: ServiceWatch;
  readonly eventFeed: EventFeed;
  readonly eventStreams: EventStreams;
  readonly webhooks: Webhooks;
  readonly uploads: ResumableUploads;
  readonly deadLetters: DeadLetters;
  readonly handlers: WireHandlers;
  readonly exportEvidence: (conversation: string, hasPayloads?: boolean) => Promise<string>;
  readonly exportCheckEvidence: (id: string, peer: string | undefined, hasPayloads: boolean) => Promise<string>;
}

/** Messages of ours that changed nothing here. */
const HAS_NO_EFFECT: ReadonlySet<PayloadName> = new Set(['Ping', 'Skip', 'StatementPublished']);

/** Composes the services and loads what earlier runs left. */
export async function openServices(core: Core, dispatcher: () => Dispatcher | undefined): Promise<Services> {
  const duties = await openDuties(core, await readApiKey(core.config.keys.directory));
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
  const scans = new Scans({ ...core, config: core.config.materials.scan });
  const neighbours = caseNeighbours(core, authorizations, catalogue, certificates, events, {
    wake: (conversation) => {
      scans.wake();
      examinations.wake();
      jointCases.touched(conversation);
    },
    heard: async (tx, news) => {
      await papers.paperWork.heard(tx, news);
      await serviceWatch.heard(tx, news);
    },
    platforms: () => platforms,
  });
  const papers = openPapers(core, { authorizations, catalogue, sealing, neighbours: () => neighbours });
  const cases = new CaseService({ ...core, now: () => core.clock.now(), newCode: newQueryCode, neighbours });
  const bundles = new Bundles({ ...core, catalogue });
  const jointCases = openJointCases(core, cases, bundles, neighbours, events);
  const erasures = openErasures(core, neighbours);
  const { inquiries, inquiryWatch } = openInquiries(core, authorizations, events);
  const { library } = core.config.certificates;
  const eventFeed = new EventFeed({ ...core, events });
  const webhooks = new Webhooks({ ...core, config: core.config.webhooks, feed: eventFeed });
  const serviceWatch = openServiceWatch(core, { cases: () => cases, platforms: () => platforms });
  const desk = openDesks(core, examinations, scans);
  const platforms = new Platforms({
    ...core,
    events,
    library,
    doneElsewhere: () => webhooks.doneUpTo,
    desk,
    serviceSink: (adapter) =>
      serviceSink(adapter, desk(adapter.name), {
        ...core,
        config: core.config.services,
        isInLocker: (conversation) => serviceWatch.isInLocker(conversation),
      }),
    intake: new Intake({ ...core, cases }),
  });
  const incoming = {
    ...incomingHandlers(core, authorizations, catalogue, certificates, neighbours, events, erasures),
    ...joint.incoming,
    ...entrustments.incoming,
    ...inquiries.incoming,
    ...notices.incomingNotices.incoming,
  };
  const archive = openArchive(core, exporting(core, authorizations));
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
    scans,
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
    ...duties,
    archive,
    platforms,
    serviceWatch,
    eventFeed,
    eventStreams: new EventStreams(eventFeed),
    webhooks,
    uploads: new ResumableUploads({ ...core, cases }),
    deadLetters: openLetters(core, {
      events,
      platforms,
      webhooks,
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
      actAgain: async (tx, act) => {
        if (!HAS_NO_EFFECT.has(act.name)) await actAgain(tx, act, { ...core, now: () => core.clock.now(), neighbours });
      },
      check: (peer, envelope) => checks.answer(peer, envelope),
      checkGroup: (peer, group) => checks.answerGroup(peer, group),
    },
    exportEvidence: (conversation, hasPayloads) =>
      evidenceOf(conversation, hasPayloads, exporting(core, authorizations), archive),
    exportCheckEvidence: (id, peer, hasPayloads) => exportCheck(id, peer, exporting(core, authorizations), hasPayloads),
  };
  return services;
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

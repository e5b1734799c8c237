import type { Clock } from '#trust';
import type { Archivist } from '../archive/archivist.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { AuthorizationService } from '../authorization/authorization-service.ts';
import type { Office } from '../calendar/office.ts';
import type { CaseService } from '../case/case-service.ts';
import type { JointCases } from '../case/joint/joint-cases.ts';
import type { CasePapers } from '../case/papers/case-papers.ts';
import type { Erasures } from '../case/personal/erasures.ts';
import type { ResumableUploads } from '../case/uploads/resumable-uploads.ts';
import type { Bundles } from '../catalogue/bundles/bundles.ts';
import type { CatalogueService } from '../catalogue/catalogue-service.ts';
import type { CertificateService } from '../certificate/certificate-service.ts';
import type { CheckService } from '../certificate/check-service.ts';
import type { IncomingNotices } from '../certificate/notice/incoming-notices.ts';
import type { OutgoingNotices } from '../certificate/notice/outgoing-notices.ts';
import type { StampedCopies } from '../certificate/stamped-copies.ts';
import type { StatusLists } from '../certificate/status-lists.ts';
import type { DeadLetters } from '../dead-letter/dead-letters.ts';
import type { Documents } from '../document/documents.ts';
import type { Examinations } from '../document/examinations.ts';
import type { Administrators } from '../duty/administrators.ts';
import type { Entrustments } from '../entrustment/entrustments.ts';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { Timestamper } from '../evidence/timestamps/timestamper.ts';
import type { Federation } from '../federation/federation.ts';
import type { Inquiries } from '../inquiry/inquiries.ts';
import type { JointAgreements } from '../joint/joint-agreements.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { MaterialStore } from '../material/material-store.ts';
import type { Dispatcher } from '../outbound/dispatcher.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { Peers } from '../peer/peers.ts';
import type { EventFeed } from '../platform/feed/event-feed.ts';
import type { EventStreams } from '../platform/feed/event-streams.ts';
import type { Platforms } from '../platform/platforms.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { Renditions } from '../rendition/renditions.ts';
import type { WatermarkedCopies } from '../rendition/watermark/watermarked-copies.ts';
import type { Scans } from '../scan/scans.ts';
import type { PeerProbe } from '../standing/peer-probe.ts';
import type { ValidityWatch } from '../standing/validity-watch.ts';
import type { Store } from '../store/store.ts';
import type { PublicVerification } from '../verify/verification.ts';
import type { Webhooks } from '../webhook/webhooks.ts';

/** The rooms of the gateway, as the routes of the API see them. */
export interface ApiContext {
  readonly region: string;
  /** Of the program. */
  readonly version: string;
  readonly clock: Clock;
  /** When the offices of our region work. */
  readonly office: Office;
  /** UUIDv7 source. */
  readonly newId: () => string;
  readonly store: Store;
  readonly peers: Peers;
  readonly federation: Federation;
  readonly log: EvidenceLog;
  readonly timestamps: Timestamper | undefined;
  readonly outbox: Outbox;
  readonly dispatcher: Dispatcher;
  readonly deadLetters: DeadLetters;
  readonly recovery: Recovery;
  readonly probe: PeerProbe;
  readonly validity: ValidityWatch;
  readonly keyring: KeyRing;
  readonly materials: MaterialStore;
  readonly documents: Documents;
  readonly authorizations: AuthorizationService;
  readonly joint: JointAgreements;
  readonly jointCases: JointCases;
  readonly entrustments: Entrustments;
  readonly catalogue: CatalogueService;
  readonly bundles: Bundles;
  readonly certificates: CertificateService;
  readonly outgoingNotices: OutgoingNotices;
  readonly incomingNotices: IncomingNotices;
  /** Notices of cases. */
  readonly papers: CasePapers;
  readonly renditions: Renditions;
  readonly copies: WatermarkedCopies;
  readonly examinations: Examinations;
  readonly scans: Scans;
  readonly statusLists: StatusLists;
  readonly checks: CheckService;
  readonly stampedCopies: StampedCopies;
  readonly verification: PublicVerification;
  readonly cases: CaseService;
  readonly inquiries: Inquiries;
  /** Takes what platforms push. */
  readonly platforms: Pick<Platforms, 'pushed'>;
  readonly erasures: Erasures;
  readonly archive: Archivist;
  readonly eventFeed: EventFeed;
  readonly eventStreams: EventStreams;
  readonly webhooks: Webhooks;
  readonly uploads: ResumableUploads;
  readonly administrators: Administrators;
  readonly audit: AuditTrail;
  /** Evidence bundle of a conversation, as JSON text. */
  readonly exportEvidence: (conversation: string, hasPayloads?: boolean) => Promise<string>;
  /** Evidence bundle of a check by the id of its question, and by the other region where that is not enough. */
  readonly exportCheckEvidence: (id: string, peer: string | undefined, hasPayloads: boolean) => Promise<string>;
}

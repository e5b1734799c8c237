import { randomInt } from 'node:crypto';
import { isErrorCode } from '#proto';
import type { AuthorizationService } from '../authorization/authorization-service.ts';
import type { EmitNews } from '../case/case-changes.ts';
import type { CaseService } from '../case/case-service.ts';
import { JointCases } from '../case/joint/joint-cases.ts';
import { LimitWatch } from '../case/limits/limit-watch.ts';
import type { CaseNeighbours, CertificateWish } from '../case/neighbours.ts';
import { Erasures } from '../case/personal/erasures.ts';
import { OldCases } from '../case/search/old-cases.ts';
import type { Bundles } from '../catalogue/bundles/bundles.ts';
import type { CatalogueService } from '../catalogue/catalogue-service.ts';
import type { CertificateService } from '../certificate/certificate-service.ts';
import type { CertificateInput } from '../certificate/issuable.ts';
import { caseNews, jointNews } from '../platform/event-types.ts';
import type { PlatformEvents } from '../platform/platform-events.ts';
import type { Platforms } from '../platform/platforms.ts';
import type { Core } from './core.ts';

/** What follows every event of a case. */
interface CaseFollowers {
  readonly wake: (conversation: string) => void;
  readonly heard: EmitNews;
  readonly platforms: () => Platforms;
}

/** What cases need of the other rooms. */
export function caseNeighbours(
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

/** Time limits of cases: who is late is said to the platforms and in the log. */
export function openLimits(
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
export function openOldCases({ store, log }: Core): OldCases {
  return new OldCases({
    store,
    onRead: (count) => log.info({ count }, 'the cases of before the upgrade can be found by applicant and limit'),
    onError: (error) =>
      log.error({ err: error }, 'the cases of before the upgrade could not be read; the next start goes on'),
  });
}

/** Erasure of what is personal in cases: what fails is tried again. */
export function openErasures(core: Core, neighbours: CaseNeighbours): Erasures {
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

/** Cases of several parts (联办件、一件事): platforms learn how the whole goes on. */
export function openJointCases(
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

/** Letters and digits that nobody mixes up when they are read aloud or written down. */
const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

const CODE_LENGTH = 10;

/** A code by which an applicant asks how far his case is; nobody guesses it. */
export function newQueryCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
}

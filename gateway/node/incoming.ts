import { CodedError, type messages, type PayloadName } from '#proto';
import type { AuthorizationService } from '../authorization/authorization-service.ts';
import { caseIncoming } from '../case/case-incoming.ts';
import { hearOutcome } from '../case/direct/direct-outcomes.ts';
import type { CaseNeighbours } from '../case/neighbours.ts';
import type { Erasures } from '../case/personal/erasures.ts';
import type { CatalogueService } from '../catalogue/catalogue-service.ts';
import type { CertificateService } from '../certificate/certificate-service.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { PlatformEvents } from '../platform/platform-events.ts';
import type { Core } from './core.ts';

/** Who applies which authorized payload. */
export function incomingHandlers(
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

/** Messages whose only effect is their receipt. */
const nothing: IncomingHandler = async () => {};

/** For a payload that no room applies. */
export const unknownType: IncomingHandler = async () => {
  throw new CodedError('UNKNOWN_TYPE');
};

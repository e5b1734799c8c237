import type { PayloadName } from '#proto';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { Peers } from '../peer/peers.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { takeContacts } from './agreement-contacts.ts';
import { takeAcceptance, takeProposal } from './incoming-documents.ts';
import { takeResumption, takeRevocation, takeSuspension } from './incoming-standing.ts';

/**
 * What the other region does with agreements, by type of message.
 *
 * Codes of rejections: AUTHORIZATION_INVALID (the document, whatever is wrong with it), AUTHORIZATION_UNKNOWN,
 * AUTHORIZATION_INACTIVE. Deferrals: TRY_LATER when too many proposals of the peer are undecided, AUTHORIZATION_PENDING
 * while the receipt of our acceptance is under way.
 */
export function incomingAgreements(peers: Peers, books: AgreementBooks): Partial<Record<PayloadName, IncomingHandler>> {
  return {
    AuthorizationProposal: (tx, incoming) => takeProposal(tx, incoming, peers.own, books),
    AuthorizationAcceptance: (tx, incoming) => takeAcceptance(tx, incoming, peers.own, books),
    AuthorizationSuspension: (tx, incoming) => takeSuspension(tx, incoming, books),
    AuthorizationResumption: (tx, incoming) => takeResumption(tx, incoming, books),
    AuthorizationRevocation: (tx, incoming) => takeRevocation(tx, incoming, books),
    AuthorizationContacts: takeContacts,
  };
}

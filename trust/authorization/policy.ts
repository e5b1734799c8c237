import type { PayloadName } from '#proto';
import type { Right } from './rights.ts';

/** Part that a region has in a case: it takes the application in (收件地) or has power over the item (办理地). */
export type Side = 'receiving' | 'handling';

/** One way in which a message may be sent: from this side, and with this right if it acts for the other one. */
export interface Permission {
  readonly side: Side;
  readonly right?: Right;
}

/**
 * What a message needs. `pinned`: that the two regions know each other. `authorization`: an agreement that covers the
 * item, and one of the permissions. `opens`: whether the agreement must be in force when it is sent; what goes on in an
 * open case needs only the one that the case began under. `mode`: whether the mode must be covered too, in the direction
 * of the case; without it any grant of the item serves, whichever of the two gave it.
 */
export type Requirement =
  | { readonly needs: 'pinned' }
  | {
      readonly needs: 'authorization';
      readonly opens: boolean;
      readonly mode: boolean;
      readonly from: readonly Permission[];
      /** Kind of the payload that is about nobody: any agreement between the two regions will do. */
      readonly plain?: string;
    };

const pinned: Requirement = { needs: 'pinned' };
const handling: Permission = { side: 'handling' };

const needs = 'authorization';
const opening = (...from: readonly Permission[]): Requirement => ({ needs, opens: true, mode: true, from });
const inCase = (...from: readonly Permission[]): Requirement => ({ needs, opens: false, mode: true, from });
const inCheck = (side: Side): Requirement => ({ needs, opens: true, mode: false, from: [{ side }] });
const inInquiry = (opens: boolean, from: Permission): Requirement => {
  return { needs, opens, mode: false, from: [from], plain: 'consultation' };
};
const receiving = (right: Right): Permission => ({ side: 'receiving', right });

/** The closed table: every type of message and what it needs. */
export const POLICY = {
  Ping: pinned,
  Skip: pinned,
  StatementPublished: pinned,
  AuthorizationProposal: pinned,
  AuthorizationAcceptance: pinned,
  AuthorizationSuspension: pinned,
  AuthorizationResumption: pinned,
  AuthorizationRevocation: pinned,
  AuthorizationContacts: pinned,
  JointProposal: pinned,
  JointSignature: pinned,
  JointConclusion: pinned,
  JointEnding: pinned,
  EntrustmentPublished: pinned,
  EntrustmentRevoked: pinned,
  CataloguePublished: pinned,
  // A revocation must arrive even where the authorization has ended.
  CertificateNotice: pinned,

  PreviewRequested: opening(receiving('R1a')),
  CaseTransfer: opening(receiving('R1a')),
  DirectOutcome: opening(receiving('R1a')),
  SupplementSubmitted: inCase(receiving('R1a')),
  WithdrawalRequested: inCase(receiving('R1a')),
  ResultDelivered: inCase(handling, receiving('R5')),
  CaseRated: inCase(receiving('R1a')),
  CaseNote: inCase(handling, receiving('R1a')),

  CaseAccepted: inCase(handling, receiving('R1b')),
  CaseRefused: inCase(handling, receiving('R1b')),
  SupplementRequested: inCase(handling, receiving('R1b')),

  PreviewGiven: inCase(handling),
  CaseReturned: inCase(handling),
  SpecialProcedureStarted: inCase(handling),
  SpecialProcedureEnded: inCase(handling),
  CaseDecided: inCase(handling),
  ResultIssued: inCase(handling),
  ResultRevoked: inCase(handling),

  // The region that asks is the receiving one, the region that issued the certificate the handling one.
  CertificateQuestion: inCheck('receiving'),
  CertificateAnswer: inCheck('handling'),
  // The region that holds the data is the handling one.
  DataQuestion: inCheck('receiving'),
  DataAnswer: inCheck('handling'),

  // The region that asks is the receiving one. Whoever has power over the item (事权) asks by itself.
  InquiryAsked: inInquiry(true, receiving('R3')),
  InquiryAnswered: inInquiry(false, handling),
  // What was sent by mistake must be taken back even where the authorization has ended.
  InquiryWithdrawn: pinned,
} as const satisfies Record<PayloadName, Requirement>;

/** Whether an envelope with this payload must cite an authorization. */
export function needsAuthorization(name: PayloadName): boolean {
  return POLICY[name].needs === 'authorization';
}

/** Whether an envelope with this payload needs its authorization to be in force, and not only to have been. */
export function opensUnder(name: PayloadName): boolean {
  const need: Requirement = POLICY[name];
  return need.needs === 'authorization' && need.opens;
}

import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Applicant as _tongban_v1_Applicant, Applicant__Output as _tongban_v1_Applicant__Output } from './tongban/v1/Applicant.ts';
import type { CaseAccepted as _tongban_v1_CaseAccepted, CaseAccepted__Output as _tongban_v1_CaseAccepted__Output } from './tongban/v1/CaseAccepted.ts';
import type { CaseDecided as _tongban_v1_CaseDecided, CaseDecided__Output as _tongban_v1_CaseDecided__Output } from './tongban/v1/CaseDecided.ts';
import type { CaseNote as _tongban_v1_CaseNote, CaseNote__Output as _tongban_v1_CaseNote__Output } from './tongban/v1/CaseNote.ts';
import type { CaseRated as _tongban_v1_CaseRated, CaseRated__Output as _tongban_v1_CaseRated__Output } from './tongban/v1/CaseRated.ts';
import type { CaseRefused as _tongban_v1_CaseRefused, CaseRefused__Output as _tongban_v1_CaseRefused__Output } from './tongban/v1/CaseRefused.ts';
import type { CaseReturned as _tongban_v1_CaseReturned, CaseReturned__Output as _tongban_v1_CaseReturned__Output } from './tongban/v1/CaseReturned.ts';
import type { CaseTransfer as _tongban_v1_CaseTransfer, CaseTransfer__Output as _tongban_v1_CaseTransfer__Output } from './tongban/v1/CaseTransfer.ts';
import type { CertificatePrinted as _tongban_v1_CertificatePrinted, CertificatePrinted__Output as _tongban_v1_CertificatePrinted__Output } from './tongban/v1/CertificatePrinted.ts';
import type { Commitment as _tongban_v1_Commitment, Commitment__Output as _tongban_v1_Commitment__Output } from './tongban/v1/Commitment.ts';
import type { CommittedMaterial as _tongban_v1_CommittedMaterial, CommittedMaterial__Output as _tongban_v1_CommittedMaterial__Output } from './tongban/v1/CommittedMaterial.ts';
import type { ComplaintLinked as _tongban_v1_ComplaintLinked, ComplaintLinked__Output as _tongban_v1_ComplaintLinked__Output } from './tongban/v1/ComplaintLinked.ts';
import type { Consent as _tongban_v1_Consent, Consent__Output as _tongban_v1_Consent__Output } from './tongban/v1/Consent.ts';
import type { DeliveryConfirmed as _tongban_v1_DeliveryConfirmed, DeliveryConfirmed__Output as _tongban_v1_DeliveryConfirmed__Output } from './tongban/v1/DeliveryConfirmed.ts';
import type { DirectOutcome as _tongban_v1_DirectOutcome, DirectOutcome__Output as _tongban_v1_DirectOutcome__Output } from './tongban/v1/DirectOutcome.ts';
import type { ErasureDone as _tongban_v1_ErasureDone, ErasureDone__Output as _tongban_v1_ErasureDone__Output } from './tongban/v1/ErasureDone.ts';
import type { ErasureRequested as _tongban_v1_ErasureRequested, ErasureRequested__Output as _tongban_v1_ErasureRequested__Output } from './tongban/v1/ErasureRequested.ts';
import type { FollowedUp as _tongban_v1_FollowedUp, FollowedUp__Output as _tongban_v1_FollowedUp__Output } from './tongban/v1/FollowedUp.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from './tongban/v1/Handler.ts';
import type { IdentityCheck as _tongban_v1_IdentityCheck, IdentityCheck__Output as _tongban_v1_IdentityCheck__Output } from './tongban/v1/IdentityCheck.ts';
import type { InquiryAnswered as _tongban_v1_InquiryAnswered, InquiryAnswered__Output as _tongban_v1_InquiryAnswered__Output } from './tongban/v1/InquiryAnswered.ts';
import type { InquiryAsked as _tongban_v1_InquiryAsked, InquiryAsked__Output as _tongban_v1_InquiryAsked__Output } from './tongban/v1/InquiryAsked.ts';
import type { InquirySubject as _tongban_v1_InquirySubject, InquirySubject__Output as _tongban_v1_InquirySubject__Output } from './tongban/v1/InquirySubject.ts';
import type { InquiryWithdrawn as _tongban_v1_InquiryWithdrawn, InquiryWithdrawn__Output as _tongban_v1_InquiryWithdrawn__Output } from './tongban/v1/InquiryWithdrawn.ts';
import type { JointReference as _tongban_v1_JointReference, JointReference__Output as _tongban_v1_JointReference__Output } from './tongban/v1/JointReference.ts';
import type { LegalBasis as _tongban_v1_LegalBasis, LegalBasis__Output as _tongban_v1_LegalBasis__Output } from './tongban/v1/LegalBasis.ts';
import type { Material as _tongban_v1_Material, Material__Output as _tongban_v1_Material__Output } from './tongban/v1/Material.ts';
import type { MaterialOpinion as _tongban_v1_MaterialOpinion, MaterialOpinion__Output as _tongban_v1_MaterialOpinion__Output } from './tongban/v1/MaterialOpinion.ts';
import type { MaterialsReviewed as _tongban_v1_MaterialsReviewed, MaterialsReviewed__Output as _tongban_v1_MaterialsReviewed__Output } from './tongban/v1/MaterialsReviewed.ts';
import type { PaperIssued as _tongban_v1_PaperIssued, PaperIssued__Output as _tongban_v1_PaperIssued__Output } from './tongban/v1/PaperIssued.ts';
import type { PaperParcel as _tongban_v1_PaperParcel, PaperParcel__Output as _tongban_v1_PaperParcel__Output } from './tongban/v1/PaperParcel.ts';
import type { PaperSent as _tongban_v1_PaperSent, PaperSent__Output as _tongban_v1_PaperSent__Output } from './tongban/v1/PaperSent.ts';
import type { PaperSignedIn as _tongban_v1_PaperSignedIn, PaperSignedIn__Output as _tongban_v1_PaperSignedIn__Output } from './tongban/v1/PaperSignedIn.ts';
import type { PassedOn as _tongban_v1_PassedOn, PassedOn__Output as _tongban_v1_PassedOn__Output } from './tongban/v1/PassedOn.ts';
import type { PreviewGiven as _tongban_v1_PreviewGiven, PreviewGiven__Output as _tongban_v1_PreviewGiven__Output } from './tongban/v1/PreviewGiven.ts';
import type { PreviewRequested as _tongban_v1_PreviewRequested, PreviewRequested__Output as _tongban_v1_PreviewRequested__Output } from './tongban/v1/PreviewRequested.ts';
import type { QuestionAnswered as _tongban_v1_QuestionAnswered, QuestionAnswered__Output as _tongban_v1_QuestionAnswered__Output } from './tongban/v1/QuestionAnswered.ts';
import type { QuestionAsked as _tongban_v1_QuestionAsked, QuestionAsked__Output as _tongban_v1_QuestionAsked__Output } from './tongban/v1/QuestionAsked.ts';
import type { RatingAnswered as _tongban_v1_RatingAnswered, RatingAnswered__Output as _tongban_v1_RatingAnswered__Output } from './tongban/v1/RatingAnswered.ts';
import type { RestHandedIn as _tongban_v1_RestHandedIn, RestHandedIn__Output as _tongban_v1_RestHandedIn__Output } from './tongban/v1/RestHandedIn.ts';
import type { ResultDelivered as _tongban_v1_ResultDelivered, ResultDelivered__Output as _tongban_v1_ResultDelivered__Output } from './tongban/v1/ResultDelivered.ts';
import type { ResultIssued as _tongban_v1_ResultIssued, ResultIssued__Output as _tongban_v1_ResultIssued__Output } from './tongban/v1/ResultIssued.ts';
import type { ResultRevoked as _tongban_v1_ResultRevoked, ResultRevoked__Output as _tongban_v1_ResultRevoked__Output } from './tongban/v1/ResultRevoked.ts';
import type { SignedInParcel as _tongban_v1_SignedInParcel, SignedInParcel__Output as _tongban_v1_SignedInParcel__Output } from './tongban/v1/SignedInParcel.ts';
import type { SpecialProcedureEnded as _tongban_v1_SpecialProcedureEnded, SpecialProcedureEnded__Output as _tongban_v1_SpecialProcedureEnded__Output } from './tongban/v1/SpecialProcedureEnded.ts';
import type { SpecialProcedureStarted as _tongban_v1_SpecialProcedureStarted, SpecialProcedureStarted__Output as _tongban_v1_SpecialProcedureStarted__Output } from './tongban/v1/SpecialProcedureStarted.ts';
import type { SupplementItem as _tongban_v1_SupplementItem, SupplementItem__Output as _tongban_v1_SupplementItem__Output } from './tongban/v1/SupplementItem.ts';
import type { SupplementRequested as _tongban_v1_SupplementRequested, SupplementRequested__Output as _tongban_v1_SupplementRequested__Output } from './tongban/v1/SupplementRequested.ts';
import type { SupplementSubmitted as _tongban_v1_SupplementSubmitted, SupplementSubmitted__Output as _tongban_v1_SupplementSubmitted__Output } from './tongban/v1/SupplementSubmitted.ts';
import type { WithdrawalRequested as _tongban_v1_WithdrawalRequested, WithdrawalRequested__Output as _tongban_v1_WithdrawalRequested__Output } from './tongban/v1/WithdrawalRequested.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      Applicant: MessageTypeDefinition<_tongban_v1_Applicant, _tongban_v1_Applicant__Output>
      CaseAccepted: MessageTypeDefinition<_tongban_v1_CaseAccepted, _tongban_v1_CaseAccepted__Output>
      CaseDecided: MessageTypeDefinition<_tongban_v1_CaseDecided, _tongban_v1_CaseDecided__Output>
      CaseNote: MessageTypeDefinition<_tongban_v1_CaseNote, _tongban_v1_CaseNote__Output>
      CaseRated: MessageTypeDefinition<_tongban_v1_CaseRated, _tongban_v1_CaseRated__Output>
      CaseRefused: MessageTypeDefinition<_tongban_v1_CaseRefused, _tongban_v1_CaseRefused__Output>
      CaseReturned: MessageTypeDefinition<_tongban_v1_CaseReturned, _tongban_v1_CaseReturned__Output>
      CaseTransfer: MessageTypeDefinition<_tongban_v1_CaseTransfer, _tongban_v1_CaseTransfer__Output>
      CertificatePrinted: MessageTypeDefinition<_tongban_v1_CertificatePrinted, _tongban_v1_CertificatePrinted__Output>
      Commitment: MessageTypeDefinition<_tongban_v1_Commitment, _tongban_v1_Commitment__Output>
      CommittedMaterial: MessageTypeDefinition<_tongban_v1_CommittedMaterial, _tongban_v1_CommittedMaterial__Output>
      ComplaintLinked: MessageTypeDefinition<_tongban_v1_ComplaintLinked, _tongban_v1_ComplaintLinked__Output>
      Consent: MessageTypeDefinition<_tongban_v1_Consent, _tongban_v1_Consent__Output>
      DeliveryConfirmed: MessageTypeDefinition<_tongban_v1_DeliveryConfirmed, _tongban_v1_DeliveryConfirmed__Output>
      DirectOutcome: MessageTypeDefinition<_tongban_v1_DirectOutcome, _tongban_v1_DirectOutcome__Output>
      ErasureDone: MessageTypeDefinition<_tongban_v1_ErasureDone, _tongban_v1_ErasureDone__Output>
      ErasureRequested: MessageTypeDefinition<_tongban_v1_ErasureRequested, _tongban_v1_ErasureRequested__Output>
      FollowedUp: MessageTypeDefinition<_tongban_v1_FollowedUp, _tongban_v1_FollowedUp__Output>
      Handler: MessageTypeDefinition<_tongban_v1_Handler, _tongban_v1_Handler__Output>
      IdentityCheck: MessageTypeDefinition<_tongban_v1_IdentityCheck, _tongban_v1_IdentityCheck__Output>
      InquiryAnswered: MessageTypeDefinition<_tongban_v1_InquiryAnswered, _tongban_v1_InquiryAnswered__Output>
      InquiryAsked: MessageTypeDefinition<_tongban_v1_InquiryAsked, _tongban_v1_InquiryAsked__Output>
      InquirySubject: MessageTypeDefinition<_tongban_v1_InquirySubject, _tongban_v1_InquirySubject__Output>
      InquiryWithdrawn: MessageTypeDefinition<_tongban_v1_InquiryWithdrawn, _tongban_v1_InquiryWithdrawn__Output>
      JointReference: MessageTypeDefinition<_tongban_v1_JointReference, _tongban_v1_JointReference__Output>
      LegalBasis: MessageTypeDefinition<_tongban_v1_LegalBasis, _tongban_v1_LegalBasis__Output>
      Material: MessageTypeDefinition<_tongban_v1_Material, _tongban_v1_Material__Output>
      MaterialOpinion: MessageTypeDefinition<_tongban_v1_MaterialOpinion, _tongban_v1_MaterialOpinion__Output>
      MaterialsReviewed: MessageTypeDefinition<_tongban_v1_MaterialsReviewed, _tongban_v1_MaterialsReviewed__Output>
      PaperIssued: MessageTypeDefinition<_tongban_v1_PaperIssued, _tongban_v1_PaperIssued__Output>
      PaperParcel: MessageTypeDefinition<_tongban_v1_PaperParcel, _tongban_v1_PaperParcel__Output>
      PaperSent: MessageTypeDefinition<_tongban_v1_PaperSent, _tongban_v1_PaperSent__Output>
      PaperSignedIn: MessageTypeDefinition<_tongban_v1_PaperSignedIn, _tongban_v1_PaperSignedIn__Output>
      PassedOn: MessageTypeDefinition<_tongban_v1_PassedOn, _tongban_v1_PassedOn__Output>
      PreviewGiven: MessageTypeDefinition<_tongban_v1_PreviewGiven, _tongban_v1_PreviewGiven__Output>
      PreviewRequested: MessageTypeDefinition<_tongban_v1_PreviewRequested, _tongban_v1_PreviewRequested__Output>
      QuestionAnswered: MessageTypeDefinition<_tongban_v1_QuestionAnswered, _tongban_v1_QuestionAnswered__Output>
      QuestionAsked: MessageTypeDefinition<_tongban_v1_QuestionAsked, _tongban_v1_QuestionAsked__Output>
      RatingAnswered: MessageTypeDefinition<_tongban_v1_RatingAnswered, _tongban_v1_RatingAnswered__Output>
      RestHandedIn: MessageTypeDefinition<_tongban_v1_RestHandedIn, _tongban_v1_RestHandedIn__Output>
      ResultDelivered: MessageTypeDefinition<_tongban_v1_ResultDelivered, _tongban_v1_ResultDelivered__Output>
      ResultIssued: MessageTypeDefinition<_tongban_v1_ResultIssued, _tongban_v1_ResultIssued__Output>
      ResultRevoked: MessageTypeDefinition<_tongban_v1_ResultRevoked, _tongban_v1_ResultRevoked__Output>
      SignedInParcel: MessageTypeDefinition<_tongban_v1_SignedInParcel, _tongban_v1_SignedInParcel__Output>
      SpecialProcedureEnded: MessageTypeDefinition<_tongban_v1_SpecialProcedureEnded, _tongban_v1_SpecialProcedureEnded__Output>
      SpecialProcedureStarted: MessageTypeDefinition<_tongban_v1_SpecialProcedureStarted, _tongban_v1_SpecialProcedureStarted__Output>
      SupplementItem: MessageTypeDefinition<_tongban_v1_SupplementItem, _tongban_v1_SupplementItem__Output>
      SupplementRequested: MessageTypeDefinition<_tongban_v1_SupplementRequested, _tongban_v1_SupplementRequested__Output>
      SupplementSubmitted: MessageTypeDefinition<_tongban_v1_SupplementSubmitted, _tongban_v1_SupplementSubmitted__Output>
      WithdrawalRequested: MessageTypeDefinition<_tongban_v1_WithdrawalRequested, _tongban_v1_WithdrawalRequested__Output>
    }
  }
}


// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { PaperSent as _tongban_v1_PaperSent, PaperSent__Output as _tongban_v1_PaperSent__Output } from '../../tongban/v1/PaperSent.ts';
import type { PaperSignedIn as _tongban_v1_PaperSignedIn, PaperSignedIn__Output as _tongban_v1_PaperSignedIn__Output } from '../../tongban/v1/PaperSignedIn.ts';
import type { MaterialsReviewed as _tongban_v1_MaterialsReviewed, MaterialsReviewed__Output as _tongban_v1_MaterialsReviewed__Output } from '../../tongban/v1/MaterialsReviewed.ts';
import type { PassedOn as _tongban_v1_PassedOn, PassedOn__Output as _tongban_v1_PassedOn__Output } from '../../tongban/v1/PassedOn.ts';
import type { QuestionAsked as _tongban_v1_QuestionAsked, QuestionAsked__Output as _tongban_v1_QuestionAsked__Output } from '../../tongban/v1/QuestionAsked.ts';
import type { QuestionAnswered as _tongban_v1_QuestionAnswered, QuestionAnswered__Output as _tongban_v1_QuestionAnswered__Output } from '../../tongban/v1/QuestionAnswered.ts';
import type { DeliveryConfirmed as _tongban_v1_DeliveryConfirmed, DeliveryConfirmed__Output as _tongban_v1_DeliveryConfirmed__Output } from '../../tongban/v1/DeliveryConfirmed.ts';
import type { RatingAnswered as _tongban_v1_RatingAnswered, RatingAnswered__Output as _tongban_v1_RatingAnswered__Output } from '../../tongban/v1/RatingAnswered.ts';
import type { ComplaintLinked as _tongban_v1_ComplaintLinked, ComplaintLinked__Output as _tongban_v1_ComplaintLinked__Output } from '../../tongban/v1/ComplaintLinked.ts';
import type { FollowedUp as _tongban_v1_FollowedUp, FollowedUp__Output as _tongban_v1_FollowedUp__Output } from '../../tongban/v1/FollowedUp.ts';
import type { CertificatePrinted as _tongban_v1_CertificatePrinted, CertificatePrinted__Output as _tongban_v1_CertificatePrinted__Output } from '../../tongban/v1/CertificatePrinted.ts';
import type { RestHandedIn as _tongban_v1_RestHandedIn, RestHandedIn__Output as _tongban_v1_RestHandedIn__Output } from '../../tongban/v1/RestHandedIn.ts';
import type { PaperIssued as _tongban_v1_PaperIssued, PaperIssued__Output as _tongban_v1_PaperIssued__Output } from '../../tongban/v1/PaperIssued.ts';
import type { ErasureRequested as _tongban_v1_ErasureRequested, ErasureRequested__Output as _tongban_v1_ErasureRequested__Output } from '../../tongban/v1/ErasureRequested.ts';
import type { ErasureDone as _tongban_v1_ErasureDone, ErasureDone__Output as _tongban_v1_ErasureDone__Output } from '../../tongban/v1/ErasureDone.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * Something that belongs to a case and does not move it (随件事项): either region notes it, and both keep it.
 */
export interface CaseNote {
  'handler'?: (_tongban_v1_Handler | null);
  'notedAt'?: (number | string | Long);
  'paperSent'?: (_tongban_v1_PaperSent | null);
  'paperSignedIn'?: (_tongban_v1_PaperSignedIn | null);
  'materialsReviewed'?: (_tongban_v1_MaterialsReviewed | null);
  'passedOn'?: (_tongban_v1_PassedOn | null);
  'questionAsked'?: (_tongban_v1_QuestionAsked | null);
  'questionAnswered'?: (_tongban_v1_QuestionAnswered | null);
  'deliveryConfirmed'?: (_tongban_v1_DeliveryConfirmed | null);
  'ratingAnswered'?: (_tongban_v1_RatingAnswered | null);
  'complaintLinked'?: (_tongban_v1_ComplaintLinked | null);
  'followedUp'?: (_tongban_v1_FollowedUp | null);
  'certificatePrinted'?: (_tongban_v1_CertificatePrinted | null);
  'restHandedIn'?: (_tongban_v1_RestHandedIn | null);
  'paperIssued'?: (_tongban_v1_PaperIssued | null);
  'erasureRequested'?: (_tongban_v1_ErasureRequested | null);
  'erasureDone'?: (_tongban_v1_ErasureDone | null);
  'note'?: "paperSent"|"paperSignedIn"|"materialsReviewed"|"passedOn"|"questionAsked"|"questionAnswered"|"deliveryConfirmed"|"ratingAnswered"|"complaintLinked"|"followedUp"|"certificatePrinted"|"restHandedIn"|"paperIssued"|"erasureRequested"|"erasureDone";
}

/**
 * Something that belongs to a case and does not move it (随件事项): either region notes it, and both keep it.
 */
export interface CaseNote__Output {
  'handler': (_tongban_v1_Handler__Output | null);
  'notedAt': (number);
  'paperSent'?: (_tongban_v1_PaperSent__Output | null);
  'paperSignedIn'?: (_tongban_v1_PaperSignedIn__Output | null);
  'materialsReviewed'?: (_tongban_v1_MaterialsReviewed__Output | null);
  'passedOn'?: (_tongban_v1_PassedOn__Output | null);
  'questionAsked'?: (_tongban_v1_QuestionAsked__Output | null);
  'questionAnswered'?: (_tongban_v1_QuestionAnswered__Output | null);
  'deliveryConfirmed'?: (_tongban_v1_DeliveryConfirmed__Output | null);
  'ratingAnswered'?: (_tongban_v1_RatingAnswered__Output | null);
  'complaintLinked'?: (_tongban_v1_ComplaintLinked__Output | null);
  'followedUp'?: (_tongban_v1_FollowedUp__Output | null);
  'certificatePrinted'?: (_tongban_v1_CertificatePrinted__Output | null);
  'restHandedIn'?: (_tongban_v1_RestHandedIn__Output | null);
  'paperIssued'?: (_tongban_v1_PaperIssued__Output | null);
  'erasureRequested'?: (_tongban_v1_ErasureRequested__Output | null);
  'erasureDone'?: (_tongban_v1_ErasureDone__Output | null);
  'note'?: "paperSent"|"paperSignedIn"|"materialsReviewed"|"passedOn"|"questionAsked"|"questionAnswered"|"deliveryConfirmed"|"ratingAnswered"|"complaintLinked"|"followedUp"|"certificatePrinted"|"restHandedIn"|"paperIssued"|"erasureRequested"|"erasureDone";
}

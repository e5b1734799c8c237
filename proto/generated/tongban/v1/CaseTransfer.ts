// Original file: tongban/v1/case.proto

import type { Applicant as _tongban_v1_Applicant, Applicant__Output as _tongban_v1_Applicant__Output } from '../../tongban/v1/Applicant.ts';
import type { Material as _tongban_v1_Material, Material__Output as _tongban_v1_Material__Output } from '../../tongban/v1/Material.ts';
import type { IdentityCheck as _tongban_v1_IdentityCheck, IdentityCheck__Output as _tongban_v1_IdentityCheck__Output } from '../../tongban/v1/IdentityCheck.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { LegalBasis as _tongban_v1_LegalBasis, LegalBasis__Output as _tongban_v1_LegalBasis__Output } from '../../tongban/v1/LegalBasis.ts';
import type { JointReference as _tongban_v1_JointReference, JointReference__Output as _tongban_v1_JointReference__Output } from '../../tongban/v1/JointReference.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P4 -> P6: the receiving region (收件地) hands the case to the handling region (办理地).
 */
export interface CaseTransfer {
  /**
   * Item code (事项编码) in the handling region's catalogue.
   */
  'item'?: (string);
  /**
   * Digest of the item version that the window worked from.
   */
  'itemDigest'?: (Buffer | Uint8Array | string);
  /**
   * online, agency, joint or direct.
   */
  'mode'?: (string);
  /**
   * Case number (办件编号) of the receiving region.
   */
  'caseNumber'?: (string);
  'applicant'?: (_tongban_v1_Applicant | null);
  /**
   * Form fields by name, each on the authorization's allow-list.
   */
  'form'?: ({[key: string]: string});
  'materials'?: (_tongban_v1_Material)[];
  /**
   * R4: outcome of comparing person and document; absent where nobody compared.
   */
  'identityCheck'?: (_tongban_v1_IdentityCheck | null);
  /**
   * Number and time of the receipt notice (收件通知书).
   */
  'receiptNotice'?: (string);
  'receivedAt'?: (number | string | Long);
  /**
   * First window responsible (首问负责).
   */
  'handler'?: (_tongban_v1_Handler | null);
  /**
   * P16: by which the applicant asks either region how far the case is (查询码).
   */
  'queryCode'?: (string);
  /**
   * Why the personal data of the case may be handled.
   */
  'legalBasis'?: (_tongban_v1_LegalBasis | null);
  /**
   * M3 多地联办: the part of a joint-handling agreement that the case is; absent in every other mode.
   */
  'joint'?: (_tongban_v1_JointReference | null);
  /**
   * B6 一件事: number of the bundle case at the receiving region, which alone hands over; empty for a case on its own. Mode agency.
   */
  'bundleNumber'?: (string);
}

/**
 * P4 -> P6: the receiving region (收件地) hands the case to the handling region (办理地).
 */
export interface CaseTransfer__Output {
  /**
   * Item code (事项编码) in the handling region's catalogue.
   */
  'item': (string);
  /**
   * Digest of the item version that the window worked from.
   */
  'itemDigest': (Buffer);
  /**
   * online, agency, joint or direct.
   */
  'mode': (string);
  /**
   * Case number (办件编号) of the receiving region.
   */
  'caseNumber': (string);
  'applicant': (_tongban_v1_Applicant__Output | null);
  /**
   * Form fields by name, each on the authorization's allow-list.
   */
  'form': ({[key: string]: string});
  'materials': (_tongban_v1_Material__Output)[];
  /**
   * R4: outcome of comparing person and document; absent where nobody compared.
   */
  'identityCheck': (_tongban_v1_IdentityCheck__Output | null);
  /**
   * Number and time of the receipt notice (收件通知书).
   */
  'receiptNotice': (string);
  'receivedAt': (number);
  /**
   * First window responsible (首问负责).
   */
  'handler': (_tongban_v1_Handler__Output | null);
  /**
   * P16: by which the applicant asks either region how far the case is (查询码).
   */
  'queryCode': (string);
  /**
   * Why the personal data of the case may be handled.
   */
  'legalBasis': (_tongban_v1_LegalBasis__Output | null);
  /**
   * M3 多地联办: the part of a joint-handling agreement that the case is; absent in every other mode.
   */
  'joint': (_tongban_v1_JointReference__Output | null);
  /**
   * B6 一件事: number of the bundle case at the receiving region, which alone hands over; empty for a case on its own. Mode agency.
   */
  'bundleNumber': (string);
}

// Original file: tongban/v1/case.proto

import type { Applicant as _tongban_v1_Applicant, Applicant__Output as _tongban_v1_Applicant__Output } from '../../tongban/v1/Applicant.ts';
import type { Material as _tongban_v1_Material, Material__Output as _tongban_v1_Material__Output } from '../../tongban/v1/Material.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { LegalBasis as _tongban_v1_LegalBasis, LegalBasis__Output as _tongban_v1_LegalBasis__Output } from '../../tongban/v1/LegalBasis.ts';

/**
 * P0 预审: the receiving region asks what is thought of the materials before the application is made. No legal clock runs.
 */
export interface PreviewRequested {
  'item'?: (string);
  'itemDigest'?: (Buffer | Uint8Array | string);
  'mode'?: (string);
  'caseNumber'?: (string);
  'applicant'?: (_tongban_v1_Applicant | null);
  'form'?: ({[key: string]: string});
  'materials'?: (_tongban_v1_Material)[];
  'handler'?: (_tongban_v1_Handler | null);
  'queryCode'?: (string);
  'legalBasis'?: (_tongban_v1_LegalBasis | null);
}

/**
 * P0 预审: the receiving region asks what is thought of the materials before the application is made. No legal clock runs.
 */
export interface PreviewRequested__Output {
  'item': (string);
  'itemDigest': (Buffer);
  'mode': (string);
  'caseNumber': (string);
  'applicant': (_tongban_v1_Applicant__Output | null);
  'form': ({[key: string]: string});
  'materials': (_tongban_v1_Material__Output)[];
  'handler': (_tongban_v1_Handler__Output | null);
  'queryCode': (string);
  'legalBasis': (_tongban_v1_LegalBasis__Output | null);
}

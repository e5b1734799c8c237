/** Face of the layer: the platforms of the own region. Other layers import only this. */
export {
  type Adapter,
  type AdapterContext,
  type AdapterState,
  type CaseDesk,
  type CaseReference,
  type DataFinding,
  type DataQuery,
  type DataSource,
  type DeliverySink,
  PlatformError,
  type PlatformEvent,
  type PushedRecord,
  type Submission,
  type SubmissionFile,
  type SubmissionHook,
  type SubmissionOutcome,
  type SubmissionSource,
  type Submit,
  type TakenOutcome,
  type Wish,
} from './adapter.ts';
export { ADAPTER_KINDS, createAdapter } from './catalog.ts';
export { structuredEvent } from './cloud-event.ts';
export type { CreditFinding, CreditQuery } from './credit.ts';
export { createHttpSeal } from './http/http-seal.ts';
export { networksRule } from './http/targets.ts';
export { createWebhook, type Webhook } from './http/webhook.ts';
export { verifyWebhook } from './http/webhook-signature.ts';
export type { Explanation, FileMapping } from './mapping/file-mapping.ts';
export { loadMapping } from './mapping/load-mapping.ts';
export type { MappedMaterial, MappedOut } from './mapping/mapping.ts';
export { replaceStandIns } from './mapping/stand-in.ts';
export type { FoundRecord } from './records/read-records.ts';
export { readSample, type SampledPlatform } from './sample.ts';
export {
  SEAL_LIMITS,
  SealError,
  type SealedDocument,
  type SealFault,
  type SealPlace,
  type SealRequest,
  type SealService,
  SIGNATORIES,
  type Signatory,
} from './seal.ts';
export { answerProblems, isServiceAnswer } from './services/answers.ts';
export type { Locker } from './services/locker.ts';
export { PARCEL_STATES, type ParcelStep, type ParcelTracker } from './services/parcels.ts';
export type { RatingPlatform } from './services/rating.ts';
export { requestType, SERVICE_CALLS } from './services/service-words.ts';
export type { SmsSender } from './services/sms.ts';
export type { Supervision } from './services/supervision.ts';

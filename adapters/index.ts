/** Face of the layer: the platforms of the own region. Other layers import only this. */
export {
  type Adapter,
  type AdapterContext,
  type DataFinding,
  type DataQuery,
  type DataSource,
  type DeliverySink,
  PlatformError,
  type PlatformEvent,
  type Submission,
  type SubmissionFile,
  type SubmissionOutcome,
  type SubmissionSource,
  type Submit,
} from './adapter.ts';
export { ADAPTER_KINDS, createAdapter } from './catalog.ts';
export type { CreditFinding, CreditQuery } from './credit.ts';
export { createHttpSeal } from './http/http-seal.ts';
export { verifyWebhook } from './http/webhook-signature.ts';
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

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
export { verifyWebhook } from './http/webhook-signature.ts';

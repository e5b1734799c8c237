import type { ApiContext } from '../context.ts';
import { answerOnce } from '../helpers/idempotency.ts';
import { SqlIdempotencyStore } from '../helpers/idempotency-store.ts';
import type { RouteModule } from '../typed.ts';
import { administratorRoutes } from './administrators.ts';
import { archiveRoutes } from './archive.ts';
import { auditRoutes } from './audit.ts';
import { authorizationRoutes } from './authorizations.ts';
import { bulkRoutes } from './bulk.ts';
import { bundleRoutes } from './bundles.ts';
import { caseListRoutes } from './case-list.ts';
import { caseRoutes } from './cases.ts';
import { certificateLibraryRoutes } from './certificate-library.ts';
import { noticeRoutes } from './certificate-notices.ts';
import { certificateVerifyRoutes } from './certificate-verify.ts';
import { certificateRoutes } from './certificates.ts';
import { checkRoutes } from './checks.ts';
import { consoleRoutes } from './console.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { documentRoutes } from './documents.ts';
import { entrustmentRoutes } from './entrustments.ts';
import { envelopeRoutes } from './envelopes.ts';
import { eventRoutes } from './events.ts';
import { evidenceRoutes } from './evidence.ts';
import { federationRoutes } from './federation.ts';
import { hookRoutes } from './hooks.ts';
import { inquiryRoutes } from './inquiries.ts';
import { itemRoutes } from './items.ts';
import { jointRoutes } from './joint-agreements.ts';
import { jointCaseRoutes } from './joint-cases.ts';
import { materialRoutes } from './materials.ts';
import { paperRoutes } from './papers.ts';
import { parkedMaterialRoutes } from './parked-materials.ts';
import { peerRoutes } from './peers.ts';
import { personalRoutes } from './personal.ts';
import { recoveryRoutes } from './recovery.ts';
import { repinRoutes } from './repin.ts';
import { reportRoutes } from './reports.ts';
import { stampedCopyRoutes } from './stamped-copies.ts';
import { standingRoutes } from './standing.ts';
import { statementRoutes } from './statement.ts';
import { statusListRoutes } from './status-list.ts';
import { uploadRoutes } from './uploads.ts';
import { verifyRoutes } from './verify.ts';
import { webhookRoutes } from './webhooks.ts';

/** Every route of the API. Who may call them is in `ROUTE_ACCESS`. */
export function allRoutes(context: ApiContext): RouteModule[] {
  const answers = new SqlIdempotencyStore(context.store, context.clock);
  return [
    peerRoutes(context),
    repinRoutes(context),
    statementRoutes(context),
    federationRoutes(context),
    standingRoutes(context),
    envelopeRoutes(context),
    deadLetterRoutes(context),
    recoveryRoutes(context),
    administratorRoutes(context),
    auditRoutes(context),
    archiveRoutes(context),
    authorizationRoutes(context),
    jointRoutes(context),
    entrustmentRoutes(context),
    itemRoutes(context),
    caseListRoutes(context),
    caseRoutes(context, answerOnce(answers), answers),
    bundleRoutes(context),
    jointCaseRoutes(context, answerOnce(answers)),
    inquiryRoutes(context, answerOnce(answers)),
    bulkRoutes(context),
    eventRoutes(context),
    webhookRoutes(context, answerOnce(answers), answers),
    uploadRoutes(context),
    personalRoutes(context, answerOnce(answers)),
    materialRoutes(context),
    parkedMaterialRoutes(context),
    paperRoutes(context),
    documentRoutes(context),
    certificateLibraryRoutes(context),
    certificateRoutes(context, answerOnce(answers), answers),
    certificateVerifyRoutes(context),
    stampedCopyRoutes(context),
    noticeRoutes(context),
    checkRoutes(context),
    statusListRoutes(context),
    verifyRoutes(context),
    consoleRoutes(context),
    hookRoutes(context),
    evidenceRoutes(context),
    reportRoutes(context),
  ];
}

import type { Target } from './target.ts';
import { certificateTargets } from './targets/certificates.ts';
import { envelopeTargets } from './targets/envelopes.ts';
import { evidenceTargets } from './targets/evidence.ts';
import { messageTargets } from './targets/messages.ts';

/** Everything that others may send, as functions: nothing is started. */
export async function offlineTargets(): Promise<Target[]> {
  return [
    ...messageTargets(),
    ...(await envelopeTargets()),
    ...(await certificateTargets()),
    ...(await evidenceTargets()),
  ];
}

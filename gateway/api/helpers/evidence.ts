import type { FastifyRequest } from 'fastify';
import type { ApiContext } from '../context.ts';
import { isShownInFull } from './purpose.ts';

/** A file as it is sent: its name, and its bytes. */
interface EvidenceFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * The evidence (存证包) of a case or an inquiry. Payloads are in it only for who may see personal data and says what for, which
 * is recorded; everything else verifies without them.
 */
export async function evidenceOf(
  context: ApiContext,
  request: FastifyRequest,
  { conversation, number }: { readonly conversation: string; readonly number: string },
): Promise<EvidenceFile> {
  const hasPayloads = await isShownInFull(context, request, { conversation, what: 'evidence', subject: '' });
  const bundle = await context.exportEvidence(conversation, hasPayloads);
  return { name: `evidence-${number}.json`, bytes: Buffer.from(bundle) };
}

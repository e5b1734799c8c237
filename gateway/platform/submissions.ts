import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Submission, SubmissionOutcome } from '#adapters';
import { CodedError } from '#proto';
import type { CaseFile } from '../case/case-file.ts';
import type { CaseService } from '../case/case-service.ts';

/**
 * Takes a case that a local platform handed in: opens it, takes its files, and hands it over. The key of the
 * submission decides the conversation, so that a repeat, also after a crash in the middle, goes on with the same case.
 *
 * @returns a final outcome; retryable trouble is thrown, and the platform's adapter offers the submission again
 */
export async function takeSubmission(cases: CaseService, submission: Submission): Promise<SubmissionOutcome> {
  try {
    const opened = await openCase(cases, submission);
    const file = await handOver(cases, opened, submission);
    return { ok: true, conversation: file.conversation, caseNumber: file.number };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { ok: false, code: error.code, message: error.message, problems: error.problems };
  }
}

async function openCase(cases: CaseService, { key, body }: Submission): Promise<CaseFile> {
  const conversation = conversationOf(key);
  try {
    return await cases.demand(conversation);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'NOT_FOUND') throw error;
    return cases.create(body, { conversation });
  }
}

async function handOver(cases: CaseService, opened: CaseFile, { files }: Submission): Promise<CaseFile> {
  let file = opened;
  const { conversation, document } = file;
  const { handler } = document;
  if (file.state === 'draft') {
    for (const { name, path, mediaType } of files) {
      const material = await cases.addMaterial(conversation, { name, mediaType, grade: 'C' }, createReadStream(path));
      // The platform's window vouches for what it hands in as compared with the original.
      await cases.checkOriginal(conversation, material.digest, handler);
    }
    file = await cases.act(conversation, 'receive', { handler });
  }
  if (file.state === 'received' && !file.pending) file = await cases.act(conversation, 'transfer', { handler });
  return file;
}

/** A UUID (version 8, RFC 9562) that is the same for the same key. */
function conversationOf(key: string): string {
  const bytes = createHash('sha256').update(key).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

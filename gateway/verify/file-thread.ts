import { parentPort, workerData } from 'node:worker_threads';
import { examineDocument, NOBODY, readTrustList, signerOfPdf, VerificationError } from '#trust';
import type { FileTask, FileThreadResult } from './examine-file.ts';

/** What runs in the thread: one file, what it is as a document, and whether it is a PDF as regions sign them. */

const { bytes, trust, revocationLists = [], now } = workerData as FileTask;
const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const lists = revocationLists.map((list) => Buffer.from(list.buffer, list.byteOffset, list.byteLength));
const report = examineDocument(buffer, trust === '' ? NOBODY : readTrustList(trust, lists), now);
const signer = report.format === 'pdf' ? await signerOfPdf(buffer, now).catch(noSigner) : undefined;
parentPort?.postMessage({ report, signer } satisfies FileThreadResult);

function noSigner(error: unknown): undefined {
  if (!(error instanceof VerificationError)) throw error;
}

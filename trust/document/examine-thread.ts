import { parentPort, workerData } from 'node:worker_threads';
import { examineDocument, NOBODY, readTrustList } from './document.ts';
import type { ThreadTask } from './thread.ts';

/** What runs in the thread: one document, one report. */

const { bytes, trust, revocationLists = [], now } = workerData as ThreadTask;
const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const lists = revocationLists.map((list) => Buffer.from(list.buffer, list.byteOffset, list.byteLength));
parentPort?.postMessage(examineDocument(buffer, trust === '' ? NOBODY : readTrustList(trust, lists), now));

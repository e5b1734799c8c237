import type { SubmissionOutcome } from '../adapter.ts';
import { toldOutcome } from '../outcomes.ts';
import type { FetchedRecord } from './cluster.ts';
import type { ReceivedRecord } from './read-record.ts';
import type { OutgoingRecord } from './record-publisher.ts';

/**
 * Tells what became of a record. The key of the submission is the id, by which a repeated reply is known; the record key is
 * that of the record, so that replies keep its order.
 */
export function replyTo(
  { topic, partition, offset }: FetchedRecord,
  { submission, recordKey, id }: ReceivedRecord,
  outcome: SubmissionOutcome,
  replyTopic: string,
): OutgoingRecord {
  return {
    topic: replyTopic,
    key: recordKey ?? Buffer.from(submission.key),
    headers: {
      'message-id': submission.key,
      ...(id !== undefined && { 'correlation-id': id }),
      'content-type': 'application/json',
      'tongban-topic': topic,
      'tongban-partition': String(partition),
      'tongban-offset': String(offset),
    },
    value: Buffer.from(JSON.stringify(toldOutcome(outcome))),
  };
}

import type { SubmissionOutcome, TakenOutcome } from '../adapter.ts';
import { replyId, toldOutcome } from '../outcomes.ts';
import type { FetchedRecord } from './cluster.ts';
import type { ReceivedRecord } from './read-record.ts';
import type { OutgoingRecord } from './record-publisher.ts';

/** Tells what became of a record. The record key is that of the record, so that replies keep its order. */
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
      'message-id': replyId(submission.key, outcome.ok),
      ...(id !== undefined && { 'correlation-id': id }),
      'content-type': 'application/json',
      'tongban-topic': topic,
      'tongban-partition': String(partition),
      'tongban-offset': String(offset),
    },
    value: Buffer.from(JSON.stringify(toldOutcome(outcome))),
  };
}

/**
 * Tells that what was refused has been taken after all. The record is not known any more, nor its id: the reply names the
 * one that refused it.
 *
 * @param key of the submission
 */
export function lateReply(key: string, outcome: TakenOutcome, replyTopic: string): OutgoingRecord {
  return {
    topic: replyTopic,
    key: Buffer.from(key),
    headers: {
      'message-id': replyId(key, outcome.ok),
      'correlation-id': replyId(key, false),
      'content-type': 'application/json',
    },
    value: Buffer.from(JSON.stringify(toldOutcome(outcome))),
  };
}

// Original file: tongban/v1/evidence.proto

export const LogEntryKind = {
  LOG_ENTRY_KIND_UNSPECIFIED: 'LOG_ENTRY_KIND_UNSPECIFIED',
  /**
   * We accepted an envelope for sending.
   */
  LOG_ENTRY_KIND_ENVELOPE_SENT: 'LOG_ENTRY_KIND_ENVELOPE_SENT',
  /**
   * We gave a final verdict; the subject is our receipt.
   */
  LOG_ENTRY_KIND_VERDICT_GIVEN: 'LOG_ENTRY_KIND_VERDICT_GIVEN',
  /**
   * We received a verdict; the subject is the peer's receipt.
   */
  LOG_ENTRY_KIND_RECEIPT_RECEIVED: 'LOG_ENTRY_KIND_RECEIPT_RECEIVED',
  /**
   * We answered a Check; the subject is our answer.
   */
  LOG_ENTRY_KIND_CHECK_ANSWERED: 'LOG_ENTRY_KIND_CHECK_ANSWERED',
  /**
   * We asked a Check; the subject is our question.
   */
  LOG_ENTRY_KIND_CHECK_ASKED: 'LOG_ENTRY_KIND_CHECK_ASKED',
  /**
   * We took the answer to a Check of ours; the subject is the peer's answer.
   */
  LOG_ENTRY_KIND_ANSWER_RECEIVED: 'LOG_ENTRY_KIND_ANSWER_RECEIVED',
  /**
   * We began a new epoch of this log; the subject is the hash of what we signed for the peer about it.
   */
  LOG_ENTRY_KIND_EPOCH_OPENED: 'LOG_ENTRY_KIND_EPOCH_OPENED',
  /**
   * Somebody acted on our gateway through its API; the subject is the leaf of the record of that, and the peer is our own region.
   */
  LOG_ENTRY_KIND_OPERATOR_ACTION: 'LOG_ENTRY_KIND_OPERATOR_ACTION',
  /**
   * We closed a volume of the archive; the subject is the SHA-256 of its file, the peer we ourselves.
   */
  LOG_ENTRY_KIND_ARCHIVE_CLOSED: 'LOG_ENTRY_KIND_ARCHIVE_CLOSED',
} as const;

export type LogEntryKind =
  | 'LOG_ENTRY_KIND_UNSPECIFIED'
  | 0
  /**
   * We accepted an envelope for sending.
   */
  | 'LOG_ENTRY_KIND_ENVELOPE_SENT'
  | 1
  /**
   * We gave a final verdict; the subject is our receipt.
   */
  | 'LOG_ENTRY_KIND_VERDICT_GIVEN'
  | 2
  /**
   * We received a verdict; the subject is the peer's receipt.
   */
  | 'LOG_ENTRY_KIND_RECEIPT_RECEIVED'
  | 3
  /**
   * We answered a Check; the subject is our answer.
   */
  | 'LOG_ENTRY_KIND_CHECK_ANSWERED'
  | 4
  /**
   * We asked a Check; the subject is our question.
   */
  | 'LOG_ENTRY_KIND_CHECK_ASKED'
  | 5
  /**
   * We took the answer to a Check of ours; the subject is the peer's answer.
   */
  | 'LOG_ENTRY_KIND_ANSWER_RECEIVED'
  | 6
  /**
   * We began a new epoch of this log; the subject is the hash of what we signed for the peer about it.
   */
  | 'LOG_ENTRY_KIND_EPOCH_OPENED'
  | 7
  /**
   * Somebody acted on our gateway through its API; the subject is the leaf of the record of that, and the peer is our own region.
   */
  | 'LOG_ENTRY_KIND_OPERATOR_ACTION'
  | 8
  /**
   * We closed a volume of the archive; the subject is the SHA-256 of its file, the peer we ourselves.
   */
  | 'LOG_ENTRY_KIND_ARCHIVE_CLOSED'
  | 9

export type LogEntryKind__Output = typeof LogEntryKind[keyof typeof LogEntryKind]

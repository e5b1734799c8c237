/** Tables of one-thing bundles (一件事), dead letters and inquiries, and what cases are found by. Times are milliseconds. */
export const schema0006 = `
-- every version of a bundle that our region defined; superseded_at is null while it holds
CREATE TABLE bundle_version (
  code TEXT NOT NULL,
  n INTEGER NOT NULL,
  digest BLOB NOT NULL,
  document TEXT NOT NULL,
  valid_since INTEGER NOT NULL,
  superseded_at INTEGER,
  PRIMARY KEY (code, n)
) WITHOUT ROWID;
-- a joint case follows an agreement, or a version of a bundle; the other is empty
ALTER TABLE joint_case ADD COLUMN bundle TEXT NOT NULL DEFAULT '';
ALTER TABLE joint_case ADD COLUMN bundle_version INTEGER NOT NULL DEFAULT 0;
-- when what is personal in it was erased
ALTER TABLE joint_case ADD COLUMN erased_at INTEGER;
CREATE INDEX joint_case_bundle ON joint_case (created_at, conversation) WHERE bundle <> '';
CREATE INDEX joint_case_idle ON joint_case (updated_at, conversation) WHERE erased_at IS NULL;
-- what left a queue without being delivered (死信) and why; closed_at: somebody dealt with it, and the row is the record of that
CREATE TABLE dead_letter (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  queue TEXT NOT NULL,
  -- the peer or the platform
  name TEXT NOT NULL,
  -- position in outbox or platform_event
  place INTEGER NOT NULL,
  subject TEXT NOT NULL,
  type TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  reason TEXT NOT NULL,
  code TEXT NOT NULL,
  since INTEGER NOT NULL,
  dead_at INTEGER NOT NULL,
  outcome TEXT NOT NULL DEFAULT '',
  -- envelope that was sent in its place
  successor TEXT NOT NULL DEFAULT '',
  done_by TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  closed_at INTEGER
);
CREATE UNIQUE INDEX dead_letter_open ON dead_letter (queue, name, place) WHERE closed_at IS NULL;
CREATE INDEX dead_letter_subject ON dead_letter (subject, queue, name) WHERE closed_at IS NULL;
CREATE INDEX dead_letter_id ON dead_letter (id, position);
INSERT INTO dead_letter (id, queue, name, place, subject, type, sequence, reason, code, since, dead_at)
  SELECT held.adapter || ':' || held.position, 'platform', held.adapter, held.position, event.subject, event.type,
    event.sequence, 'undeliverable', held.code, held.first_at, held.last_at
  FROM platform_held AS held JOIN platform_event AS event ON event.position = held.position
  WHERE held.state = 'parked';
-- since when the peer does not take an envelope; null while all is well
ALTER TABLE outbox ADD COLUMN troubled_at INTEGER;
-- what a region asks another outside any case (协查、咨询), at either of them; next_at is null when nobody waits for an answer
CREATE TABLE inquiry (
  conversation TEXT NOT NULL PRIMARY KEY,
  number TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('asking', 'asked')),
  peer TEXT NOT NULL,
  kind TEXT NOT NULL,
  item TEXT NOT NULL,
  state TEXT NOT NULL,
  authorization_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  reply_by INTEGER NOT NULL,
  next_at INTEGER,
  stage TEXT NOT NULL DEFAULT 'reply-warning',
  is_late INTEGER NOT NULL DEFAULT 0,
  closed_at INTEGER,
  erased_at INTEGER,
  -- 1 while its envelopes hold something that is to be erased
  owes_erasure INTEGER NOT NULL DEFAULT 0,
  code TEXT NOT NULL DEFAULT ''
);
CREATE INDEX inquiry_asked ON inquiry (asked_at, conversation);
CREATE INDEX inquiry_number ON inquiry (number);
CREATE INDEX inquiry_due ON inquiry (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX inquiry_owed ON inquiry (conversation) WHERE owes_erasure = 1;
-- by whom a case is found; null in a case of before, until it was read again, and empty when nobody is to be found by it
ALTER TABLE case_file ADD COLUMN applicant_key TEXT;
ALTER TABLE case_file ADD COLUMN applicant_name TEXT;
-- when the first of its running time limits runs out; null while none runs
ALTER TABLE case_file ADD COLUMN due_at INTEGER;
CREATE INDEX case_file_unread ON case_file (conversation) WHERE applicant_key IS NULL;
CREATE INDEX case_file_applicant ON case_file (applicant_key, created_at, conversation) WHERE applicant_key <> '';
CREATE INDEX case_file_name ON case_file (applicant_name, created_at, conversation) WHERE applicant_name <> '';
-- the columns behind the conversation sort out without reading the rows
CREATE INDEX case_file_due ON case_file (due_at, conversation, state, peer, item, role, mode) WHERE due_at IS NOT NULL;
CREATE INDEX case_file_updated ON case_file (updated_at, conversation, state, peer, item, role, mode);
CREATE INDEX case_file_state ON case_file (state, created_at, conversation, peer, item, role, mode);
CREATE INDEX case_file_item ON case_file (item, created_at, conversation, peer, role, mode);
CREATE INDEX case_file_peer ON case_file (peer, created_at, conversation, role, mode);
CREATE INDEX case_file_part ON case_file (role, mode, created_at, conversation)
`;

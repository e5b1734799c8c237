/** Tables of what platforms do and are told. Times are milliseconds. */
export const schema0008 = `
-- events up to here may be gone: whoever has read less has missed some
CREATE TABLE platform_event_gone (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL
);
-- how far an adapter has read at a platform in which it may write nothing; state: text of its own
CREATE TABLE platform_state (
  adapter TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
-- where a platform wants its events sent (webhook), as it said itself; types: JSON, empty for all; secrets: sealed; state: active, paused
CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  url TEXT NOT NULL,
  types TEXT NOT NULL,
  state TEXT NOT NULL,
  secrets TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhook_owner ON webhook (owner, id);
-- the last attempts to deliver to each; nothing of an event but its id and type. status: of HTTP, 0 without an answer
CREATE TABLE webhook_attempt (
  webhook TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  type TEXT NOT NULL,
  status INTEGER NOT NULL,
  code TEXT NOT NULL,
  ms INTEGER NOT NULL,
  PRIMARY KEY (webhook, n)
) WITHOUT ROWID;
-- files of cases that arrive in parts from our own platforms; done_at is null until the file belongs to the case; share: whose quota they
-- count against, a digest
CREATE TABLE material_upload (
  conversation TEXT NOT NULL,
  digest BLOB NOT NULL,
  name TEXT NOT NULL,
  grade TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  share TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  done_at INTEGER,
  PRIMARY KEY (conversation, digest)
) WITHOUT ROWID;
CREATE INDEX material_upload_end ON material_upload (expires_at);
-- numbers that platforms gave to cases (平台办件号)
CREATE TABLE platform_reference (
  adapter TEXT NOT NULL,
  reference TEXT NOT NULL,
  conversation TEXT NOT NULL,
  bound_at INTEGER NOT NULL,
  PRIMARY KEY (adapter, reference)
) WITHOUT ROWID;
CREATE UNIQUE INDEX platform_reference_case ON platform_reference (conversation, adapter);
-- acts and notes of submissions that were done, each written with what it did; step: its place in the submission, from 0
CREATE TABLE platform_taken (
  adapter TEXT NOT NULL,
  key TEXT NOT NULL,
  step INTEGER NOT NULL,
  wish TEXT NOT NULL,
  conversation TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  PRIMARY KEY (adapter, key, step)
) WITHOUT ROWID;
CREATE INDEX platform_taken_at ON platform_taken (taken_at);
-- what a service is asked about until it has come to its end; service: parcels, locker; next_at: when it is asked again
CREATE TABLE service_watch (
  service TEXT NOT NULL,
  conversation TEXT NOT NULL,
  since INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  PRIMARY KEY (service, conversation)
) WITHOUT ROWID;
CREATE INDEX service_watch_next ON service_watch (next_at, service, conversation);
-- submissions that were refused and have an open dead letter (死信); document: as the platform handed it in, as JSON;
-- refusal: message and problems, as JSON; attempts: how often it was refused
CREATE TABLE platform_parked (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  adapter TEXT NOT NULL,
  key TEXT NOT NULL,
  document TEXT NOT NULL,
  refusal TEXT NOT NULL,
  attempts INTEGER NOT NULL
);
CREATE UNIQUE INDEX platform_parked_key ON platform_parked (adapter, key);
-- volumes of the archive that have checks which left the database; until now a moment was written down in their place
CREATE TABLE archive_of_checks (
  number INTEGER PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO archive_of_checks (number) SELECT number FROM archive_volume
  WHERE EXISTS (SELECT 1 FROM counter WHERE name = 'checks/purged-before');
DELETE FROM counter WHERE name = 'checks/purged-before';
-- SHA-256 of the client certificate of an administrator; of a session: without which its token is worth nothing
ALTER TABLE administrator ADD COLUMN certificate BLOB;
ALTER TABLE administrator_session ADD COLUMN certificate BLOB;
`;

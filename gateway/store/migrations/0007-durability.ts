/** Tables of restored stores. Times are milliseconds. */
export const schema0007 = `
-- epochs of our log after the first: how many leaves each took over from the one before, and the last state signed in that
CREATE TABLE log_epoch (
  epoch INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  checkpoint TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  PRIMARY KEY (epoch)
) WITHOUT ROWID;
-- what we signed for each peer about a new epoch; every one has an entry in the log
CREATE TABLE log_opening (
  epoch INTEGER NOT NULL,
  peer TEXT NOT NULL,
  text TEXT NOT NULL,
  log_position INTEGER NOT NULL,
  PRIMARY KEY (epoch, peer, log_position)
) WITHOUT ROWID;
-- how this store came to be older than what peers know; no row while it never was
CREATE TABLE store_recovery (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  state TEXT NOT NULL CHECK (state IN ('marked', 'recovering', 'put-back')),
  marked_at INTEGER NOT NULL,
  -- time of the newest thing exchanged with anybody that the restored copy knows; null until the first start
  known_until INTEGER
);
-- what each peer gave back; note: the newest state of our log that it holds; since: newest thing exchanged with it that the
-- restored copy knows, from which it is asked; aside: what came back and could not be verified
CREATE TABLE recovery_peer (
  region TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'skipped', 'done')),
  note TEXT NOT NULL DEFAULT '',
  own INTEGER NOT NULL DEFAULT 0,
  theirs INTEGER NOT NULL DEFAULT 0,
  since INTEGER NOT NULL DEFAULT 0,
  aside INTEGER NOT NULL DEFAULT 0,
  code TEXT NOT NULL DEFAULT '',
  done_by TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
-- fetched and verified, until it is put in its place; happened_at: by our clock, when it was sent or decided here
CREATE TABLE recovery_fetched (
  peer TEXT NOT NULL,
  id TEXT NOT NULL,
  is_own INTEGER NOT NULL,
  happened_at INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  group_id INTEGER NOT NULL,
  group_index INTEGER NOT NULL,
  receipt_group_id INTEGER NOT NULL,
  receipt_group_index INTEGER NOT NULL,
  PRIMARY KEY (peer, id, is_own)
);
CREATE INDEX recovery_fetched_order ON recovery_fetched (peer, happened_at, is_own, sequence);
-- conversations that are not whole after a restore, until somebody looked; released_at is null while nothing is sent in them
CREATE TABLE recovery_conversation (
  conversation TEXT NOT NULL,
  peer TEXT NOT NULL,
  reason TEXT NOT NULL,
  code TEXT NOT NULL,
  envelope TEXT NOT NULL,
  type TEXT NOT NULL,
  noted_at INTEGER NOT NULL,
  released_at INTEGER,
  done_by TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (conversation, peer)
) WITHOUT ROWID;
CREATE INDEX recovery_conversation_held ON recovery_conversation (noted_at, conversation) WHERE released_at IS NULL;
-- the epoch of our log in which we first sent in it
ALTER TABLE conversation ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
-- closed volumes of the archive; digest and previous: SHA-256 of the files
CREATE TABLE archive_volume (
  number INTEGER NOT NULL,
  digest BLOB NOT NULL,
  previous BLOB NOT NULL,
  entries INTEGER NOT NULL,
  size INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  log_position INTEGER NOT NULL,
  PRIMARY KEY (number)
) WITHOUT ROWID;
-- the volume that has the evidence, and of how many envelopes it is (-1: it cannot be archived); purged_at: when rows of envelopes
-- left the database, how many so far, and the volume that has them
ALTER TABLE case_file ADD COLUMN archived_in INTEGER;
ALTER TABLE case_file ADD COLUMN archived_envelopes INTEGER;
ALTER TABLE case_file ADD COLUMN purged_at INTEGER;
ALTER TABLE case_file ADD COLUMN purged_envelopes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN purged_into INTEGER;
CREATE INDEX case_file_unarchived ON case_file (ended_at, conversation) WHERE ended_at IS NOT NULL AND archived_in IS NULL;
CREATE INDEX case_file_unpurged ON case_file (ended_at, conversation) WHERE archived_in > 0 AND erased_at IS NOT NULL
  AND (purged_at IS NULL OR updated_at > purged_at);
ALTER TABLE certificate_check ADD COLUMN archived_in INTEGER;
CREATE INDEX certificate_check_unarchived ON certificate_check (at) WHERE archived_in IS NULL;
-- administrators (三员): no subject has two roles; secret: of the second factor, sealed; confirmed_at is null until its first code
CREATE TABLE administrator (
  subject TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  secret BLOB NOT NULL,
  enrolled_at INTEGER NOT NULL,
  enrolled_by TEXT NOT NULL,
  confirmed_at INTEGER,
  -- number of the newest time step whose code was used
  last_step INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
-- id: hash of the token
CREATE TABLE administrator_session (
  id BLOB PRIMARY KEY,
  subject TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX administrator_session_end ON administrator_session (expires_at);
CREATE INDEX administrator_session_subject ON administrator_session (subject);
-- what somebody began to do through the API and has not ended; record: what is known of it so far
CREATE TABLE audit_begun (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_begun_at ON audit_begun (at);
-- what was done through the API, or refused (审计记录); record: the text of which the log has the hash
CREATE TABLE audit_entry (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  route TEXT NOT NULL,
  actor TEXT NOT NULL,
  record TEXT NOT NULL,
  log_position INTEGER NOT NULL
);
CREATE INDEX audit_entry_at ON audit_entry (at);
CREATE INDEX audit_entry_actor ON audit_entry (actor, position);
CREATE INDEX audit_entry_route ON audit_entry (route, position);
-- what the malware scan said of a file: null until it was asked; a text of JSON, with what was decided about it since
ALTER TABLE material ADD COLUMN scan TEXT;
ALTER TABLE material ADD COLUMN scan_state TEXT NOT NULL DEFAULT '';
ALTER TABLE material ADD COLUMN scan_tries INTEGER NOT NULL DEFAULT 0;
CREATE INDEX material_unscanned ON material (updated_at) WHERE scan_state = '';
CREATE INDEX material_parked ON material (updated_at) WHERE scan_state = 'parked';
-- keys under which what is personal is sealed (落盘加密), wrapped by a storage key of the key folder
CREATE TABLE data_key (
  id INTEGER PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('value', 'hash')),
  cipher TEXT NOT NULL,
  wrapped_by TEXT NOT NULL,
  wrapped BLOB NOT NULL,
  uses INTEGER NOT NULL,
  is_floor INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
-- how far the values of each table, and the files, are sealed under the key with the number of the floor or a later one
CREATE TABLE sealing_walk (
  name TEXT PRIMARY KEY,
  floor INTEGER NOT NULL,
  -- key of the last row, as JSON; empty at the beginning
  place TEXT NOT NULL,
  -- of this pass: what was sealed, and what did not open
  sealed INTEGER NOT NULL,
  broken INTEGER NOT NULL,
  -- when a whole pass found nothing to seal, and when one did for the first time, under whatever key
  done_at INTEGER,
  covered_at INTEGER
) WITHOUT ROWID
`;

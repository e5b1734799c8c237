/** The first tables. Times are milliseconds; digests and hashes are blobs; documents are JSON text. */
export const schema0001 = `
-- regions that operators pinned
CREATE TABLE peer (
  region TEXT PRIMARY KEY,
  identity TEXT NOT NULL,
  serial INTEGER NOT NULL,
  statement TEXT NOT NULL,
  pinned_at INTEGER NOT NULL
) WITHOUT ROWID;

-- every statement that was ever believed: old evidence needs the keys of its time
CREATE TABLE known_statement (
  region TEXT NOT NULL,
  serial INTEGER NOT NULL,
  statement TEXT NOT NULL,
  PRIMARY KEY (region, serial, statement)
) WITHOUT ROWID;

-- next sequence numbers of a conversation with a peer
CREATE TABLE conversation (
  id TEXT NOT NULL,
  peer TEXT NOT NULL,
  next_out INTEGER NOT NULL DEFAULT 1,
  next_in INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (id, peer)
) WITHOUT ROWID;

-- one signature and the leaves it covers, in order
CREATE TABLE sealed_group (
  id INTEGER PRIMARY KEY,
  signed_root TEXT NOT NULL,
  leaves BLOB NOT NULL
);

-- envelopes that we accepted for sending
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY,
  peer TEXT NOT NULL,
  id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  type TEXT NOT NULL,
  header BLOB NOT NULL,
  payload BLOB,
  salt BLOB,
  leaf BLOB NOT NULL,
  materials TEXT NOT NULL DEFAULT '',
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  log_position INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  code TEXT NOT NULL DEFAULT '',
  settled_at INTEGER,
  group_id INTEGER,
  group_index INTEGER,
  receipt BLOB,
  receipt_group_id INTEGER,
  receipt_group_index INTEGER,
  receipt_log_position INTEGER
);
CREATE INDEX outbox_pending ON outbox (peer, position) WHERE state = 'pending';
CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_conversation ON outbox (conversation, sequence);

-- verified envelopes that we gave a final verdict on
CREATE TABLE inbox (
  position INTEGER PRIMARY KEY,
  sender TEXT NOT NULL,
  id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  type TEXT NOT NULL,
  header BLOB NOT NULL,
  payload BLOB,
  salt BLOB,
  leaf BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  code TEXT NOT NULL DEFAULT '',
  group_id INTEGER NOT NULL,
  group_index INTEGER NOT NULL,
  receipt BLOB NOT NULL,
  receipt_group_id INTEGER,
  receipt_group_index INTEGER,
  log_position INTEGER NOT NULL
);
CREATE UNIQUE INDEX inbox_id ON inbox (sender, id);
CREATE INDEX inbox_conversation ON inbox (conversation, sequence);

-- evidence log: entries in the order of their transactions
CREATE TABLE log_entry (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  entry BLOB NOT NULL,
  leaf BLOB NOT NULL
);
-- runs of entries that were integrated: tree index first_index + n is position first_position + n
CREATE TABLE log_run (
  first_index INTEGER PRIMARY KEY,
  first_position INTEGER NOT NULL,
  count INTEGER NOT NULL
);
-- roots of complete tiles of 256 nodes
CREATE TABLE log_node (
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, idx)
) WITHOUT ROWID;
CREATE TABLE log_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  frontier BLOB NOT NULL,
  checkpoint TEXT NOT NULL
);
-- newest checkpoint that each peer showed us
CREATE TABLE peer_checkpoint (
  region TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  received_at INTEGER NOT NULL
) WITHOUT ROWID;

-- mutual authorizations; the proposal is the document with one signature, the document the newest one
CREATE TABLE agreement (
  id TEXT PRIMARY KEY,
  digest BLOB NOT NULL,
  peer TEXT NOT NULL,
  proposer TEXT NOT NULL,
  conversation TEXT NOT NULL,
  state TEXT NOT NULL,
  proposal TEXT NOT NULL,
  document TEXT NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  code TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  for_cause INTEGER NOT NULL DEFAULT 0,
  revoked_by TEXT NOT NULL DEFAULT '',
  revoked_at INTEGER,
  activated_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX agreement_conversation ON agreement (conversation, peer);
CREATE INDEX agreement_peer ON agreement (peer, state);

-- items that we offer (region = ours) or that a peer published
CREATE TABLE item (
  region TEXT NOT NULL,
  code TEXT NOT NULL,
  digest BLOB NOT NULL,
  document TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (region, code)
) WITHOUT ROWID;
-- catalogue documents: one conversation per peer and direction
CREATE TABLE catalogue (
  publisher TEXT NOT NULL,
  peer TEXT NOT NULL,
  version INTEGER NOT NULL,
  scope TEXT NOT NULL,
  conversation TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (publisher, peer)
) WITHOUT ROWID;

-- cases; tables with a rowid, since rows with a whole document would not fit the pages of a WITHOUT ROWID table
CREATE TABLE case_file (
  conversation TEXT NOT NULL PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  peer TEXT NOT NULL,
  peer_number TEXT NOT NULL DEFAULT '',
  item TEXT NOT NULL,
  mode TEXT NOT NULL,
  state TEXT NOT NULL,
  pending TEXT NOT NULL DEFAULT '',
  authorization_id TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  document TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX case_file_created ON case_file (created_at, conversation);
CREATE TABLE case_event (
  conversation TEXT NOT NULL,
  n INTEGER NOT NULL,
  event TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  envelope TEXT NOT NULL DEFAULT '',
  document TEXT NOT NULL,
  PRIMARY KEY (conversation, n)
);
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

-- material files, by case, content and the peer that brought them; files that we took in ourselves have no peer
CREATE TABLE material (
  conversation TEXT NOT NULL,
  digest BLOB NOT NULL,
  peer TEXT NOT NULL DEFAULT '',
  size INTEGER NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (conversation, digest, peer)
) WITHOUT ROWID;
CREATE INDEX material_staged ON material (peer, state, updated_at);

-- certificates that we issued (issuer = ours) or received; document: what the certificate shows
CREATE TABLE certificate (
  identifier TEXT NOT NULL,
  issuer TEXT NOT NULL,
  conversation TEXT NOT NULL DEFAULT '',
  digest BLOB NOT NULL,
  status TEXT NOT NULL DEFAULT 'valid',
  reason TEXT NOT NULL DEFAULT '',
  document TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (identifier, issuer)
) WITHOUT ROWID;
CREATE INDEX certificate_created ON certificate (created_at, identifier, issuer);
CREATE INDEX certificate_conversation ON certificate (conversation, created_at, identifier, issuer);
-- questions about certificates with their answers, both as sealed envelopes; id and leaf are the question's
CREATE TABLE certificate_check (
  direction TEXT NOT NULL,
  peer TEXT NOT NULL,
  id TEXT NOT NULL,
  leaf BLOB NOT NULL,
  identifier TEXT NOT NULL,
  status TEXT NOT NULL,
  question BLOB NOT NULL,
  answer BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  log_position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (direction, peer, id)
) WITHOUT ROWID;

-- events for the local platforms; the positions of purged ones are not given again
CREATE TABLE platform_event (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
);
-- the last sequence number of a subject, which outlives its purged events
CREATE TABLE platform_sequence (
  subject TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) WITHOUT ROWID;
-- every event up to the position is delivered or stands in platform_held
CREATE TABLE platform_cursor (
  adapter TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) WITHOUT ROWID;
-- events that failed and wait for another attempt, those of the same subject behind them, and parked ones
CREATE TABLE platform_held (
  adapter TEXT NOT NULL,
  position INTEGER NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'parked')),
  attempts INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (adapter, position)
) WITHOUT ROWID;
CREATE INDEX platform_held_subject ON platform_held (adapter, subject, state, position);
CREATE INDEX platform_held_position ON platform_held (position);
CREATE INDEX platform_held_parked ON platform_held (state, last_at);

-- answers kept for Idempotency-Key
CREATE TABLE idempotency (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  request BLOB NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) WITHOUT ROWID
`;

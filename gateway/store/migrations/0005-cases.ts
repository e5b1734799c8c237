/** Tables of the course of cases. Times are milliseconds. */
export const schema0005 = `
-- running time limits; a limit that stands still or has ended has no row
CREATE TABLE case_limit (
  conversation TEXT NOT NULL,
  name TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  -- when its stage is to be told: a warning first, then that it is overdue
  next_at INTEGER NOT NULL,
  stage TEXT NOT NULL,
  PRIMARY KEY (conversation, name)
) WITHOUT ROWID;
CREATE INDEX case_limit_next ON case_limit (next_at);
-- how other regions decided cases of our people directly
CREATE TABLE direct_outcome (
  conversation TEXT NOT NULL,
  peer TEXT NOT NULL,
  number TEXT NOT NULL,
  item TEXT NOT NULL,
  decision TEXT NOT NULL,
  certificate TEXT NOT NULL,
  applicant TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (conversation, peer)
) WITHOUT ROWID;
CREATE INDEX direct_outcome_received ON direct_outcome (received_at, conversation);
-- by which applicants ask how far their cases are
CREATE TABLE case_query (
  code TEXT PRIMARY KEY,
  conversation TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX case_file_peer_number ON case_file (peer_number) WHERE peer_number <> '';
-- blank forms on which certificates of other regions were printed here
CREATE TABLE blank_form (
  number TEXT PRIMARY KEY,
  conversation TEXT NOT NULL,
  is_spoiled INTEGER NOT NULL DEFAULT 0,
  printed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX blank_form_conversation ON blank_form (conversation, is_spoiled);

-- cases of which notices are still to be made or told; n counts the occasions
CREATE TABLE paper_due (
  conversation TEXT PRIMARY KEY,
  n INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX paper_due_next ON paper_due (next_at);
-- notices of cases whose signed originals are here; envelope: by which the other region was told of ours
CREATE TABLE case_paper (
  conversation TEXT NOT NULL,
  number TEXT NOT NULL,
  kind TEXT NOT NULL,
  issuer TEXT NOT NULL,
  digest BLOB NOT NULL,
  size INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  envelope TEXT NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY (conversation, number)
) WITHOUT ROWID;

-- joint cases (联办件) that our region leads, and the case of each of their parts
CREATE TABLE joint_case (
  conversation TEXT PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  agreement TEXT NOT NULL,
  state TEXT NOT NULL,
  document TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX joint_case_created ON joint_case (created_at, conversation);
CREATE INDEX joint_case_under_way ON joint_case (conversation) WHERE state IN ('running', 'withdrawing');
CREATE TABLE joint_part (
  joint TEXT NOT NULL,
  part TEXT NOT NULL,
  conversation TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  -- why it could not be opened
  code TEXT NOT NULL,
  PRIMARY KEY (joint, part)
) WITHOUT ROWID;

-- every version of an item (事项) that we offered or that a peer published; superseded_at is null while it holds
CREATE TABLE item_version (
  region TEXT NOT NULL,
  code TEXT NOT NULL,
  n INTEGER NOT NULL,
  digest BLOB NOT NULL,
  document TEXT NOT NULL,
  valid_since INTEGER NOT NULL,
  superseded_at INTEGER,
  PRIMARY KEY (region, code, n)
);
CREATE UNIQUE INDEX item_current ON item_version (region, code) WHERE superseded_at IS NULL;
CREATE INDEX item_version_digest ON item_version (region, code, digest);
INSERT INTO item_version SELECT region, code, 1, digest, document, updated_at, NULL FROM item;

-- catalogues (通办清单) of several scopes stand beside one another, and may come in parts
ALTER TABLE catalogue RENAME TO catalogue_before;
CREATE TABLE catalogue (
  publisher TEXT NOT NULL,
  peer TEXT NOT NULL,
  scope TEXT NOT NULL,
  version INTEGER NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  conversation TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (publisher, peer, scope)
) WITHOUT ROWID;
INSERT INTO catalogue SELECT publisher, peer, scope, version, 1, 1, conversation, updated_at FROM catalogue_before;
-- what each of them names
CREATE TABLE catalogue_item (
  publisher TEXT NOT NULL,
  peer TEXT NOT NULL,
  scope TEXT NOT NULL,
  code TEXT NOT NULL,
  digest BLOB NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (publisher, peer, scope, code)
) WITHOUT ROWID;
CREATE INDEX catalogue_item_code ON catalogue_item (publisher, code);
INSERT INTO catalogue_item SELECT c.publisher, c.peer, c.scope, i.code, i.digest, c.version
  FROM catalogue c JOIN item i ON i.region = c.publisher;
DROP TABLE catalogue_before;
DROP TABLE item;

-- when a case ended, from which its retention (保存期限) counts, and when what is personal in it was erased
ALTER TABLE case_file ADD COLUMN ended_at INTEGER;
ALTER TABLE case_file ADD COLUMN erased_at INTEGER;
UPDATE case_file SET ended_at = updated_at WHERE state IN ('delivered', 'rated', 'refused', 'sent-back', 'withdrawn', 'revoked');
CREATE INDEX case_file_ended ON case_file (ended_at, item, conversation) WHERE ended_at IS NOT NULL AND erased_at IS NULL;
CREATE INDEX case_file_idle ON case_file (updated_at, item, conversation) WHERE erased_at IS NULL AND state IN
  ('draft', 'previewing', 'previewed', 'returned', 'received', 'approved', 'denied', 'issued');
-- cases whose erasure (删除) was asked for, or that were erased; is_allowed: it is to be done as soon as nothing forbids it
CREATE TABLE case_erasure (
  conversation TEXT PRIMARY KEY,
  ground TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  is_allowed INTEGER NOT NULL,
  asked_at INTEGER NOT NULL,
  -- when nothing of it was left
  done_at INTEGER
) WITHOUT ROWID;
CREATE INDEX case_erasure_owed ON case_erasure (conversation) WHERE done_at IS NULL AND is_allowed = 1;
-- who was shown personal data, of which case, and what for (查阅留痕); day: of a standing purpose, recorded once a day
CREATE TABLE personal_access (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  done_by TEXT NOT NULL,
  role TEXT NOT NULL,
  conversation TEXT NOT NULL,
  what TEXT NOT NULL,
  subject TEXT NOT NULL,
  purpose TEXT NOT NULL,
  day INTEGER
);
CREATE INDEX personal_access_case ON personal_access (conversation, position);
CREATE UNIQUE INDEX personal_access_day ON personal_access (conversation, what, subject, done_by, role, purpose, day)
  WHERE day IS NOT NULL
`;

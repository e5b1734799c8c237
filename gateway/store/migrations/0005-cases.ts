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
DROP TABLE item
`;

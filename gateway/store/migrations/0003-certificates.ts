/** Tables of how certificates stand: our status lists, and copies of others'. Times are milliseconds. */
export const schema0003 = `
-- status lists that we publish; a list keeps its address for ever, since certificates carry it
CREATE TABLE status_list (
  n INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  allocated INTEGER NOT NULL DEFAULT 0,
  issued_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);
-- entries that are taken: by certificates, and by decoys from the beginning
CREATE TABLE status_entry (
  list INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'valid',
  PRIMARY KEY (list, idx)
) WITHOUT ROWID;
CREATE INDEX status_entry_marked ON status_entry (list, idx, status) WHERE status <> 'valid';
-- what was decided about certificates of ours
CREATE TABLE certificate_status_change (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  identifier TEXT NOT NULL,
  old_status TEXT NOT NULL,
  new_status TEXT NOT NULL,
  reason TEXT NOT NULL,
  done_by TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX certificate_status_change_identifier ON certificate_status_change (identifier, position);
-- newest copies of the status lists of other regions; a table with a rowid, since its rows hold whole lists
CREATE TABLE status_list_copy (
  issuer TEXT NOT NULL,
  uri TEXT NOT NULL,
  etag TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  fetched_at INTEGER NOT NULL,
  list TEXT NOT NULL,
  PRIMARY KEY (issuer, uri)
);
CREATE INDEX status_list_copy_fetched ON status_list_copy (fetched_at);

-- the opaque references that stand in the QR codes of our certificates
CREATE TABLE certificate_reference (
  reference TEXT PRIMARY KEY,
  identifier TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
-- seals of questions and answers that travelled in groups; until when an answer serves the same question again
ALTER TABLE certificate_check ADD COLUMN question_group INTEGER REFERENCES sealed_group (id);
ALTER TABLE certificate_check ADD COLUMN question_index INTEGER;
ALTER TABLE certificate_check ADD COLUMN answer_group INTEGER REFERENCES sealed_group (id);
ALTER TABLE certificate_check ADD COLUMN answer_index INTEGER;
ALTER TABLE certificate_check ADD COLUMN question_digest BLOB;
ALTER TABLE certificate_check ADD COLUMN reusable_until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX certificate_check_reusable ON certificate_check (peer, question_digest) WHERE reusable_until > 0
`;

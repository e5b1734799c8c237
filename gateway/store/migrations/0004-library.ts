/** Tables of the certificate library: what it is searched by, and who searched. Times are milliseconds. */
export const schema0004 = `
-- what certificates are listed by; their status stands there already
ALTER TABLE certificate ADD COLUMN type_code TEXT NOT NULL DEFAULT '';
ALTER TABLE certificate ADD COLUMN number TEXT NOT NULL DEFAULT '';
UPDATE certificate SET
  type_code = coalesce(json_extract(document, '$.typeCode'), ''),
  number = coalesce(json_extract(document, '$.number'), '');
CREATE INDEX certificate_number ON certificate (number, created_at, identifier, issuer);
CREATE INDEX certificate_type ON certificate (type_code, created_at, identifier, issuer);
CREATE INDEX certificate_issuer ON certificate (issuer, created_at, identifier);
CREATE INDEX certificate_marked ON certificate (status, created_at, identifier, issuer) WHERE status <> 'valid';
-- every holder (持证主体) that a certificate shows; number in capitals, name with one kind of dot, empty when kept back
CREATE TABLE certificate_holder (
  identifier TEXT NOT NULL,
  issuer TEXT NOT NULL,
  place INTEGER NOT NULL,
  document_type TEXT NOT NULL,
  number TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (identifier, issuer, place)
) WITHOUT ROWID;
INSERT INTO certificate_holder (identifier, issuer, place, document_type, number, name)
  SELECT identifier, issuer, place, json_extract(holder, '$.documentType'),
    upper(coalesce(json_extract(holder, '$.number'), '')),
    replace(replace(replace(replace(replace(
      coalesce(json_extract(holder, '$.name'), ''), '•', '·'), '‧', '·'), '・', '·'), '･', '·'), '．', '·')
  FROM (
    SELECT identifier, issuer, 0 AS place, json_extract(document, '$.holder') AS holder FROM certificate
    UNION ALL
    SELECT certificate.identifier, certificate.issuer, other.key + 1, other.value
      FROM certificate, json_each(certificate.document, '$.otherHolders') AS other
  );
CREATE INDEX certificate_holder_name ON certificate_holder (name, identifier, issuer) WHERE name <> '';
CREATE INDEX certificate_holder_number ON certificate_holder (number, identifier, issuer) WHERE number <> '';
-- who looked for whose certificates, and why; what was asked is kept masked
CREATE TABLE library_search (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  done_by TEXT NOT NULL,
  role TEXT NOT NULL,
  purpose TEXT NOT NULL,
  asked TEXT NOT NULL,
  found INTEGER NOT NULL
);
-- why we changed the status of a certificate, as a word
ALTER TABLE certificate_status_change ADD COLUMN ground TEXT NOT NULL DEFAULT 'other';
-- whom we told of such a change (decision: its position), and whom we owe it: the envelope is empty then
CREATE TABLE certificate_notice_sent (
  decision INTEGER NOT NULL,
  peer TEXT NOT NULL,
  identifier TEXT NOT NULL,
  by_identifier INTEGER NOT NULL,
  by_reference INTEGER NOT NULL,
  conversation TEXT NOT NULL,
  envelope TEXT NOT NULL DEFAULT '',
  code TEXT,
  settled_at INTEGER,
  PRIMARY KEY (decision, peer)
) WITHOUT ROWID;
CREATE INDEX certificate_notice_sent_identifier ON certificate_notice_sent (identifier, decision);
CREATE INDEX certificate_notice_sent_envelope ON certificate_notice_sent (envelope) WHERE envelope <> '';
CREATE INDEX certificate_notice_sent_owed ON certificate_notice_sent (peer, decision) WHERE envelope = '';
-- what other regions told us about certificates of theirs: of each the newest; is_expected: we have it or asked about it
CREATE TABLE certificate_notice (
  issuer TEXT NOT NULL,
  digest BLOB NOT NULL,
  identifier TEXT NOT NULL,
  reference TEXT NOT NULL,
  status TEXT NOT NULL,
  ground TEXT NOT NULL,
  reason TEXT NOT NULL,
  authority TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  conversation TEXT NOT NULL,
  envelope TEXT NOT NULL,
  is_expected INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, digest)
) WITHOUT ROWID;
CREATE INDEX certificate_notice_identifier ON certificate_notice (identifier, issuer) WHERE identifier <> '';
CREATE INDEX certificate_notice_reference ON certificate_notice (reference, issuer) WHERE reference <> '';
CREATE INDEX certificate_notice_unexpected ON certificate_notice (issuer) WHERE is_expected = 0;
-- when its issuer decided what it told us of a certificate
ALTER TABLE certificate ADD COLUMN noticed_at INTEGER;
CREATE INDEX certificate_digest ON certificate (digest, issuer);
-- who asked about which certificates, by identifier or reference; of what the answers told something
CREATE TABLE certificate_checked (
  subject TEXT NOT NULL,
  direction TEXT NOT NULL,
  peer TEXT NOT NULL,
  PRIMARY KEY (subject, direction, peer)
) WITHOUT ROWID;
INSERT INTO certificate_checked (subject, direction, peer)
  SELECT DISTINCT identifier, direction, peer FROM certificate_check
  WHERE status LIKE 'CERTIFICATE~_STATUS~_%' ESCAPE '~' AND status <> 'CERTIFICATE_STATUS_UNKNOWN';
-- where our log holds the answer to a question of ours; checks by id, by age, and by the seals that they share
ALTER TABLE certificate_check ADD COLUMN answer_log_position INTEGER;
CREATE INDEX certificate_check_id ON certificate_check (id);
CREATE INDEX certificate_check_at ON certificate_check (at);
CREATE INDEX certificate_check_questions ON certificate_check (question_group) WHERE question_group IS NOT NULL;
CREATE INDEX certificate_check_answers ON certificate_check (answer_group) WHERE answer_group IS NOT NULL;
-- stamped copies (加注件) of certificates of ours that were made; the copies themselves are not kept
CREATE TABLE stamped_copy (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  identifier TEXT NOT NULL,
  digest BLOB NOT NULL,
  creator TEXT NOT NULL,
  cause TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  done_by TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX stamped_copy_identifier ON stamped_copy (identifier, position);
-- what was found about the seals of a material when it came: JSON; null before, '' when there is nothing to examine
ALTER TABLE material ADD COLUMN examination TEXT;
ALTER TABLE material ADD COLUMN examination_tries INTEGER NOT NULL DEFAULT 0;
UPDATE material SET examination = '' WHERE state = 'held';
CREATE INDEX material_unexamined ON material (updated_at) WHERE state = 'held' AND examination IS NULL
`;

/** Tables of the trust between regions: what peers know of our keys. Times are milliseconds. */
export const schema0002 = `
-- newest statement of ours that each peer is known to hold
CREATE TABLE statement_held (
  region TEXT PRIMARY KEY,
  serial INTEGER NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
-- identity keys of peers that an operator replaced; kept for ever
CREATE TABLE identity_change (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  region TEXT NOT NULL,
  old_identity TEXT NOT NULL,
  new_identity TEXT NOT NULL,
  reason TEXT NOT NULL,
  done_by TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX identity_change_region ON identity_change (region, position);

-- renewals, counter-proposals and catalogues of mutual authorizations; how each is suspended and ends
ALTER TABLE agreement ADD COLUMN supersedes TEXT NOT NULL DEFAULT '';
ALTER TABLE agreement ADD COLUMN counters TEXT NOT NULL DEFAULT '';
ALTER TABLE agreement ADD COLUMN lists TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agreement ADD COLUMN suspensions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agreement ADD COLUMN superseded_from INTEGER;
ALTER TABLE agreement ADD COLUMN cited_until INTEGER;
ALTER TABLE agreement ADD COLUMN warned_days INTEGER;
UPDATE agreement SET state = 'revoked-for-cause' WHERE state = 'revoked' AND for_cause = 1;
ALTER TABLE agreement DROP COLUMN for_cause;
CREATE INDEX agreement_supersedes ON agreement (supersedes) WHERE supersedes <> '';
CREATE INDEX agreement_counters ON agreement (counters) WHERE counters <> '';
CREATE INDEX agreement_ends ON agreement (valid_until) WHERE state IN
  ('proposed', 'accepted', 'active', 'suspended-by-proposer', 'suspended-by-acceptor', 'suspended-by-both');
-- whom to call about an authorization, by the region that named them: an annex that nobody signs
CREATE TABLE agreement_contacts (
  agreement TEXT NOT NULL,
  region TEXT NOT NULL,
  contacts TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (agreement, region)
) WITHOUT ROWID;

-- pins that rest on the word of an anchor, and regions that an operator removed against it
CREATE TABLE vouched_peer (
  region TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('pinned', 'refused'))
) WITHOUT ROWID;
-- last good index of each anchor by its identity key and the place where it was read
CREATE TABLE anchor_copy (
  identity TEXT NOT NULL,
  url TEXT NOT NULL,
  serial INTEGER NOT NULL,
  etag TEXT NOT NULL,
  index_text TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (identity, url)
);
-- files of anchors by the digest under which an index lists them
CREATE TABLE anchor_file (
  digest TEXT PRIMARY KEY,
  content TEXT NOT NULL,
  kept_at INTEGER NOT NULL
);

-- joint-handling agreements among three or more regions; tables with a rowid, since their rows hold whole documents
CREATE TABLE joint_agreement (
  id TEXT NOT NULL PRIMARY KEY,
  digest BLOB NOT NULL,
  lead TEXT NOT NULL,
  conversation TEXT NOT NULL,
  state TEXT NOT NULL,
  document TEXT NOT NULL,
  sign_by INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  code TEXT NOT NULL DEFAULT '',
  failed_by TEXT NOT NULL DEFAULT '',
  ending TEXT NOT NULL DEFAULT '',
  activated_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX joint_agreement_lead ON joint_agreement (lead, state, sign_by);
-- the parties of each, with the statement that is believed of them for its sake
CREATE TABLE joint_party (
  agreement TEXT NOT NULL,
  region TEXT NOT NULL,
  statement TEXT NOT NULL,
  signature TEXT NOT NULL DEFAULT '',
  signed_at INTEGER,
  acknowledged_at INTEGER,
  PRIMARY KEY (agreement, region)
);

-- links of chains of entrustments, ours and those that peers showed us
CREATE TABLE entrustment (
  id TEXT NOT NULL PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  region TEXT NOT NULL,
  parent TEXT NOT NULL DEFAULT '',
  document TEXT NOT NULL,
  revocation TEXT NOT NULL DEFAULT '',
  revoked_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX entrustment_region ON entrustment (region, id);
-- which links were shown to whom, or by whom; the conversation is the one of all entrustments with that peer
CREATE TABLE entrustment_shown (
  entrustment TEXT NOT NULL,
  peer TEXT NOT NULL,
  conversation TEXT NOT NULL,
  authorization_id TEXT NOT NULL DEFAULT '',
  shown_at INTEGER NOT NULL,
  code TEXT,
  PRIMARY KEY (entrustment, peer)
) WITHOUT ROWID;
CREATE INDEX entrustment_shown_peer ON entrustment_shown (peer);

-- states of the logs of peers that we countersigned, thinned as they age; line: our signature, empty when we could not sign
CREATE TABLE witnessed_note (
  region TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  line TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (region, epoch, size)
);
-- countersignatures of our log by peers, thinned as they age; at: by the witness's clock
CREATE TABLE cosignature (
  witness TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  line TEXT NOT NULL,
  at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (witness, epoch, size)
);
CREATE INDEX cosignature_size ON cosignature (epoch, size);
-- timestamps of our log by an authority; at: by its clock
CREATE TABLE log_timestamp (
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  token BLOB NOT NULL,
  authority TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (epoch, size)
);
-- since when the authority has not answered; no row while it does
CREATE TABLE timestamp_outage (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  since INTEGER NOT NULL
);
-- states of one log that contradict each other, both kept for ever; via: the region that showed the second one
CREATE TABLE log_alarm (
  region TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  kind TEXT NOT NULL,
  via TEXT NOT NULL,
  held TEXT NOT NULL,
  shown TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  times INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (region, epoch, kind, via)
)
`;

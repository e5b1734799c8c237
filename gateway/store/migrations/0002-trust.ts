/** Tables of the trust between regions: what peers know of our keys. Times are milliseconds. */
export const schema0002 = `
-- newest statement of ours that each peer is known to hold
CREATE TABLE statement_held (
  region TEXT PRIMARY KEY,
  serial INTEGER NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;

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
)
`;

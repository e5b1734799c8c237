/** Tables of the trust between regions: what peers know of our keys. Times are milliseconds. */
export const schema0002 = `
-- newest statement of ours that each peer is known to hold
CREATE TABLE statement_held (
  region TEXT PRIMARY KEY,
  serial INTEGER NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID
`;

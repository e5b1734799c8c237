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
CREATE INDEX case_limit_next ON case_limit (next_at)
`;

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
CREATE INDEX direct_outcome_received ON direct_outcome (received_at, conversation)
`;

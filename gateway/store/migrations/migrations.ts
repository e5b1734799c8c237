import { schema0001 } from './0001-first.ts';
import { schema0002 } from './0002-trust.ts';
import { schema0003 } from './0003-certificates.ts';
import { schema0004 } from './0004-library.ts';
import { schema0005 } from './0005-cases.ts';
import { schema0006 } from './0006-bundles.ts';
import { schema0007 } from './0007-durability.ts';
import { schema0008 } from './0008-platforms.ts';

/**
 * Every change of the tables, in order, in the words of SQLite; other databases translate them. A change that has been
 * released is never edited.
 */
export const MIGRATIONS: readonly string[] = [
  schema0001,
  schema0002,
  schema0003,
  schema0004,
  schema0005,
  schema0006,
  schema0007,
  schema0008,
];

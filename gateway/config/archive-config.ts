import { fields, integer, LIMITS, optional, type Rule, text } from '#proto';

/** Where and when evidence is archived (归档), and when the database may forget what the archive has. */
export interface ArchiveConfig {
  /** Folder of the volumes. */
  readonly folder: string;
  /** Days after the end of a case, or after a check. */
  readonly afterDays: number;
  /** Days after the end of a case until its envelopes leave the database; undefined: never. */
  readonly purgeAfterDays: number | undefined;
}

/** The section as the file has it. */
export interface ArchiveSection {
  folder?: string | null;
  after_days?: number | null;
  purge_after_days?: number | null;
}

/** A century. */
const MAX_DAYS = 36_500;
const DEFAULT_DAYS = 90;
/** Two lives of an envelope: nothing that is purged can come again and be taken for new. */
const MIN_PURGE_DAYS = (2 * LIMITS.lifetimeMs) / 86_400_000;

/** What the section may say. */
export const archiveRule: Rule = fields({
  folder: optional(text(4096)),
  after_days: optional(integer(0, MAX_DAYS)),
  purge_after_days: optional(integer(MIN_PURGE_DAYS, MAX_DAYS)),
});

/** The section with its defaults. @param inData makes a path absolute */
export function archiveOf(
  { folder, after_days, purge_after_days }: ArchiveSection,
  inData: (path: string) => string,
): ArchiveConfig {
  return {
    folder: inData(folder ?? 'archive'),
    afterDays: after_days ?? DEFAULT_DAYS,
    purgeAfterDays: purge_after_days ?? undefined,
  };
}

import { boolean, checkItemCode, fields, identifier, integer, optional, type Rule, record } from '#proto';

/** For how long personal data of cases is kept (保存期限), and who may ask for its end. */
export interface RetentionConfig {
  /** Years after the end of a case, of items that name none themselves. */
  readonly defaultYears: number;
  /** Years by item code. */
  readonly items: ReadonlyMap<string, number>;
  /** Whether the other region's request to erase a case that has ended is followed without an operator. */
  readonly honourRequests: boolean;
}

/** The section as the file has it. */
export interface RetentionSection {
  default_years?: number | null;
  items?: Readonly<Record<string, number>> | null;
  honour_requests?: boolean | null;
}

/** The shortest term of electronic files of government services (DA/T 85). */
const DEFAULT_YEARS = 10;
const MAX_ITEMS = 10_000;

const years = integer(0, 100);

/** What the section may say. */
export const retentionRule: Rule = fields({
  default_years: optional(years),
  items: optional(record(identifier(checkItemCode), years, MAX_ITEMS)),
  honour_requests: optional(boolean),
});

/** The section with its defaults. */
export function retentionOf({ default_years, items, honour_requests }: RetentionSection): RetentionConfig {
  return {
    defaultYears: default_years ?? DEFAULT_YEARS,
    items: new Map(Object.entries(items ?? {})),
    honourRequests: honour_requests ?? false,
  };
}

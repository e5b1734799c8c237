import {
  both,
  checkRegionCode,
  fields,
  identifier,
  integer,
  optional,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';
import type { Address } from './address.ts';

/** Types of certificates, how their status (证照状态) is published, and where that of other regions is read. */
export interface CertificatesConfig {
  /** Folder of the types that the region adds to those of the program; undefined when it adds none. */
  readonly types: string | undefined;
  /** What the addresses of our status lists begin with; their number follows. Every certificate carries it for ever. */
  readonly statusBaseUri: string;
  /** Milliseconds that a copy of a list serves before a fresh one should be asked for. */
  readonly statusTtlMs: number;
  /** Milliseconds after which a copy counts for nothing. */
  readonly statusLifetimeMs: number;
  /** Folders from which we read the status lists of other regions, by region, with a slash at the end. */
  readonly statusSources: Readonly<Record<string, string>>;
  /** Milliseconds; an older list of another region does not say how a certificate stands. */
  readonly statusMaxAgeMs: number;
  /** Name of the platform that is the region's certificate library (证照库, A3); undefined when none is. */
  readonly library: string | undefined;
}

/** The section as the file has it. */
export interface CertificatesSection {
  types?: string | null;
  status_base_url?: string | null;
  status_ttl_ms?: number | null;
  status_lifetime_hours?: number | null;
  status_sources?: Record<string, string> | null;
  status_max_age_hours?: number | null;
  library?: string | null;
}

const MAX_SOURCES = 5_000;
const HOUR_MS = 60 * 60 * 1000;

const url: Rule = both(
  text(512, { pattern: /^https?:\/\/\S+$/, hint: 'must be an http or https URL' }),
  (value, pointer, problems) => {
    const parsed = URL.parse(value as string);
    if (!parsed || parsed.search || parsed.hash || parsed.username || parsed.password)
      problems.push({ pointer, code: 'FORMAT', message: 'must be a URL without user, query or fragment' });
  },
);

/** What the section may say. */
export const certificatesRule: Rule = both(
  fields({
    types: optional(text(4096)),
    status_base_url: optional(url),
    status_ttl_ms: optional(integer(10_000, 24 * HOUR_MS)),
    status_lifetime_hours: optional(integer(1, 24 * 366)),
    status_sources: optional(record(identifier(checkRegionCode), url, MAX_SOURCES)),
    status_max_age_hours: optional(integer(1, 24 * 366)),
    library: optional(text(50)),
  }),
  outlivesItsTtl,
);

/**
 * The section with its defaults: without an address of its own the lists are at the host that peers dial, over HTTPS.
 *
 * @param inData resolves a path against the data folder
 */
export function certificatesOf(
  section: CertificatesSection,
  endpoint: Address,
  inData: (path: string) => string,
): CertificatesConfig {
  const { status_base_url, status_ttl_ms, status_lifetime_hours, status_sources, status_max_age_hours } = section;
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  const base = folder(status_base_url ?? `https://${host}`);
  return {
    types: section.types ? inData(section.types) : undefined,
    statusBaseUri: `${base}status-lists/`,
    statusTtlMs: status_ttl_ms ?? 15 * 60 * 1000,
    statusLifetimeMs: (status_lifetime_hours ?? 7 * 24) * HOUR_MS,
    statusSources: Object.fromEntries(Object.entries(status_sources ?? {}).map(([region, at]) => [region, folder(at)])),
    statusMaxAgeMs: (status_max_age_hours ?? 24) * HOUR_MS,
    library: section.library ?? undefined,
  };
}

function folder(text: string): string {
  const { href } = new URL(text);
  return href.endsWith('/') ? href : `${href}/`;
}

function outlivesItsTtl(value: unknown, pointer: string, problems: Problem[]): void {
  const { status_ttl_ms, status_lifetime_hours } = value as CertificatesSection;
  if ((status_ttl_ms ?? 0) > (status_lifetime_hours ?? 24) * HOUR_MS)
    problems.push({
      pointer: `${pointer}/status_lifetime_hours`,
      code: 'RANGE',
      message: 'must not be shorter than status_ttl_ms',
    });
}

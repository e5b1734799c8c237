import { type SealPlace, SIGNATORIES, type Signatory } from '#adapters';
import {
  both,
  checkSocialCreditCode,
  fields,
  identifier,
  integer,
  list,
  oneOf,
  optional,
  type Problem,
  type Rule,
  text,
} from '#proto';

/** Who sets seals on our documents (电子印章、电子签名), beside the region itself. Every path is absolute. */
export interface SealConfig {
  /** `local`: nobody else. */
  readonly kind: 'local' | 'http-seal';
  /** In the order in which they are set. */
  readonly seals: readonly ConfiguredSeal[];
  /** Everything else of the section, in the names of the file: only the adapter knows what it means. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One seal, or the signature of one person. */
export interface ConfiguredSeal {
  /** What we call it, in log and metrics. */
  readonly name: string;
  /** What the service calls it. */
  readonly code: string;
  readonly signatory: Signatory;
  /** PEM files: whoever may have signed, and of electronic seals (GB/T 38540) their makers too. */
  readonly certificateFiles: readonly string[];
  /** Codes of the authorities whose documents carry it; undefined: all. */
  readonly authorities: readonly string[] | undefined;
  readonly place: SealPlace | undefined;
}

/** The section as the file has it. */
export interface SealSection {
  kind?: SealConfig['kind'] | null;
  seals?: SealEntry[] | null;
  [setting: string]: unknown;
}

interface SealEntry {
  name: string;
  code?: string | null;
  signatory?: Signatory | null;
  certificates: string[];
  authorities?: string[] | null;
  place?: SealPlace | null;
}

const MAX_SEALS = 200;
const MAX_CERTIFICATES = 16;
const MAX_SETTINGS = 32;

const place: Rule = (value, pointer, problems) => {
  const point = fields({ page: integer(1, 1000), x: integer(0, 5000), y: integer(0, 5000) });
  (Object.hasOwn(Object(value), 'keyword') ? fields({ keyword: text(50) }) : point)(value, pointer, problems);
};

/** A name is a label of metrics and goes to the log: never that of a person. */
const name = text(50, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be lower-case letters, digits and hyphens' });

const seal = fields({
  name,
  code: optional(text(128)),
  signatory: optional(oneOf(...SIGNATORIES)),
  certificates: list(text(4096), MAX_CERTIFICATES, 1),
  authorities: optional(list(identifier(checkSocialCreditCode), 1000, 1)),
  place: optional(place),
});

/** What the section may say of every kind; the adapter looks at the rest. */
export const sealRule: Rule = (value, pointer, problems) => {
  const { kind, seals, ...settings } = Object(value) as SealSection;
  if (typeof value !== 'object' || Array.isArray(value) || Object.keys(settings).length > MAX_SETTINGS) {
    problems.push({ pointer, code: 'TYPE', message: 'must be an object with kind' });
    return;
  }
  if (kind !== 'http-seal') {
    // The region seals with its own key: there is nothing to set.
    fields({ kind: optional(oneOf('local', 'http-seal')) })(value, pointer, problems);
    return;
  }
  both(fields({ seals: list(seal, MAX_SEALS, 1) }), namesDiffer)({ seals }, pointer, problems);
};

/** The section with its defaults. @param inData makes a path absolute */
export function sealOf({ kind, seals, ...settings }: SealSection, inData: (path: string) => string): SealConfig {
  return {
    kind: kind ?? 'local',
    seals: (seals ?? []).map((entry) => ({
      name: entry.name,
      code: entry.code ?? entry.name,
      signatory: entry.signatory ?? 'seal',
      certificateFiles: entry.certificates.map(inData),
      authorities: entry.authorities ?? undefined,
      place: entry.place ?? undefined,
    })),
    settings,
  };
}

function namesDiffer(value: unknown, pointer: string, problems: Problem[]): void {
  const names = (value as { seals: SealEntry[] }).seals.map((entry) => entry.name);
  names.forEach((one, index) => {
    if (names.indexOf(one) < index)
      problems.push({
        pointer: `${pointer}/seals/${index}/name`,
        code: 'DUPLICATE',
        message: 'another seal has this name',
      });
  });
}

import {
  both,
  fields,
  integer,
  list,
  oneOf,
  optional,
  optionalText,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';

/** When services of the region are called (对外调用): by what happens to cases. */
export interface ServicesConfig {
  readonly sms: SmsConfig;
  readonly parcels: WatchConfig;
  readonly lockers: WatchConfig;
}

/** Which text tells the applicant of what (短信模板); without a template nothing is sent. */
export interface SmsConfig {
  /** Codes of templates, by the name of what happened to the case. */
  readonly templates: Readonly<Record<string, string>>;
  /** By item, in the place of those above; an empty code: nothing is sent. */
  readonly items: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Whose applicants: of cases that we take in, that we decide, or both. */
  readonly parts: readonly ('receiving' | 'handling')[];
  /** Minutes after midnight between which nothing is sent; undefined: at any time. */
  readonly quiet: { readonly from: number; readonly to: number } | undefined;
  /** What is older, in milliseconds, is not sent any more. */
  readonly staleMs: number;
}

/** How often a platform is asked what became of something, and for how long. */
export interface WatchConfig {
  /** Milliseconds. */
  readonly everyMs: number;
  readonly forMs: number;
}

/** The section as the file has it. */
export interface ServicesSection {
  sms?: {
    templates?: Record<string, string> | null;
    items?: Record<string, Record<string, string>> | null;
    parts?: ('receiving' | 'handling')[] | null;
    quiet_hours?: string | null;
    stale_hours?: number | null;
  } | null;
  parcels?: WatchSection | null;
  lockers?: WatchSection | null;
}

interface WatchSection {
  every_minutes?: number | null;
  for_days?: number | null;
}

const HOURS = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;
const DEFAULT_QUIET = '21:00-08:00';
const DEFAULT_STALE_HOURS = 72;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MAX_EVENTS = 100;
const MAX_ITEMS = 5_000;

const event = text(50, { pattern: /^[a-z]+(-[a-z]+)*$/, hint: 'must be the name of a step or a note, such as accept' });
const template = { pattern: /^[\w.-]*$/, hint: 'must be the code of a template: letters, digits, . _ -' };
const watchRule = fields({ every_minutes: optional(integer(1, 7 * 24 * 60)), for_days: optional(integer(1, 366)) });

/** What the section may say. */
export const servicesRule: Rule = fields({
  sms: optional(
    fields({
      templates: optional(record(event, text(64, template), MAX_EVENTS)),
      items: optional(record(text(64), record(event, optionalText(64, template), MAX_EVENTS), MAX_ITEMS)),
      parts: optional(list(oneOf('receiving', 'handling'), 2, 1)),
      quiet_hours: optional(quietHours),
      stale_hours: optional(integer(1, 24 * 30)),
    }),
  ),
  parcels: optional(watchRule),
  lockers: optional(watchRule),
});

/** The section with its defaults. */
export function servicesOf({ sms, parcels, lockers }: ServicesSection): ServicesConfig {
  return {
    sms: {
      templates: sms?.templates ?? {},
      items: sms?.items ?? {},
      parts: sms?.parts ?? ['receiving'],
      quiet: quietOf(sms?.quiet_hours ?? DEFAULT_QUIET),
      staleMs: (sms?.stale_hours ?? DEFAULT_STALE_HOURS) * HOUR_MS,
    },
    parcels: watchOf(parcels),
    lockers: watchOf(lockers),
  };
}

function watchOf(section: WatchSection | null | undefined): WatchConfig {
  return {
    everyMs: (section?.every_minutes ?? 120) * MINUTE_MS,
    forMs: (section?.for_days ?? 30) * 24 * HOUR_MS,
  };
}

/** An evening may reach into the morning; `none` for no quiet hours. */
function quietOf(hours: string): SmsConfig['quiet'] {
  const match = HOURS.exec(hours);
  if (!match) return undefined;
  const [fromHour, fromMinute, toHour, toMinute] = match.slice(1).map(Number) as [number, number, number, number];
  return { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute };
}

function quietHours(value: unknown, pointer: string, problems: Problem[]): void {
  both(text(11), (hours) => {
    const match = HOURS.exec(hours as string);
    const isSpan = match && match.slice(1, 3).join() !== match.slice(3).join();
    if (hours !== 'none' && !isSpan)
      problems.push({ pointer, code: 'FORMAT', message: "must be hours such as '21:00-08:00', or none" });
  })(value, pointer, problems);
}

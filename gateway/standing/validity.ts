import { type RegionStatement, STATED_PURPOSES } from '#trust';
import type { ValiditySubject } from '../telemetry/subjects.ts';

/** From when to when something may be used, in milliseconds; not any more at the end itself. */
export interface Window {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** One thing of one region that ends some day. */
export interface Validity extends Window {
  readonly region: string;
  readonly subject: ValiditySubject;
}

/** How soon somebody must act: plan it, do it this week, do it today; `ended` is too late. */
export const URGENCIES = ['fine', 'plan', 'week', 'today', 'ended'] as const;
export type Urgency = (typeof URGENCIES)[number];

export const DAY_MS = 24 * 60 * 60 * 1000;
/** Days before the end from which on somebody is warned. */
const WARNING_DAYS = { plan: 30, week: 7, today: 1 } as const;

/** How urgent an end is. @param now milliseconds */
export function urgencyOf(notAfter: number, now: number): Urgency {
  const left = notAfter - now;
  if (left <= 0) return 'ended';
  if (left <= WARNING_DAYS.today * DAY_MS) return 'today';
  if (left <= WARNING_DAYS.week * DAY_MS) return 'week';
  return left <= WARNING_DAYS.plan * DAY_MS ? 'plan' : 'fine';
}

/**
 * What a statement says about ends: its own, and for each purpose how long the region can go on with the keys that it
 * names. A revoked key ended when it was revoked. A key whose successor is already named does not count for itself.
 *
 * @param now milliseconds
 */
export function validitiesOf(statement: RegionStatement, now: number): Validity[] {
  const { region, keys, tls } = statement;
  const windows: readonly [ValiditySubject, readonly Window[]][] = [
    ['statement', [{ notBefore: statement.issuedAt, notAfter: statement.expiresAt }]],
    ...STATED_PURPOSES.map((purpose): [ValiditySubject, Window[]] => [
      purpose,
      keys
        .filter((key) => key.purpose === purpose)
        .map(({ notBefore, notAfter, revokedAt }) => ({
          notBefore,
          notAfter: Math.min(notAfter, revokedAt ?? notAfter),
        })),
    ]),
    [
      'tls',
      tls.map(({ certificate }) => ({
        notBefore: certificate.validFromDate.getTime(),
        notAfter: certificate.validToDate.getTime(),
      })),
    ],
  ];
  return windows.flatMap(([subject, of]) => {
    const window = joinedWindow(of, now);
    return window ? [{ region, subject, ...window }] : [];
  });
}

/**
 * The stretch without a gap that several windows make together around a moment; when there is none, the one that ended
 * last, else the next one. Undefined without windows.
 *
 * @param now milliseconds
 */
export function joinedWindow(windows: readonly Window[], now: number): Window | undefined {
  const stretches: { notBefore: number; notAfter: number }[] = [];
  for (const { notBefore, notAfter } of windows.toSorted((a, b) => a.notBefore - b.notBefore)) {
    if (notAfter <= notBefore) continue;
    const last = stretches.at(-1);
    if (last && notBefore <= last.notAfter) last.notAfter = Math.max(last.notAfter, notAfter);
    else stretches.push({ notBefore, notAfter });
  }
  return (
    stretches.find(({ notBefore, notAfter }) => notBefore <= now && now < notAfter) ??
    stretches.findLast(({ notAfter }) => notAfter <= now) ??
    stretches[0]
  );
}

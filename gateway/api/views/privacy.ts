import { SHOWN_MASKED, withoutTexts } from '../../case/personal/texts.ts';
import { isAdministrator } from '../../duty/administrator.ts';
import type { Role } from '../roles.ts';

const HIDDEN = '***';

/**
 * Whether a role may be shown personal data in full; that it says what for comes on top. Administrators (三员) look at what was
 * done, not at whom it was done for.
 */
export function seesPersonalData(role: Role): boolean {
  return !isAdministrator(role);
}

/** Hides a text of which no part may be shown, such as an address. */
export function hide(text: string): string {
  return text === '' ? '' : HIDDEN;
}

/** Hides every value, so that it still can be seen which fields there are. */
export function hideValues(record: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === 'string' ? hide(value) : HIDDEN]),
  );
}

/** Hides free texts, in which anybody may be named; words of closed lists, numbers and staff ids stay. */
export function hideTexts<T>(value: T): T {
  return withoutTexts(value, SHOWN_MASKED, HIDDEN);
}

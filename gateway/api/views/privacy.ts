import type { Role } from '../roles.ts';

const HIDDEN = '***';

/** Whether a role is shown personal data in full. Auditors (审计) look at what was done, not at whom it was done for. */
export function seesPersonalData(role: Role): boolean {
  return role !== 'auditor';
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

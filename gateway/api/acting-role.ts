import { ROLES, type Role } from './roles.ts';
import { ROUTE_ACCESS } from './route-access.ts';

/** Who asks, by preference: a person at work where that is enough. */
const ACTING: readonly Role[] = ['operator', 'secadmin', 'sysadmin', 'auditor'];

/**
 * A role that may ask for something, as no role may do everything: the command line takes it. What the table of access does not
 * name is open to everybody, and asked for as an operator.
 *
 * @param path with its parameters filled in and encoded
 */
export function roleFor(method: string, path: string): Role {
  const segments = path.split('/');
  const [best] = Object.keys(ROUTE_ACCESS)
    .filter((key) => key.startsWith(`${method} `) && fits(key.slice(method.length + 1).split('/'), segments))
    .sort((a, b) => a.split('/:').length - b.split('/:').length);
  const access = best === undefined ? 'open' : ROUTE_ACCESS[best]!;
  const may = typeof access === 'string' ? ROLES : access;
  return ACTING.find((role) => may.includes(role)) ?? 'operator';
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length && pattern.every((part, at) => part.startsWith(':') || part === segments[at])
  );
}

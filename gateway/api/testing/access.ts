import { type Access, type AccessTable, ROLES, type Role } from '../roles.ts';

/** One question to a guarded API, and the answer that the table of access demands. */
export interface AccessCase {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The pattern with its parameters filled in. */
  readonly url: string;
  readonly role: Role | undefined;
  /** undefined: the guard lets it pass, whatever the route then says. */
  readonly refusal: 401 | 403 | undefined;
}

/** Every route of a table with every role and without a token. */
export function everyAccess(table: AccessTable): AccessCase[] {
  return Object.entries(table).flatMap(([key, access]) => {
    const [method, pattern] = key.split(' ') as [AccessCase['method'], string];
    const path = pattern.replaceAll(/:\w+/g, 'x').replace(/\/\*$/, '/');
    // A stream that begins does not end.
    const url = path.endsWith('/stream') ? `${path}?after=x` : path;
    return [undefined, ...ROLES].map((role) => ({ method, url, role, refusal: refusal(access, role) }));
  });
}

function refusal(access: Access, role: Role | undefined): 401 | 403 | undefined {
  if (typeof access === 'string') return undefined;
  if (role === undefined) return 401;
  return access.includes(role) ? undefined : 403;
}

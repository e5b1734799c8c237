import { ADMINISTRATORS } from '../duty/administrator.ts';

/** Roles that a token may claim (角色): a local platform, a person who operates, and the administrators. */
export const ROLES = ['platform', 'operator', ...ADMINISTRATORS] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who may use a route: the roles of the list; or anybody, without a token (`open`), and for probes also without a
 * limit of requests (`probe`).
 */
export type Access = 'probe' | 'open' | readonly Role[];

/**
 * Who may call what, by 'METHOD /pattern'. A pattern that ends in '/*' stands for everything below it.
 * The server refuses to start with a route that is not here, and with an entry that has no route.
 */
export type AccessTable = Readonly<Record<string, Access>>;

/** What the server itself answers: whether it lives and works, and what it can do. */
export const SHELL_ACCESS: AccessTable = {
  'GET /healthz': 'probe',
  'GET /readyz': 'probe',
  'GET /metrics': 'probe',
  'GET /openapi.json': 'open',
  'GET /docs/*': 'open',
};

/** What has a body and changes nothing all the same: it only looks, or judges what it is given. */
export const LOOKS: ReadonlySet<string> = new Set([
  'POST /v1/cases/search',
  'POST /v1/certificates/search',
  'POST /v1/certificates/verify',
  'POST /v1/documents/verify',
  'POST /v1/entrustments/verify',
  'POST /v1/public/verify/text',
  'POST /v1/public/verify/file',
]);

/** By which an administrator proves his second factor: it cannot ask for it. */
export const SESSION_OPENING = 'POST /v1/sessions';

/** The access of a route, and the key of the entry; undefined if the table does not name it: then nobody may. */
export function findAccess(table: AccessTable, method: string, pattern: string): [string, Access] | undefined {
  const exact = `${method} ${pattern}`;
  if (Object.hasOwn(table, exact)) return [exact, table[exact]!];
  return Object.entries(table).find(([key]) => key.endsWith('/*') && `${exact}/`.startsWith(key.slice(0, -1)));
}

/** Whether what a token claims to be its role is one. */
export function isRole(claim: unknown): claim is Role {
  return (ROLES as readonly unknown[]).includes(claim);
}

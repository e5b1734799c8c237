import type { AccessTable, Role } from './roles.ts';

const everybody: readonly Role[] = ['platform', 'operator', 'auditor', 'admin'];
const caseworkers: readonly Role[] = ['platform', 'operator', 'admin'];
const staff: readonly Role[] = ['operator', 'auditor', 'admin'];
const operators: readonly Role[] = ['operator', 'admin'];

/** Who may call what. A route that is not here cannot exist: the server does not start with it. */
export const ROUTE_ACCESS: AccessTable = {
  'GET /v1/statement': everybody,
  'GET /v1/statement/keys': staff,
  'POST /v1/statement/reload': ['admin'],
  'GET /v1/peers': staff,
  'POST /v1/peers': operators,
  'DELETE /v1/peers/:region': ['admin'],
  'GET /v1/peers/:region/repin': staff,
  'POST /v1/peers/:region/repin': ['admin'],
  'POST /v1/peers/:region/ping': operators,
  'GET /v1/federation': staff,
  'POST /v1/peers/:region/probe': operators,
  'GET /v1/health/validity': staff,
  'GET /v1/envelopes/:id': everybody,

  'GET /v1/authorizations': everybody,
  'POST /v1/authorizations': operators,
  'GET /v1/authorizations/:id': everybody,
  'GET /v1/authorizations/:id/changes': everybody,
  'POST /v1/authorizations/:id/accept': operators,
  'POST /v1/authorizations/:id/counter': operators,
  'POST /v1/authorizations/:id/renew': operators,
  'POST /v1/authorizations/:id/suspend': operators,
  'POST /v1/authorizations/:id/resume': operators,
  'POST /v1/authorizations/:id/revoke': operators,
  'GET /v1/authorizations/:id/contacts': staff,
  'PUT /v1/authorizations/:id/contacts': operators,

  'GET /v1/joint-agreements': everybody,
  'POST /v1/joint-agreements': operators,
  'GET /v1/joint-agreements/:id': everybody,
  'POST /v1/joint-agreements/:id/sign': operators,
  'POST /v1/joint-agreements/:id/refuse': operators,
  'POST /v1/joint-agreements/:id/revoke': operators,

  'GET /v1/entrustments': everybody,
  'POST /v1/entrustments': operators,
  'GET /v1/entrustments/:id': everybody,
  'POST /v1/entrustments/:id/revoke': operators,
  'POST /v1/entrustments/:id/send': operators,
  'POST /v1/entrustments/verify': caseworkers,

  'GET /v1/items': everybody,
  'PUT /v1/items': operators,
  'POST /v1/catalogue/publish': operators,

  'POST /v1/cases': caseworkers,
  'POST /v1/cases/submit': caseworkers,
  'POST /v1/cases/bulk': caseworkers,
  'GET /v1/cases': everybody,
  'GET /v1/cases/:key': everybody,
  'GET /v1/cases/:key/events': everybody,
  'POST /v1/cases/:key/acts': caseworkers,
  'POST /v1/cases/:key/notes': caseworkers,

  'POST /v1/cases/:key/materials': caseworkers,
  'POST /v1/cases/:key/materials/:digest/check': caseworkers,
  'GET /v1/cases/:key/materials/:digest': caseworkers,
  'GET /v1/cases/:key/materials/:digest/report': caseworkers,
  'POST /v1/documents/verify': everybody,

  'GET /v1/certificates': everybody,
  'POST /v1/certificates': operators,
  'GET /v1/certificates/:identifier': everybody,
  'GET /v1/certificates/:identifier/pdf': caseworkers,
  'GET /v1/certificates/:identifier/status': staff,
  'POST /v1/certificates/:identifier/status': operators,
  'POST /v1/certificates/verify': everybody,
  'POST /v1/certificates/check': caseworkers,
  'POST /v1/certificates/checks': caseworkers,
  'POST /v1/data/check': caseworkers,
  'GET /status-lists': 'open',
  'GET /status-lists/:n': 'open',

  'GET /v1/cases/:key/evidence': staff,
  'GET /v1/log/checkpoint': staff,
  'GET /v1/log/witnesses': staff,
};

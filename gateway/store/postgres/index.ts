/** What the rooms above use of PostgreSQL, loaded only where it is configured. */
export { type Leader, Leadership } from './leadership.ts';
export { inPostgres } from './postgres-snapshot.ts';
export { type PostgresStatus, postgresStatus, readThroughPostgres } from './postgres-status.ts';
export { openPostgresStore } from './postgres-store.ts';
export { passwordOf } from './session.ts';

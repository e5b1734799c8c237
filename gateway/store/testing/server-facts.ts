import type { PostgresConfig } from '../../config/store-config.ts';

/** How tests reach the PostgreSQL server of their run. */
export interface ServerFacts {
  /** URL of the administrator's own database. */
  readonly admin: string;
  /** Who owns the databases of the gateways. */
  readonly owner: string;
  readonly password: string;
  /** A database with the tables of today and nothing in them. */
  readonly template: string;
}

/** The store section of a gateway that has the database for itself. */
export function configOf({ admin, owner }: ServerFacts, database: string): PostgresConfig {
  const { hostname, port } = new URL(admin);
  return {
    kind: 'postgres',
    host: hostname,
    port: Number(port || 5432),
    database,
    user: owner,
    passwordFile: undefined,
    tls: 'off',
    caFile: undefined,
    connections: 4,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    lockTimeoutMs: 10_000,
  };
}

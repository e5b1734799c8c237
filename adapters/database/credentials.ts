import { readFile } from 'node:fs/promises';
import type { Problem } from '#proto';
import { type DatabasePlace, isLocal, readDatabaseUrl, type ServerPlace } from './database-config.ts';

/** Limits of one connection, in ms: to make it, to keep it unused, for a lock, for a statement. */
export const CONNECT_MS = 10_000;
export const IDLE_MS = 30_000;
export const LOCK_MS = 5_000;
export const STATEMENT_MS = 60_000;

const DEFAULT_CONNECTIONS = 4;
/** Platforms of China write down times without a zone. */
const DEFAULT_TIME_ZONE = '+08:00';

/** What it takes to connect. */
export interface Credentials {
  readonly server: ServerPlace;
  readonly password: string | undefined;
  /** False: everything goes in the clear. */
  readonly tls: false | { readonly ca?: string };
  readonly networks: readonly string[];
  readonly connections: number;
  readonly timeZone: string;
}

/**
 * Reads the files that a place names.
 *
 * @param problems gets those that cannot be read
 */
export async function readCredentials(place: DatabasePlace, problems: Problem[]): Promise<Credentials> {
  const server = readDatabaseUrl(place.url)!;
  const [password, ca] = [
    await content(place.password_file, '/password_file', problems),
    await content(place.ca_file, '/ca_file', problems),
  ];
  const isOpen = (place.tls ?? (isLocal(server.host) && !place.ca_file ? 'off' : 'verify-full')) === 'off';
  return {
    server,
    password: password?.replace(/\r?\n$/, ''),
    tls: isOpen ? false : { ...(ca !== undefined && { ca }) },
    networks: place.networks ?? [],
    connections: place.connections ?? DEFAULT_CONNECTIONS,
    timeZone: place.time_zone ?? DEFAULT_TIME_ZONE,
  };
}

async function content(
  file: string | null | undefined,
  pointer: string,
  problems: Problem[],
): Promise<string | undefined> {
  if (!file) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push({ pointer, code: 'FILE', message: `cannot be read (${code})` });
    return undefined;
  }
}

import { relative } from 'node:path';
import { both, fields, optional, type Problem, type Rule, text } from '#proto';
import { type Address, formatAddress, isWildcard, parseAddress } from './address.ts';
import type { StoreConfig } from './store-config.ts';

/** One of several processes that are the gateway of a region together (多副本). */
export interface ReplicaConfig {
  /** Tells it from the others, in the database, in logs and to operators. */
  readonly name: string;
  /** Where it takes, while it leads, the connections that came to the others. */
  readonly listen: Address;
  /** Where the others reach that. */
  readonly advertise: Address;
  /** Where it answers probes about itself; absent for nowhere. */
  readonly probe: Address | undefined;
}

/** The section as the file spells it. */
export interface ReplicaSection {
  name: string;
  listen: string;
  advertise?: string | null;
  probe?: string | null;
}

/** What the section may say. */
export const replicaRule: Rule = both(
  fields({
    name: text(30, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be lower-case letters, digits and hyphens' }),
    listen: place,
    advertise: optional(place),
    probe: optional(place),
  }),
  isReached,
);

/** The section with its defaults. */
export function replicaOf({ name, listen, advertise, probe }: ReplicaSection): ReplicaConfig {
  const addressOf = (given: string) => parseAddress(given)!;
  return {
    name,
    listen: addressOf(listen),
    advertise: addressOf(advertise ?? listen),
    probe: probe ? addressOf(probe) : undefined,
  };
}

/** What the database server lists the writing connection of a gateway as: by it a leader finds that of the one before. */
export function writerName(region: string, replica: string | undefined): string {
  return replica === undefined ? `tongban ${region}` : `tongban ${region} ${replica}`;
}

/** What of the other sections replicas cannot do without: they share one database, and one data folder. */
export function replicaProblems(
  replica: ReplicaConfig | undefined,
  { store, data, keys }: { store: StoreConfig; data: string; keys: { directory: string } },
): Problem[] {
  const problems: Problem[] = [];
  if (!replica) return problems;
  if (store.kind !== 'postgres')
    problems.push({ pointer: '/store/postgres', code: 'REQUIRED', message: "is required with 'replica'" });
  if (relative(data, keys.directory).startsWith('..'))
    problems.push({
      pointer: '/keys/directory',
      code: 'CONFLICT',
      message: "must be inside the data folder, which all replicas share, with 'replica'",
    });
  return problems;
}

function place(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'string' || !parseAddress(value))
    problems.push({ pointer, code: 'FORMAT', message: "must be 'host:port'" });
}

/** The others dial it: 'every interface' and 'any port' are nowhere. */
function isReached(value: unknown, pointer: string, problems: Problem[]): void {
  const { listen, advertise } = value as Partial<ReplicaSection>;
  const said = advertise ?? listen;
  const address = typeof said === 'string' ? parseAddress(said) : undefined;
  if (address && (address.port === 0 || isWildcard(address)))
    problems.push({
      pointer: `${pointer}/advertise`,
      code: 'FORMAT',
      message: `must be 'host:port' by which the other replicas reach this one, not ${formatAddress(address)}`,
    });
}

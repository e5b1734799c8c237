import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../proto/testing/free-port.ts';
import { keepLog } from '../../proto/testing/kept-logs.ts';
import { formatAddress } from '../config/address.ts';
import type { ReplicaState } from '../replica/replica-state.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { launch, type ReachedGateway, tokensOf, tongban } from './gateway-process.ts';

/** One replica as a process. */
export interface ReplicaProcess {
  readonly name: string;
  /** Folder of its config. */
  readonly folder: string;
  /** Of its own HTTP door. */
  readonly url: string;
  readonly probe: string;
  child: ChildProcess;
}

/** A region whose gateway is several processes behind balancers; `url` is that of the balancer. */
export interface ReplicaRegion extends ReachedGateway {
  readonly replicas: readonly ReplicaProcess[];
  /** What a replica says of itself; undefined when it does not answer. */
  stateOf(replica: ReplicaProcess): Promise<ReplicaState | undefined>;
  restart(replica: ReplicaProcess): Promise<void>;
  /** Kills whatever runs and removes all folders. */
  discard(): Promise<void>;
}

/**
 * Makes a region with `tongban init` in a shared folder, and starts replicas of its gateway on one database.
 *
 * @param store URL of the database, and its password
 * @param more lines for the config of each
 */
export async function startReplicas(
  region: string,
  names: readonly string[],
  store: { readonly url: string; readonly password: string },
  more: string,
): Promise<ReplicaRegion> {
  const folder = await mkdtemp(join(tmpdir(), `tongban-replicas-${region}-`));
  const shared = join(folder, 'shared');
  for (const [file, secret] of [
    ['passphrase', 'a passphrase for tests'],
    ['db-password', store.password],
  ] as const)
    await writeFile(join(folder, file), secret, { mode: 0o600 });
  const places = await Promise.all(
    names.map(async (name) => {
      const [http, peer, link, probe] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
      return { name, http, peer, link, probe, folder: join(folder, name) };
    }),
  );
  const balancerOf = (door: 'http' | 'peer'): Promise<Balancer> =>
    startBalancer(
      places.map((place) => ({
        address: { host: '127.0.0.1', port: place[door] },
        healthUrl: `http://127.0.0.1:${place.probe}/readyz`,
      })),
    );
  const [http, peer] = await Promise.all([balancerOf('http'), balancerOf('peer')]);
  const endpoint = formatAddress(peer.address);
  const secret = ['--passphrase-file', join(folder, 'passphrase')];
  await tongban('init', shared, '--region', region, '--name', '多副本', '--peer-endpoint', endpoint, ...secret);
  for (const place of places) {
    await mkdir(place.folder);
    await writeFile(
      join(place.folder, 'gateway.yaml'),
      `region: "${region}"
name: 多副本
data: "${shared}"
http: { listen: "127.0.0.1:${place.http}" }
peer: { listen: "127.0.0.1:${place.peer}", endpoint: "${endpoint}" }
keys: { passphrase_file: "${join(folder, 'passphrase')}" }
store: { postgres: { url: "${store.url}", password_file: "${join(folder, 'db-password')}" } }
replica: { name: ${place.name}, listen: "127.0.0.1:${place.link}", probe: "127.0.0.1:${place.probe}" }
${more}`,
    );
  }
  const start = (name: string) => launch(join(folder, name), join(shared, 'run', `replica-${name}.json`));
  const replicas: ReplicaProcess[] = [];
  const discard = async () => {
    for (const balancer of [http, peer]) balancer.stop();
    await Promise.all(replicas.map(({ child }) => ended(child)));
    for (const place of places) await keepLog(join(place.folder, 'gateway.log'));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const { name, folder: own, probe } of places)
      replicas.push({ name, folder: own, probe: `http://127.0.0.1:${probe}`, ...(await start(name)) });
  } catch (error) {
    await discard();
    throw error;
  }
  const url = `http://${formatAddress(http.address)}`;
  return {
    region,
    folder: replicas[0]!.folder,
    url,
    ...(await tokensOf(replicas[0]!.folder)),
    replicas,
    stateOf: ({ probe }) =>
      fetch(`${probe}/healthz`, { signal: AbortSignal.timeout(1_000) }).then(
        (answer) => answer.json() as Promise<ReplicaState>,
        () => undefined,
      ),
    restart: async (replica) => {
      Object.assign(replica, await start(replica.name));
    },
    discard,
  };
}

/** Ends a process, also one that is frozen. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

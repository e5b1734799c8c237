import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document } from 'yaml';
import type { Children } from '../../bench/children.ts';
import { freePort } from '../../bench/gateways/free-port.ts';
import { GatewayApi } from '../../bench/gateways/gateway-api.ts';
import { type GatewayProcess, launchProcess, PASSPHRASE, tongban } from '../../bench/gateways/gateway-process.ts';
import { FaultProxy } from '../proxy/fault-proxy.ts';
import { editConfig, end, isAlive, isLeader, type Process, placeReplicas } from './processes.ts';

export interface RegionOptions {
  readonly children: Children;
  /** Folder that gets the folder of the gateway, its passphrase and everything else of the region. */
  readonly parent: string;
  readonly region: string;
  readonly name: string;
  /** Processes that are the gateway together; more than one need PostgreSQL. */
  readonly replicas?: number;
  /** Added to the environment of every process of the region. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Added while the region is made. */
  readonly environmentOfInit?: NodeJS.ProcessEnv;
}

/** A region whose gateway is killed, stopped and started as a round likes. */
export class RegionUnderTest implements GatewayProcess {
  readonly region: string;
  readonly folder: string;
  /** Peer listener of each process, `host:port`. */
  readonly endpoints: readonly string[];
  readonly fingerprint: string;
  readonly #children: Children;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #url: string;
  #api: GatewayApi | undefined;
  #security: GatewayApi | undefined;
  #statement = '';
  readonly #processes: readonly Process[];
  readonly #balancer: FaultProxy | undefined;

  private constructor(
    { children, region, environment = {} }: RegionOptions,
    made: Pick<RegionUnderTest, 'folder' | 'endpoints' | 'fingerprint'> & {
      readonly url: string;
      readonly processes: readonly Process[];
      readonly balancer: FaultProxy | undefined;
    },
  ) {
    this.region = region;
    this.folder = made.folder;
    this.endpoints = made.endpoints;
    this.#processes = made.processes;
    this.#balancer = made.balancer;
    this.fingerprint = made.fingerprint;
    this.#url = made.url;
    this.#children = children;
    this.#environment = environment;
  }

  /** Makes the folder of a region with `tongban init`. It is started by {@link start}. */
  static async make(options: RegionOptions): Promise<RegionUnderTest> {
    const { children, parent, region, name, replicas = 1, environment, environmentOfInit } = options;
    const folder = join(parent, 'gateway');
    const passphrase = join(parent, 'passphrase');
    await mkdir(parent, { recursive: true });
    await writeFile(passphrase, PASSPHRASE, { mode: 0o600 });
    const [http, endpoint] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const { fingerprint } = await tongban<{ fingerprint: string }>(
      children,
      [
        ...['init', folder, '--region', region, '--name', name, '--passphrase-file', passphrase],
        ...['--http', http, '--peer-listen', endpoint, '--peer-endpoint', endpoint],
      ],
      { ...environment, ...environmentOfInit },
    );
    const alone = { folder, runFile: join(folder, 'run', 'gateway.json') };
    const doors = { http: [http], peer: [endpoint] };
    const processes = replicas === 1 ? [alone] : await placeReplicas(parent, folder, replicas, doors);
    // The balancer of the API; that of the peers is the way with weather.
    const balancer = replicas === 1 ? undefined : await FaultProxy.start(...doors.http);
    const url = `http://${balancer?.endpoint ?? http}`;
    const parts = { folder, endpoints: doors.peer, fingerprint, url, processes, balancer };
    const made = new RegionUnderTest(options, parts);
    // Asking again and again is no attack here.
    await made.configure((config) => config.setIn(['limits', 'http_requests_per_minute'], 10_000_000));
    return made;
  }

  /** Runs the gateway, after a kill too. @throws Error with the end of its log when it does not become ready */
  async start(): Promise<void> {
    for (const one of this.#processes) {
      if (isAlive(one)) continue;
      const options = { environment: this.#environment, runFile: one.runFile };
      one.child = (await launchProcess(this.#children, one.folder, this.region, options)).child;
    }
    await this.readStatement();
  }

  /** Ends the process that leads as `kill -9` does. */
  async kill(): Promise<void> {
    const alive = this.#processes.filter(isAlive);
    const leads = await Promise.all(alive.map(isLeader));
    const victim = alive.find((_, index) => leads[index]) ?? alive[0];
    if (victim) await end(victim, 'SIGKILL');
  }

  /** Ends all processes as `systemctl stop` does. @throws Error when one does not end */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((one) => end(one, 'SIGTERM')));
  }

  /** Ends whatever still runs. */
  async discard(): Promise<void> {
    await Promise.all(this.#processes.map((one) => end(one, 'SIGKILL')));
    await this.#balancer?.stop();
  }

  /** Of a process; undefined while none runs. */
  get pid(): number | undefined {
    return this.#processes.find(isAlive)?.child?.pid;
  }

  /** Whether every process runs. */
  get isRunning(): boolean {
    return this.#processes.every(isAlive);
  }

  /** The logs of all processes. */
  get logs(): string[] {
    return this.#processes.map(({ folder }) => join(folder, 'gateway.log'));
  }

  /** As an operator; the same one whether the gateway runs or not. */
  get api(): GatewayApi {
    return demand(this.#api);
  }

  /** As a security administrator. */
  get security(): GatewayApi {
    return demand(this.#security);
  }

  /** The newest that was read. */
  get statement(): string {
    return this.#statement;
  }

  async readStatement(): Promise<string> {
    this.#statement = (await readFile(join(this.folder, 'statement.jwt'), 'utf8')).trim();
    return this.#statement;
  }

  /** Runs `tongban … --gateway FOLDER --json`. @throws Error with its complaint when it fails */
  tongban<T>(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<T> {
    return tongban<T>(this.#children, [...args, '--gateway', this.folder], { ...this.#environment, ...environment });
  }

  /** Changes the config of every process, and of whoever works on the folder; heeded by the next start. */
  async configure(change: (config: Document) => void): Promise<void> {
    const folders = new Set([this.folder, ...this.#processes.map(({ folder }) => folder)]);
    for (const folder of folders) await editConfig(join(folder, 'gateway.yaml'), change);
  }

  /** Gets tokens for the API; before the first start. */
  async mintTokens(): Promise<void> {
    [this.#api, this.#security] = await Promise.all([this.#as('operator'), this.#as('secadmin')]);
  }

  async #as(role: string): Promise<GatewayApi> {
    const { token } = await this.tongban<{ token: string }>(['token', '--role', role]);
    return new GatewayApi(this.#url, token);
  }
}

function demand(api: GatewayApi | undefined): GatewayApi {
  if (!api) throw new Error('the region has no token yet');
  return api;
}

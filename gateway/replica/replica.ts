import { CodedError } from '#proto';
import { isOneOf } from '../api/shell/http-limits.ts';
import { readApiKey } from '../api/token.ts';
import { type Address, formatAddress, isWildcard, localUrl, parseAddress } from '../config/address.ts';
import type { GatewayConfig } from '../config/config.ts';
import { type ReplicaConfig, writerName } from '../config/replica-config.ts';
import { type RunInfo, removeRunFile, writeRunFile } from '../config/run-file.ts';
import type { PostgresConfig } from '../config/store-config.ts';
import { type Leader, Leadership, passwordOf } from '../store/postgres/index.ts';
import { type Log, openLog } from '../telemetry/log.ts';
import { Election } from './election.ts';
import { FrontDoor, type LeaderPlace } from './front-door.ts';
import { LeaderThread } from './leader-thread.ts';
import { openProbe, type Probe } from './probe.ts';
import type { ReplicaState } from './replica-state.ts';
import { replicaKey } from './replica-tls.ts';
import { isSharedWith, markFolder, markOf } from './shared-folder.ts';

export interface ReplicaOptions {
  readonly config: GatewayConfig;
  readonly passphrase: string;
  readonly clock: { now(): number };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** The module of the thread in which the gateway runs while this replica leads. */
  readonly program: URL;
}

/** Looks at the data folder, twice a second, after which a replica that starts says that it is not the shared one. */
const MISSES = 10;

/**
 * One of several processes that are the gateway of a region together (多副本). Each takes connections at both doors and
 * passes them on to the one that leads; that one is the whole gateway, in a thread. When the leader is gone another
 * takes its place within ten seconds.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #replica: ReplicaConfig;
  readonly #store: PostgresConfig;
  readonly #log: Log;
  readonly #closeLog: () => Promise<void>;
  readonly #doors: { readonly http: FrontDoor; readonly peer: FrontDoor };
  readonly #election: Election;
  readonly #ready = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  #thread: LeaderThread;
  #leader: Leader | undefined;
  /** Where our own gateway takes connections, and the term in which it does. */
  #own: LeaderPlace | undefined;
  /** The term whose leader was found to have our data folder. */
  #sharedWith: string | undefined;
  #misses = 0;
  /** Whether the thread that would lead has its modules loaded and its keys tried. */
  #isPrepared = false;
  #isStopping = false;
  #probe: Probe | undefined;
  #info: RunInfo | undefined;

  private constructor(
    options: ReplicaOptions,
    replica: ReplicaConfig,
    store: PostgresConfig,
    key: Buffer,
    log: OpenLog,
  ) {
    this.#options = options;
    this.#replica = replica;
    this.#store = store;
    this.#log = log.log;
    this.#closeLog = log.close;
    const isExempt = isOneOf(options.config.http.trustedProxies);
    const shared = { connections: options.config.limits.connections, isExempt, key };
    this.#doors = {
      http: new FrontDoor({ door: 'http', isTls: options.config.http.tls !== undefined, ...shared }),
      peer: new FrontDoor({ door: 'peer', ...shared }),
    };
    this.#thread = this.#newThread();
    this.#election = new Election({
      log: this.#log,
      name: replica.name,
      address: formatAddress(replica.advertise),
      open: () => this.#openLeadership(),
      monotonic: options.monotonic,
      onLeader: (leader) => this.#follow(leader),
      mayLead: (leader, isAtWork) => this.#hasFolderOf(leader, isAtWork),
      isPrepared: () => this.#isPrepared,
      prepare: (term) => markFolder(options.config.data, term),
      lead: (leader, lost, stopping) => this.#lead(leader, lost, stopping),
      onOthers: (others) => this.#thread.know(others),
    });
    this.#failed.promise.catch(() => undefined);
  }

  /**
   * Starts a replica: opens its doors, and stands by or leads.
   *
   * @throws CodedError when keys, statement, database or configuration do not allow it; nothing runs then
   */
  static async start(options: ReplicaOptions): Promise<Replica> {
    const { config, clock } = options;
    const { replica, store } = config;
    if (!replica || store.kind !== 'postgres') throw new TypeError('the config is not that of a replica');
    const key = replicaKey(await readApiKey(config.keys.directory));
    const log = await openLog({ ...config.log, region: config.region, clock });
    const started = new Replica(options, replica, store, key, log);
    try {
      await started.#thread.prepared;
      await started.#open();
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** Rejects when the replica cannot go on, and has to be stopped. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get info(): RunInfo {
    return this.#info!;
  }

  get state(): ReplicaState {
    const leader = this.#leader;
    const leads = this.#own !== undefined;
    return {
      name: this.#replica.name,
      role: leads ? 'leader' : 'standby',
      leader: leader && { name: leader.name, since: leader.since },
      ready: leads || (leader !== undefined && leader.name !== this.#replica.name && this.#sharedWith === leader.term),
    };
  }

  /** Takes nothing new, ends what is under way, and gives the lead to the others. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#log.info({ replica: this.#replica.name }, 'the replica stops');
    const { http, peer } = this.#doors;
    await Promise.all([http.close(), peer.close(), this.#election.stop()]);
    await this.#thread.kill();
    await this.#probe?.close();
    await removeRunFile(this.#options.config.data, process.pid, this.#replica.name);
    await this.#closeLog();
  }

  async #open(): Promise<void> {
    const { config, clock } = this.#options;
    const leadership = await this.#openLeadership();
    this.#election.start(leadership, (error) => this.#fail(error));
    await Promise.race([this.#ready.promise, this.failed]);
    const peer = await this.#doors.peer.listen(config.peer.listen);
    const http = await this.#doors.http.listen(config.http.listen);
    const { probe } = this.#replica;
    if (probe) this.#probe = await openProbe(probe, () => this.state);
    this.#info = {
      pid: process.pid,
      http: localUrl(http, config.http.tls !== undefined),
      peer: formatAddress({ ...config.peer.listen, port: peer.port }),
      startedAt: clock.now(),
    };
    await writeRunFile(config.data, this.#info, this.#replica.name);
    this.#log.info(
      { replica: this.#replica.name, address: formatAddress(http), port: peer.port },
      'the replica is open',
    );
  }

  async #openLeadership(): Promise<Leadership> {
    const { config, environment } = this.#options;
    return Leadership.open({
      config: this.#store,
      password: await passwordOf(this.#store, environment),
      name: this.#replica.name,
      writerOf: (replica) => writerName(config.region, replica),
    });
  }

  /** The gateway of this process, from now on and until the lead is lost or we stop. */
  async #lead(leader: Leader, lost: AbortSignal, stopping: AbortSignal): Promise<void> {
    const thread = this.#thread;
    const end = onceAborted(lost, () => thread.kill());
    const finish = onceAborted(stopping, () => thread.stop());
    this.#point(undefined);
    try {
      const door = await thread.lead();
      this.#leader = leader;
      this.#point({ term: leader.term, address: dialable(door) });
      this.#ready.resolve();
      const reason = await thread.ended;
      if (reason && !lost.aborted && !stopping.aborted) throw reason;
    } catch (error) {
      if (!lost.aborted && !stopping.aborted) throw error;
    } finally {
      end();
      finish();
      this.#point(undefined);
      await thread.kill();
      if (!stopping.aborted) this.#thread = this.#newThread();
    }
  }

  /** Our own gateway takes every connection, or none any more. */
  #point(own: LeaderPlace | undefined): void {
    this.#own = own;
    for (const door of Object.values(this.#doors)) door.follow(own);
  }

  /** Somebody else leads, if anybody does. */
  #follow(leader: Leader | undefined): void {
    this.#leader = leader;
    const address = leader && leader.name !== this.#replica.name ? parseAddress(leader.address) : undefined;
    const place = leader && address && { term: leader.term, address };
    for (const door of Object.values(this.#doors)) door.follow(place);
  }

  async #hasFolderOf(leader: Leader, isAtWork: boolean): Promise<boolean> {
    if (this.#sharedWith === leader.term) return true;
    const isShared = await isSharedWith(this.#options.config.data, leader.term);
    if (isShared && isAtWork) {
      this.#sharedWith = leader.term;
      this.#ready.resolve();
    }
    if (isShared) return true;
    this.#log.error(
      { replica: leader.name },
      'the data folder is not the one of the leader: mount the same one; until then this replica never leads',
    );
    this.#misses += 1;
    if (!this.#info && this.#misses >= MISSES) this.#fail(notShared(this.#options.config.data, leader));
    return false;
  }

  #newThread(): LeaderThread {
    const { config, passphrase, environment, program } = this.#options;
    const thread = new LeaderThread(program, { file: config.file, passphrase, environment });
    this.#isPrepared = false;
    thread.prepared.then(
      () => {
        this.#isPrepared = true;
      },
      (error) => {
        if (!this.#isStopping) this.#fail(error);
      },
    );
    return thread;
  }

  #fail(error: unknown): void {
    this.#log.error({ err: error }, 'the replica cannot go on');
    this.#failed.reject(error instanceof Error ? error : new CodedError('INTERNAL'));
  }
}

function notShared(data: string, { name, term }: Leader): CodedError {
  return new CodedError(
    'CONFIG_INVALID',
    `the data folder ${data} is not the one of replica ${name}, which leads or led last: all replicas work in one ` +
      `shared folder; if this is the right one, moved or restored, make the empty file ${markOf(data, term)} in it`,
  );
}

type OpenLog = Awaited<ReturnType<typeof openLog>>;

function dialable(address: Address): Address {
  if (!isWildcard(address)) return address;
  return { ...address, host: address.host === '::' ? '::1' : '127.0.0.1' };
}

/** @returns what forgets it */
function onceAborted(signal: AbortSignal, act: () => Promise<void>): () => void {
  const listener = () => void act();
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

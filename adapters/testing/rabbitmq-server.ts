import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ChannelModel, connect } from 'amqplib';
import { freePort } from '../../proto/testing/free-port.ts';
import { temporaryFolder } from './folders.ts';
import { type ThrowawayAuthority, throwawayAuthority } from './throwaway-authority.ts';

const PROGRAMS = '/usr/lib/rabbitmq/bin';
const START_MS = 150_000;
const PAUSE_MS = 200;

/** Why there is no RabbitMQ to test with; undefined when there is one. */
export const NO_RABBITMQ: string | undefined =
  existsSync(`${PROGRAMS}/rabbitmq-server`) && spawnSync('epmd', ['-names']).error === undefined
    ? undefined
    : 'rabbitmq-server is not installed';

/** A RabbitMQ node on 127.0.0.1 in a temporary folder, with a port mapper of its own. Must be closed by the caller. */
export class RabbitServer {
  readonly port: number;
  /** Asks for a certificate of `authority`. */
  readonly tlsPort: number;
  readonly authority: ThrowawayAuthority;
  readonly passwordFile: string;
  readonly #folder: Awaited<ReturnType<typeof temporaryFolder>>;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #mapper: ChildProcess;
  #node: ChildProcess | undefined;

  private constructor(
    folder: Awaited<ReturnType<typeof temporaryFolder>>,
    ports: readonly number[],
    authority: ThrowawayAuthority,
  ) {
    const [port, tlsPort, mapperPort, nodePort] = ports as [number, number, number, number];
    const inside = (name: string) => join(folder.path, name);
    this.port = port;
    this.tlsPort = tlsPort;
    this.authority = authority;
    this.passwordFile = inside('password');
    this.#folder = folder;
    this.#environment = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      // Where nodes keep the secret that they share.
      HOME: folder.path,
      RABBITMQ_NODENAME: `tongban-${port}@localhost`,
      RABBITMQ_MNESIA_BASE: inside('data'),
      RABBITMQ_LOG_BASE: inside('log'),
      RABBITMQ_CONFIG_FILE: inside('rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: inside('plugins'),
      RABBITMQ_CONF_ENV_FILE: inside('none'),
      RABBITMQ_DIST_PORT: String(nodePort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(mapperPort),
      // Without it a shell stands between us and the node.
      RABBITMQ_ALLOW_INPUT: '1',
      RABBITMQ_SERVER_START_ARGS: '-noinput',
    };
    this.#mapper = spawn('epmd', ['-port', String(mapperPort), '-address', '127.0.0.1'], { stdio: 'ignore' });
  }

  static async start(): Promise<RabbitServer> {
    const folder = await temporaryFolder();
    const authority = await throwawayAuthority('broker');
    const { cert, key } = await authority.issue('broker');
    const ports = await Promise.all(Array.from({ length: 4 }, freePort));
    const settings = [
      `listeners.tcp.1 = 127.0.0.1:${ports[0]}`,
      `listeners.ssl.1 = 127.0.0.1:${ports[1]}`,
      `ssl_options.cacertfile = ${join(folder.path, 'ca.pem')}`,
      `ssl_options.certfile = ${join(folder.path, 'cert.pem')}`,
      `ssl_options.keyfile = ${join(folder.path, 'key.pem')}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = true',
    ];
    const files = { 'ca.pem': authority.ca, 'cert.pem': cert, 'key.pem': key, plugins: '[].', password: 'guest\n' };
    for (const [name, content] of Object.entries({ ...files, 'rabbitmq.conf': `${settings.join('\n')}\n` }))
      await writeFile(join(folder.path, name), content, { mode: 0o600 });
    const server = new RabbitServer(folder, ports, authority);
    await server.resume();
    return server;
  }

  /** Lets the node go on after `kill`, at the same port with the same data. */
  async resume(): Promise<void> {
    const node = spawn(`${PROGRAMS}/rabbitmq-server`, { env: { ...this.#environment }, stdio: 'ignore' });
    this.#node = node;
    for (const until = Date.now() + START_MS; ; await pause()) {
      const model = await this.connect().catch(() => undefined);
      if (model) return model.close();
      if (node.exitCode !== null || Date.now() > until) throw new Error('RabbitMQ does not answer');
    }
  }

  /** A connection of the platform's own. */
  connect(): Promise<ChannelModel> {
    return connect(`amqp://guest:guest@127.0.0.1:${this.port}`);
  }

  /** Ends the node as a failure of its machine does. */
  async kill(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    if (!node || node.exitCode !== null) return;
    const exited = once(node, 'exit');
    node.kill('SIGKILL');
    await exited;
  }

  /** Has the node write down which queues there are: one that is killed forgets those of the last seconds. */
  settle(): Promise<void> {
    return this.control('eval', 'mnesia:dump_log().');
  }

  /** Runs a command of the operator. */
  async control(...words: readonly string[]): Promise<void> {
    await promisify(execFile)(`${PROGRAMS}/rabbitmqctl`, [...words], { env: { ...this.#environment } });
  }

  async close(): Promise<void> {
    await this.kill();
    const exited = once(this.#mapper, 'exit');
    this.#mapper.kill('SIGKILL');
    await exited;
    await this.#folder.remove();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

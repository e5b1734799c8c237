// The thread in which the gateway of a leading replica runs. Beside main.ts the only place that looks at time itself.
import { parentPort, workerData } from 'node:worker_threads';
import { CodedError } from '#proto';
import { readCertificateFiles } from '../api/tls/certificate-files.ts';
import { readApiKey } from '../api/token.ts';
import { parseAddress } from '../config/address.ts';
import { type GatewayConfig, loadConfig } from '../config/config.ts';
import { keyFolderOf } from '../custody/key-folder.ts';
import { openOwnKeys } from '../keyring/own-keys.ts';
import { readStatementFile } from '../keyring/statement-file.ts';
import { type RunningGateway, startGateway } from '../node.ts';
import { LeaderDoor } from '../replica/leader-door.ts';
import type { FromThread, ThreadSeed, ToThread } from '../replica/leader-thread.ts';
import { replicaKey } from '../replica/replica-tls.ts';
import { clockOf } from './test-clock.ts';

const port = parentPort!;
const { file, passphrase, environment } = workerData as ThreadSeed;
const told = { lead: Promise.withResolvers<void>(), stop: Promise.withResolvers<void>() };
let others: Readonly<Record<string, boolean>> = {};

port.on('message', (message: ToThread) => {
  if (message.do === 'know') {
    others = message.others;
    say({ is: 'alive' });
  } else told[message.do].resolve();
});

try {
  await run(await loadConfig(file));
} catch (error) {
  fail(error);
}
say({ is: 'over' });
port.close();

async function run(config: GatewayConfig): Promise<void> {
  const clock = clockOf({ clock: { now: Date.now }, environment });
  await tryKeys(config, clock);
  say({ is: 'prepared' });
  await told.lead.promise;
  const gateway = await startGateway({
    config: inside(config),
    passphrase,
    clock,
    environment,
    replicas: () => others,
    onFailed: fail,
  });
  try {
    await serveReplicas(config, gateway);
  } catch (error) {
    fail(error);
  }
  await gateway.stop();
}

/** Takes the connections that replicas pass on, until it is told to stop. */
async function serveReplicas(config: GatewayConfig, { accept, info }: RunningGateway): Promise<void> {
  const door = new LeaderDoor({
    listen: config.replica!.listen,
    key: replicaKey(await readApiKey(config.keys.directory)),
    onHttp: accept,
    peer: parseAddress(info.peer)!,
  });
  say({ is: 'leading', door: await door.listen() });
  await told.stop.promise;
  door.close();
}

/** A replica that could not lead is of no use on the day when it has to. */
async function tryKeys(config: GatewayConfig, clock: { now(): number }): Promise<void> {
  if (config.http.tls) await readCertificateFiles(config.http.tls);
  const folder = keyFolderOf(config, { passphrase, clock, random: Math.random, environment });
  try {
    await openOwnKeys(config.region, await folder.open(), await readStatementFile(config.data), clock.now());
  } finally {
    folder.close();
  }
}

/** Everything comes by the doors of the replicas: the gateway itself listens where only this machine reaches it. */
function inside(config: GatewayConfig): GatewayConfig {
  const listen = { host: '127.0.0.1', port: 0 };
  return { ...config, http: { ...config.http, listen }, peer: { ...config.peer, listen } };
}

function fail(error: unknown): void {
  const code = error instanceof CodedError ? error.code : 'INTERNAL';
  say({ is: 'failed', code, message: error instanceof Error ? error.message : String(error) });
}

function say(message: FromThread): void {
  port.postMessage(message);
}

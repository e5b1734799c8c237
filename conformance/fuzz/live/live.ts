import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyStatement } from '#trust';
import { Children } from '../../bench/children.ts';
import { PASSPHRASE, startGateway } from '../../bench/gateways/gateway-process.ts';
import { HANDLING, RECEIVING } from '../../bench/sample-case.ts';
import { openRegionFolder } from '../../region-folder.ts';
import { WireClient } from '../../wire/wire-client.ts';
import type { Target } from '../target.ts';
import { peerPortTargets } from './peer-port.ts';
import { pinnedPeerTargets } from './pinned-peer.ts';
import { restTargets } from './rest.ts';

/** A real gateway whose doors are fuzzed. Must be stopped by the caller. */
export interface LiveTargets {
  readonly targets: readonly Target[];
  stop(): Promise<void>;
}

/**
 * Starts a gateway in a process of its own, and names its doors.
 *
 * @param now milliseconds
 * @param logs folder in which the logs of the gateways are left; nowhere when undefined
 */
export async function startLiveTargets(now: () => number, logs: string | undefined): Promise<LiveTargets> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-fuzz-'));
  const children = new Children();
  const stop = async () => {
    await children.end();
    if (logs !== undefined) await keepLogs(folder, logs);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { api, security, statement } = await startGateway(children, folder, HANDLING, '乌审旗');
    const target = await verifyStatement(statement);
    const alive = async () => void (await api.get('/healthz'));
    // A second region lends its keys; the first has pinned it.
    const other = await startGateway(children, folder, RECEIVING, '南通市');
    await security.post('/v1/peers', { statement: other.statement, fingerprint: other.fingerprint });
    const { tls, statement: own } = await openRegionFolder(join(folder, RECEIVING), PASSPHRASE, target);
    const client = new WireClient(target, tls, now);
    return {
      targets: [
        ...restTargets(api, security),
        ...(await peerPortTargets(target.endpoint, alive)),
        ...pinnedPeerTargets(client, own, target, alive),
      ],
      stop: async () => {
        client.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function keepLogs(folder: string, logs: string): Promise<void> {
  await mkdir(logs, { recursive: true });
  for (const region of [HANDLING, RECEIVING])
    await copyFile(join(folder, region, 'gateway.log'), join(logs, `${region}.log`)).catch(
      (error: NodeJS.ErrnoException) => {
        // A gateway that was never started has none.
        if (error.code !== 'ENOENT') throw error;
      },
    );
}

import { createServer } from 'node:net';
import { type Address, formatAddress } from '../../../config/address.ts';
import type { GatewayConfig } from '../../../config/config.ts';
import { type Finding, type Words, wrong } from '../finding.ts';
import { type PortOwner, portOwner } from './port-owner.ts';

/** While the gateway does not run: whether the addresses on which it would listen are free, and who has them if not. */
export async function checkPorts({ http, peer }: GatewayConfig): Promise<Finding[]> {
  const doors = [
    { address: http.listen, setting: 'http.listen' },
    { address: peer.listen, setting: 'peer.listen' },
  ];
  const findings = await Promise.all(doors.map(({ address, setting }) => checkPort(address, setting)));
  return findings.filter((finding) => finding !== undefined);
}

async function checkPort(address: Address, setting: string): Promise<Finding | undefined> {
  if (address.port === 0) return undefined;
  const code = await tryListening(address);
  if (code === undefined) return undefined;
  const owner = code === 'EADDRINUSE' ? await portOwner(address.port) : undefined;
  const { is, todo } = wordsOf(code, owner);
  const where = `${setting} ${formatAddress(address)}`;
  return wrong('ports', { zh: `${where} ${is.zh}`, en: `${where} ${is.en}` }, { ...todo, page: 'gateway-down' });
}

function wordsOf(code: string, owner: PortOwner | undefined): { is: Words; todo: Words } {
  if (code === 'EADDRINUSE') {
    const by = owner ? `${owner.name} (pid ${owner.pid})` : undefined;
    return {
      is: { zh: `已被${by ? ` ${by} ` : '另一程序'}占用`, en: `is in use by ${by ?? 'another program'}` },
      todo: { zh: '停掉那个程序,或在配置中换一个端口', en: 'stop that program, or choose another port in the config' },
    };
  }
  if (code === 'EACCES')
    return {
      is: { zh: '不许本用户监听', en: 'may not be used by this user' },
      todo: { zh: '换用 1024 以上的端口', en: 'choose a port above 1024' },
    };
  return {
    is: { zh: `不是本机地址(${code})`, en: `is no address of this machine (${code})` },
    todo: { zh: '在配置中改为本机地址或 0.0.0.0', en: 'set an address of this machine, or 0.0.0.0' },
  };
}

/** @returns why listening fails; undefined when it works */
function tryListening({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

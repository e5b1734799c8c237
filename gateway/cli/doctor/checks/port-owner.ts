import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process that listens on a port. */
export interface PortOwner {
  readonly pid: number;
  /** Name of its program. */
  readonly name: string;
}

const LISTENING = '0A';

/**
 * Who listens on a TCP port of this machine, from Linux's /proc. Undefined where that cannot be seen: on other systems,
 * and for processes of other users unless we are root.
 */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const inodes = await listeningInodes(port);
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (await holds(pid, inodes)) {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      return { pid: Number(pid), name: name.trim() };
    }
  }
  return undefined;
}

/** Sockets that listen on the port, as /proc names them. */
async function listeningInodes(port: number): Promise<Set<string>> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const line of lines) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state === LISTENING && local.endsWith(`:${hex}`)) inodes.add(`socket:[${inode}]`);
    }
  }
  return inodes;
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder).catch(() => [])) {
    if (sockets.has(await readlink(`${folder}/${fd}`).catch(() => ''))) return true;
  }
  return false;
}

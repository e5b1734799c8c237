import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SyslogConfig } from '../../config/audit-config.ts';
import { counted } from './message.ts';

/** Milliseconds for a connection, its messages and its end. */
const DELIVERY_MS = 10_000;

/** Delivers messages to one place. */
export interface Collector {
  /** Resolves once the messages were taken, as far as the transport can tell. @throws Error when they were not, or may not have been */
  deliver(messages: readonly Buffer[], signal: AbortSignal): Promise<void>;
}

/**
 * The collector of a config. Over TCP and TLS a batch has a connection of its own: it counts as taken once the collector
 * closes its side after ours, which it does when it has read everything. UDP (RFC 5426) says nothing of losses.
 *
 * @param ca PEM; undefined for the authorities of the system
 */
export function collectorOf(config: SyslogConfig, ca: string | undefined): Collector {
  return {
    deliver: (messages, signal) => {
      const within = AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_MS)]);
      return config.transport === 'udp'
        ? sendDatagrams(config, messages, within)
        : sendStream(config, ca, messages, within);
    },
  };
}

async function sendDatagrams({ host, port }: SyslogConfig, messages: readonly Buffer[], signal: AbortSignal) {
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', signal });
  try {
    for (const message of messages)
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.send(message, port, host, (error) => {
          socket.off('error', reject);
          if (error) reject(error);
          else resolve();
        });
      });
  } finally {
    if (!signal.aborted) socket.close();
  }
}

async function sendStream(
  config: SyslogConfig,
  ca: string | undefined,
  messages: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  const socket = open(config, ca);
  const abort = () => socket.destroy(new Error('the collector of logs did not take the messages in time'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    const closed = once(socket, 'close');
    closed.catch(() => {});
    await once(socket, config.transport === 'tls' ? 'secureConnect' : 'connect');
    socket.resume();
    let isTaken = false;
    socket.once('end', () => {
      isTaken = true;
    });
    socket.end(counted(messages));
    await closed;
    if (!isTaken) throw new Error('the collector of logs broke the connection off');
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function open({ transport, host, port }: SyslogConfig, ca: string | undefined): Socket {
  if (transport === 'tcp') return connectTcp({ host, port, allowHalfOpen: true });
  const name = isIP(host) ? {} : { servername: host };
  return connectTls({ host, port, minVersion: 'TLSv1.2', ...name, ...(ca !== undefined && { ca }) });
}

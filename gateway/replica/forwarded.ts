import { isIP } from 'node:net';

/** The two doors of a gateway. */
export type Door = 'http' | 'peer';

/** What a replica says of a connection that it passes on, before the first byte of it. */
export interface Forwarded {
  readonly door: Door;
  /** Address and port of the other side, as the replica that took the connection sees them. */
  readonly client: string;
  readonly port: number;
}

/** Bytes of such a line, with its end. */
export const MAX_LINE = 128;
/** What the leader answers when it has taken the connection: one byte. */
export const TAKEN = Buffer.of(0x06);

/** One line: `TONGBAN/1 http 10.1.2.3 51234`. */
export function forwardedLine({ door, client, port }: Forwarded): string {
  return `TONGBAN/1 ${door} ${client} ${port}\n`;
}

/** @returns undefined for anything that {@link forwardedLine} did not write */
export function readForwarded(line: string): Forwarded | undefined {
  const parts = /^TONGBAN\/1 (http|peer) ([0-9A-Fa-f.:]{2,45}) (\d{1,5})\n$/.exec(line);
  const [, door, client = '', port = ''] = parts ?? [];
  if (!parts || isIP(client) === 0 || Number(port) > 65_535) return undefined;
  return { door: door as Door, client, port: Number(port) };
}

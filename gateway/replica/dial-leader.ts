import { connect, type TLSSocket } from 'node:tls';
import { CodedError } from '#proto';
import type { Address } from '../config/address.ts';
import { type Forwarded, forwardedLine, TAKEN } from './forwarded.ts';
import { followerTls } from './replica-tls.ts';

/** Milliseconds until the leader has taken a connection; one that is frozen never does. */
const DIAL_MS = 3_000;
/** A client that has sent everything still waits for its answer. */
const HALF_OPEN = { allowHalfOpen: true };

/**
 * Passes a connection on: dials the leader, says whose connection it is, and waits until it was taken.
 *
 * @returns a connection on which nothing was sent yet
 * @throws CodedError GATEWAY_UNREACHABLE when nobody answers there in time who knows the key
 */
export function dialLeader(leader: Address, key: Buffer, forwarded: Forwarded): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...leader, ...followerTls(key), ...HALF_OPEN });
    const late = setTimeout(() => socket.destroy(), DIAL_MS);
    const onReadable = () => {
      const answer: Buffer | null = socket.read(1);
      if (!answer) return;
      clearTimeout(late);
      socket.off('readable', onReadable);
      if (answer.equals(TAKEN)) resolve(socket);
      else socket.destroy();
    };
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.on('readable', onReadable);
    socket.once('secureConnect', () => socket.write(forwardedLine(forwarded)));
    socket.on('error', () => undefined);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(late);
      reject(new CodedError('GATEWAY_UNREACHABLE', 'the leading replica does not take the connection'));
    });
  });
}

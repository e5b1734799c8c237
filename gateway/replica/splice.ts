import type { Socket } from 'node:net';

/** Joins two connections: what comes from one goes to the other, each end in its turn, and a break of one breaks both. */
export function join(one: Socket, other: Socket): void {
  half(one, other);
  half(other, one);
}

function half(from: Socket, to: Socket): void {
  from.pipe(to);
  from.once('close', () => {
    // What came before a proper end still has to get through.
    if (from.readableEnded) to.destroySoon();
    else to.destroy();
  });
}

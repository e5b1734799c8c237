import type { Socket } from 'node:net';
import { callerOf } from './caller.ts';

/** How many connections a door holds at once. */
export interface ConnectionLimits {
  readonly total: number;
  /** Of one address, or of one caller once it is recognised. */
  readonly perCaller: number;
}

/** The connections of one door. Whatever comes beyond a limit is closed at once, before a byte of it is read. */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #isExempt: (address: string) => boolean;
  /** Who each connection counts for. */
  readonly #callers = new Map<Socket, string>();
  /** The newest connection between two places; behind replicas two may look the same. */
  readonly #named = new Map<string, Socket>();
  readonly #counts = new Map<string, number>();

  /** @param isExempt addresses that bring many callers, and are counted in the total only */
  constructor(limits: ConnectionLimits, isExempt: (address: string) => boolean = () => false) {
    this.#limits = limits;
    this.#isExempt = isExempt;
  }

  /** Counts a new connection until it ends. @returns false when it was closed: there are too many */
  admit(socket: Socket): boolean {
    // It would never tell of its end again.
    if (socket.destroyed) return false;
    const { remoteAddress = '' } = socket;
    const caller = this.#isExempt(remoteAddress) ? '' : callerOf(remoteAddress);
    if (this.#callers.size >= this.#limits.total || this.#isFull(caller)) {
      socket.destroy();
      return false;
    }
    const name = nameOf(socket);
    this.#callers.set(socket, caller);
    this.#named.set(name, socket);
    this.#count(caller, 1);
    socket.once('close', () => this.#forget(socket, name));
    return true;
  }

  /**
   * A connection that was admitted, or the TLS over it, showed who it is: it no longer counts for its address.
   *
   * @param caller who; '' counts in the total only
   * @returns as `admit`
   */
  recognise(socket: Socket, caller: string): boolean {
    const admitted = this.#named.get(nameOf(socket));
    const before = admitted && this.#callers.get(admitted);
    if (!admitted || before === undefined || this.#isFull(caller)) {
      socket.destroy();
      return false;
    }
    this.#count(before, -1);
    this.#callers.set(admitted, caller);
    this.#count(caller, 1);
    return true;
  }

  #isFull(caller: string): boolean {
    return caller !== '' && (this.#counts.get(caller) ?? 0) >= this.#limits.perCaller;
  }

  #count(caller: string, by: number): void {
    const count = (this.#counts.get(caller) ?? 0) + by;
    if (count > 0) this.#counts.set(caller, count);
    else this.#counts.delete(caller);
  }

  #forget(socket: Socket, name: string): void {
    const caller = this.#callers.get(socket);
    if (caller === undefined) return;
    this.#callers.delete(socket);
    if (this.#named.get(name) === socket) this.#named.delete(name);
    this.#count(caller, -1);
  }
}

function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

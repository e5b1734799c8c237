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
  /** Who each connection counts for, by the two numbers that the other side has. */
  readonly #callers = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** @param isExempt addresses that bring many callers, and are counted in the total only */
  constructor(limits: ConnectionLimits, isExempt: (address: string) => boolean = () => false) {
    this.#limits = limits;
    this.#isExempt = isExempt;
  }

  /** Counts a new connection until it ends. @returns false when it was closed: there are too many */
  admit(socket: Socket): boolean {
    const { remoteAddress = '' } = socket;
    const caller = this.#isExempt(remoteAddress) ? '' : callerOf(remoteAddress);
    if (this.#callers.size >= this.#limits.total || this.#isFull(caller)) {
      socket.destroy();
      return false;
    }
    const name = nameOf(socket);
    this.#callers.set(name, caller);
    this.#count(caller, 1);
    socket.once('close', () => this.#forget(name));
    return true;
  }

  /** A connection that was admitted showed who it is: it no longer counts for its address. @returns as `admit` */
  recognise(socket: Socket, caller: string): boolean {
    const name = nameOf(socket);
    const before = this.#callers.get(name);
    if (before === undefined || this.#isFull(caller)) {
      socket.destroy();
      return false;
    }
    this.#count(before, -1);
    this.#callers.set(name, caller);
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

  #forget(name: string): void {
    const caller = this.#callers.get(name);
    if (caller === undefined) return;
    this.#callers.delete(name);
    this.#count(caller, -1);
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

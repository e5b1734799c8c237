import type { FloorKeys } from './sealing.ts';

/** What a process of the floor is told at its start. */
export interface FloorSetup {
  readonly role: 'sender' | 'receiver';
  readonly keys: FloorKeys;
  /** File of its ledger. */
  readonly ledger: string;
  /** Where the receiver listens; only the sender is told. */
  readonly port?: number;
}

/** What the sender is asked to do. */
export interface FloorRun {
  readonly way: 'stream' | 'one-by-one';
  readonly seconds: number;
}

/** What a process of the floor answers: where it listens, that it is ready, or what it measured. */
export type FloorAnswer =
  | { readonly ready: { readonly port?: number } }
  | { readonly measured: { readonly envelopes: number; readonly seconds: number } }
  | { readonly failed: string };

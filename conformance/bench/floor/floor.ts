import { fork } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, type Children } from '../children.ts';
import type { FloorAnswer, FloorRun, FloorSetup } from './messages.ts';
import { newFloorKeys } from './sealing.ts';

/** Runs one measurement. @returns envelopes per second, accepted to receipt verified, durable on both sides */
export type Floor = (way: FloorRun['way'], seconds: number) => Promise<number>;

/**
 * Starts the two processes of the bare pipeline: hash, tree, one signature a batch, durable on both sides, signed
 * receipts, one gRPC stream without TLS, no domain logic. What is below it no gateway of this shape can reach.
 */
export async function startFloor(children: Children, folder: string): Promise<Floor> {
  await mkdir(folder, { recursive: true });
  const keys = newFloorKeys();
  const start = async (role: FloorSetup['role'], port?: number) => {
    const child = children.add(fork(fileURLToPath(new URL('./main.ts', import.meta.url))));
    const setup: FloorSetup = { role, keys, ledger: join(folder, `${role}.db`), ...(port ? { port } : {}) };
    const answer = succeeded(await ask<FloorAnswer>(child, `the ${role} of the floor`, { setup }));
    return { child, port: 'ready' in answer ? answer.ready.port : undefined };
  };
  const receiver = await start('receiver');
  const { child } = await start('sender', receiver.port);
  return async (way, seconds) => {
    const run: FloorRun = { way, seconds };
    const answer = succeeded(await ask<FloorAnswer>(child, 'the sender of the floor', { run }));
    if (!('measured' in answer)) throw new Error('the sender of the floor measured nothing');
    return answer.measured.envelopes / answer.measured.seconds;
  };
}

function succeeded(answer: FloorAnswer): Exclude<FloorAnswer, { failed: string }> {
  if ('failed' in answer) throw new Error(`the floor failed: ${answer.failed}`);
  return answer;
}

// One process of the floor: told by its parent what it is, and when to run.
import type { FloorAnswer, FloorRun, FloorSetup } from './messages.ts';
import { openReceiver } from './receiver.ts';
import { FloorSender } from './sender.ts';

const clock = { now: Date.now };
let sender: FloorSender | undefined;

// A parent that is gone needs no numbers.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent ends its children itself.
process.on('SIGINT', () => {});
process.on('message', (message: { setup: FloorSetup } | { run: FloorRun }) => {
  const work = 'setup' in message ? setUp(message.setup) : measure(message.run);
  work.then(answer, (error) =>
    answer({ failed: error instanceof Error ? (error.stack ?? error.message) : `${error}` }),
  );
});

async function setUp(setup: FloorSetup): Promise<FloorAnswer> {
  if (setup.role === 'receiver') return { ready: { port: await openReceiver(setup, clock) } };
  sender = await FloorSender.open(setup, clock);
  return { ready: {} };
}

async function measure(run: FloorRun): Promise<FloorAnswer> {
  if (!sender) throw new Error('only the sender runs');
  const start = performance.now();
  const envelopes = await sender.run(run);
  return { measured: { envelopes, seconds: (performance.now() - start) / 1000 } };
}

function answer(message: FloorAnswer): void {
  process.send?.(message);
}

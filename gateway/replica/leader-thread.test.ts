import { expect, it } from 'vitest';
import { LeaderThread } from './leader-thread.ts';

const SEED = { file: '', passphrase: '', environment: {} };
/** Milliseconds of silence; long against what an answer takes on a busy machine. */
const HUNG_MS = 4_000;

/** A thread that says it leads, and then does what it is made to. */
function threadThat(behaviour: string): LeaderThread {
  const program = `
    import { parentPort as port } from 'node:worker_threads';
    port.on('message', (message) => {
      if (message.do === 'lead') {
        port.postMessage({ is: 'leading', door: { host: '127.0.0.1', port: 1 } });
        ${behaviour}
      } else if (message.do === 'know') port.postMessage({ is: 'alive' });
    });
    port.postMessage({ is: 'prepared' });
  `;
  return new LeaderThread(new URL(`data:text/javascript,${encodeURIComponent(program)}`), SEED, HUNG_MS);
}

it('a gateway that hangs is ended, with the reason, while one that answers goes on', async () => {
  const [good, hung] = [threadThat(''), threadThat('for (;;);')];
  await Promise.all([good, hung].map((thread) => thread.prepared));
  expect(await Promise.all([good.lead(), hung.lead()])).toHaveLength(2);
  const signs = setInterval(() => {
    good.know({});
    hung.know({});
  }, 500);
  expect(await hung.ended).toMatchObject({ code: 'INTERNAL' });
  clearInterval(signs);
  let isGone = false;
  void good.ended.then(() => {
    isGone = true;
  });
  good.know({});
  await new Promise(setImmediate);
  expect(isGone).toBe(false);
  await good.kill();
  expect(await good.ended).toBeUndefined();
}, 60_000);

it('a gateway that closed everything is gone, whatever is left that would keep it', async () => {
  const program = `
    import { parentPort as port } from 'node:worker_threads';
    setInterval(() => undefined, 1_000);
    port.on('message', () => port.postMessage({ is: 'over' }));
    port.postMessage({ is: 'prepared' });
  `;
  const thread = new LeaderThread(new URL(`data:text/javascript,${encodeURIComponent(program)}`), SEED);
  await thread.prepared;
  await thread.stop();
  expect(await thread.ended).toBeUndefined();
});

it('a gateway that fails while it opens, and cannot close what it opened, is ended with the reason', async () => {
  const program = `
    import { parentPort as port } from 'node:worker_threads';
    port.on('message', () => port.postMessage({ is: 'failed', code: 'STORE_UNAVAILABLE', message: 'the disk is full' }));
    port.postMessage({ is: 'prepared' });
  `;
  const thread = new LeaderThread(new URL(`data:text/javascript,${encodeURIComponent(program)}`), SEED, 200);
  await thread.prepared;
  await expect(thread.lead()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await thread.ended).toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'the disk is full' });
});

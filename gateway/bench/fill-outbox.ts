// Lets many envelopes wait for a peer, in the folder of a gateway that does not run: for the benchmark of a backlog.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONFIG_FILE, loadConfig } from '../config/config.ts';
import { type Core, openCore } from '../node/core.ts';

/** Envelopes of one unit of work. */
const AT_ONCE = 500;
/** Envelopes of one conversation. */
const PER_CONVERSATION = 10;

const { values } = parseArgs({
  options: {
    gateway: { type: 'string', default: '.' },
    passphrase: { type: 'string', default: '' },
    peer: { type: 'string', default: '' },
    envelopes: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '0' },
  },
});

const config = await loadConfig(join(values.gateway, CONFIG_FILE));
const passphrase = (await readFile(values.passphrase, 'utf8')).trim();
const silent = { ...config, log: { ...config.log, level: 'silent' as const } };
const core = await openCore({ config: silent, passphrase, clock: { now: Date.now }, environment: {} }, () => {});
const start = performance.now();
const envelopes = await fill(core, values.peer, Number(values.envelopes), start + Number(values.seconds) * 1000);
const seconds = (performance.now() - start) / 1000;
await core.federation.stop();
await core.timestamps?.stop();
await core.evidence.stop();
await core.store.close();
core.closeKeys();
await core.closeLog();
process.stdout.write(`${JSON.stringify({ envelopes, seconds })}\n`);

/** @returns how many were added until there were enough, or the time was over */
async function fill({ store, outbox, newId }: Core, peer: string, wished: number, end: number): Promise<number> {
  let added = 0;
  let conversation = '';
  while (added < wished && performance.now() < end) {
    const count = Math.min(AT_ONCE, wished - added);
    await store.write(async (tx) => {
      for (let n = 0; n < count; n += 1) {
        if (n % PER_CONVERSATION === 0) conversation = newId();
        await outbox.enqueue(tx, { peer, conversation, name: 'Ping', payload: { note: '积压 / backlog' } });
      }
    });
    added += count;
  }
  return added;
}

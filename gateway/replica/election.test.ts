import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { CodedError } from '#proto';
import type { PostgresConfig } from '../config/store-config.ts';
import { Leadership } from '../store/postgres/index.ts';
import { type DatabaseProxy, databaseProxy } from '../store/testing/database-proxy.ts';
import { testPostgres } from '../store/testing/test-postgres.ts';
import { createLog } from '../telemetry/log.ts';
import { Election } from './election.ts';

const server = await testPostgres();

if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);
else {
  const { password } = server;
  const log = createLog({ level: 'silent', region: '320600', clock: { now: () => 0 } }, { write: () => {} });

  /** What happened, in order: `a leads`, `a ends`. */
  const told: string[] = [];
  let leading = 0;
  let asked = 0;
  let mostAtOnce = 0;
  let config: PostgresConfig;
  let proxy: DatabaseProxy;
  const started: Election[] = [];

  beforeEach(async () => {
    told.length = 0;
    asked = 0;
    mostAtOnce = 0;
    config = await server.database();
    proxy = await databaseProxy(config);
  });

  afterEach(async () => {
    proxy.letThrough();
    await Promise.all(started.splice(0).map((election) => election.stop()));
    await proxy.stop();
    await server.drop();
  });

  afterAll(() => server.drop());

  async function start(
    name: string,
    { over = config, folder = { mayLead: true }, fails = undefined as Error | undefined } = {},
  ): Promise<Election> {
    const open = () => Leadership.open({ config: over, password, name, writerOf: (of) => `tongban 320600 ${of}` });
    const election = new Election({
      log,
      name,
      address: '127.0.0.1:7444',
      open,
      monotonic: () => performance.now(),
      onLeader: () => {},
      onOthers: () => {},
      mayLead: async () => {
        asked += 1;
        return folder.mayLead;
      },
      isPrepared: () => true,
      prepare: async () => {},
      lead: async (_leader, lost, stopping) => {
        told.push(`${name} leads`);
        if (fails) throw fails;
        leading += 1;
        mostAtOnce = Math.max(mostAtOnce, leading);
        const over = AbortSignal.any([lost, stopping]);
        if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve));
        leading -= 1;
        told.push(`${name} ends`);
      },
    });
    election.start(await open(), (error) => told.push(String(error)));
    started.push(election);
    return election;
  }

  it('makes one the leader, and another as soon as that one stops', async () => {
    const a = await start('a');
    await expect.poll(() => told).toEqual(['a leads']);
    await Promise.all([start('b'), start('c')]);
    await a.stop();
    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(3);
    expect(told.slice(0, 2)).toEqual(['a leads', 'a ends']);
    expect(mostAtOnce).toBe(1);
  });

  it('takes the lead from one that lost its way to the database, which stands by when it is back', async () => {
    await start('a', { over: proxy.config });
    await expect.poll(() => told).toEqual(['a leads']);
    const b = await start('b');
    proxy.close();
    await server.terminate(config.database, 'tongban replica a');
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['a leads', 'a ends', 'b leads']);
    proxy.letThrough();
    await b.stop();
    await expect.poll(() => told.at(-1), { timeout: 15_000 }).toBe('a leads');
    expect(mostAtOnce).toBe(1);
  });

  it('lets an older program than the data lead no more, and stand by still', async () => {
    const outdated = new CodedError('STORE_VERSION');
    const a = await start('a', { fails: outdated });
    await expect.poll(() => told).toEqual(['a leads']);
    const b = await start('b');
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['a leads', 'b leads']);
    await b.stop();
    await start('c');
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['a leads', 'b leads', 'b ends', 'c leads']);
    await a.stop();
  });

  it('never lets one lead that saw a leader at work in another folder', async () => {
    const a = await start('a');
    await expect.poll(() => told).toEqual(['a leads']);
    await start('b', { folder: { mayLead: false } });
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(0);
    await a.stop();
    await start('c');
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['a leads', 'a ends', 'c leads']);
  });

  it('never lets one lead in another folder than the one that led last, until it has that folder', async () => {
    const a = await start('a');
    await expect.poll(() => told).toEqual(['a leads']);
    await a.stop();
    expect(told).toEqual(['a leads', 'a ends']);
    const folder = { mayLead: false };
    await start('b', { folder });
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(2);
    expect(told).toEqual(['a leads', 'a ends']);
    folder.mayLead = true;
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['a leads', 'a ends', 'b leads']);
  });
}

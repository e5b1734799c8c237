import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresConfig } from '../../config/store-config.ts';
import { SqliteConnection } from '../../store/sqlite/sqlite-connection.ts';
import { testPostgres } from '../../store/testing/test-postgres.ts';
import { caseInput, NO_MATERIALS } from '../../testing/agency-case.ts';
import {
  call,
  discard,
  type GatewayProcess,
  joinRegions,
  kill,
  restart,
  runTongban,
  startRegion,
  tongban,
} from '../../testing/gateway-process.ts';
import { until } from '../../testing/live-region.ts';

/** The region on PostgreSQL, and its peer. */
const [LOST, PEER] = ['320600', '150626'] as const;

interface Overview {
  readonly state: string;
  readonly peers: readonly { region: string; state: string; own: number; theirs: number }[];
  readonly held: readonly { conversation: string; reason: string }[];
}

const server = await testPostgres();

if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);
else {
  const copied = `copy_${process.pid}`;
  let database: PostgresConfig;
  let lost: GatewayProcess;
  let peer: GatewayProcess;

  beforeAll(async () => {
    database = await server.database();
    [lost, peer] = await Promise.all([startRegion(LOST, '南通市', onServer), startRegion(PEER, '乌审旗')]);
    await joinRegions(lost, peer);
  });

  afterAll(async () => {
    await Promise.all([lost, peer].filter(Boolean).map(discard));
    await server.admin(`DROP DATABASE IF EXISTS ${copied} WITH (FORCE)`);
    await server.drop();
  });

  const onServer = async (folder: string): Promise<void> => {
    const { host, port, user } = database;
    await writeFile(join(folder, 'db-password'), server.password, { mode: 0o600 });
    const file = join(folder, 'gateway.yaml');
    const store = `store:
  postgres: { url: "postgres://${user}@${host}:${port}/${database.database}", password_file: "db-password" }
`;
    const [before, after] = (await readFile(file, 'utf8')).split(/^store:\n(?: .*\n)+/m);
    await writeFile(file, `${before}${store}${after}`);
  };

  /** Ends the process as `systemctl stop` does. */
  async function stop({ child }: GatewayProcess): Promise<void> {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  /**
   * A dump of the database and its return by the server's own means: pg_dump and pg_restore are not part of the server
   * that npm brings, and those of another version refuse it.
   */
  const copy = (from: string, to: string) =>
    server.admin(`CREATE DATABASE ${to} OWNER ${database.user} TEMPLATE ${from}`);

  /** Copies are made while nobody is connected: the gateway loses its connections, and makes new ones after it. */
  const copyAtWork = async (from: string, to: string): Promise<void> => {
    await server.admin(`ALTER DATABASE ${from} ALLOW_CONNECTIONS false`);
    await server.terminate(from);
    await copy(from, to);
    await server.admin(`ALTER DATABASE ${from} ALLOW_CONNECTIONS true`);
  };
  const drop = (name: string) => server.admin(`DROP DATABASE ${name} WITH (FORCE)`);

  const submit = async () =>
    (await call<{ number: string }>(lost, 'POST', '/v1/cases/submit', caseInput(PEER, NO_MATERIALS))).number;
  const stateAt = (gateway: GatewayProcess, number: string) =>
    call<{ state: string }>(gateway, 'GET', `/v1/cases/${number}`).then(
      ({ state }) => state,
      () => 'unknown',
    );
  const alarms = async () =>
    (await call<{ alarms: { kind: string; region: string }[] }>(peer, 'GET', '/v1/log/witnesses')).alarms;
  const recovery = () => tongban<Overview>('store', 'recovery', '--gateway', lost.folder);

  const settled = () =>
    until('everything has its receipt', async () => {
      const open = "SELECT count(*)::int AS n FROM outbox WHERE state = 'pending'";
      return (await server.admin<{ n: number }>(open, database.database))[0]!.n === 0;
    });

  /** What was exchanged, with its place and its receipt, as the database has it. */
  const exchanged = () =>
    server.admin<{ way: string; conversation: string; sequence: string; receipt: string }>(
      `SELECT 'in' AS way, conversation, sequence, encode(receipt, 'hex') AS receipt FROM inbox
       UNION ALL SELECT 'out', conversation, sequence, encode(receipt, 'hex') FROM outbox
       WHERE state IN ('accepted', 'rejected') ORDER BY 1, 2, 3`,
      database.database,
    );

  /** Streams that the region refused because its database is older than what its peer knows. */
  const refused = async () =>
    /tongban_refusals_total\{code="STORE_PUT_BACK"\} [1-9]/.test(await (await fetch(`${lost.url}/metrics`)).text());
  /** What came to the peer, by conversation and number. */
  const atPeer = () => {
    const store = new SqliteConnection(join(peer.folder, 'gateway.db'), { readOnly: true });
    return store
      .all<{ place: string }>("SELECT conversation || ' ' || sequence AS place FROM inbox ORDER BY 1")
      .then((rows) => rows.map(({ place }) => place))
      .finally(() => store.close());
  };

  describe('a gateway on PostgreSQL whose database was brought back by the tools of the server', () => {
    let early: string;
    let late: string;
    let before: Awaited<ReturnType<typeof exchanged>>;

    it('notices that it was put back, and exchanges nothing', async () => {
      early = await submit();
      await settled();
      await copyAtWork(database.database, copied);
      // All that follows is lost.
      await until('the case over there', async () => (await stateAt(peer, early)) === 'transferred');
      await call(peer, 'POST', `/v1/cases/${early}/acts`, {
        act: 'accept',
        data: { handler: { organisation: '乌审旗', window: '', staff: 'U1' } },
      });
      await until('its acceptance', async () => (await stateAt(lost, early)) === 'accepted');
      late = await submit();
      await settled();
      before = await exchanged();
      const sent = await atPeer();
      await kill(lost);

      await drop(database.database);
      await copy(copied, database.database);
      await restart(lost);
      await until('it is noticed', refused);
      expect(await readFile(join(lost.folder, 'gateway.log'), 'utf8')).toMatch(/"level":"error".*STORE_PUT_BACK/);
      expect((await exchanged()).length).toBeLessThan(before.length);
      expect(await atPeer()).toEqual(sent);
    });

    it('gets back with their receipts all that was lost, once its operators have said that it was restored', async () => {
      const declare = () => runTongban('store', 'restored', '--gateway', lost.folder);
      expect(await declare()).toMatchObject({ code: 2, stderr: expect.stringContaining('STORE_IN_USE') });
      await stop(lost);
      expect((await declare()).code).toBe(0);
      await restart(lost);
      await until('the peer gave back', async () => (await recovery()).peers[0]?.state === 'done');
      expect(await exchanged()).toEqual(expect.arrayContaining(before));
      expect(await Promise.all([early, late].map((number) => stateAt(lost, number)))).toEqual([
        'accepted',
        'transferred',
      ]);
    });

    it('goes on, gives no number twice, and is no forger to its peer', async () => {
      // Before it was stopped it could only note what it would have sent.
      for (const { conversation, reason } of (await recovery()).held) {
        expect(reason).toBe('number-twice');
        await tongban('store', 'recovery', 'release', conversation, '--reason', '已核对', '--gateway', lost.folder);
      }
      const next = await submit();
      expect([early, late]).not.toContain(next);
      await until('the case over there', async () => (await stateAt(peer, next)) === 'transferred');
      await settled();
      const places = await atPeer();
      expect(new Set(places).size).toBe(places.length);
      expect((await alarms()).filter(({ kind }) => kind !== 'restored')).toEqual([]);
      for (const gateway of [lost, peer]) {
        const { code, stdout } = await runTongban('log', 'verify', '--gateway', gateway.folder, '--json');
        expect(`${code} ${stdout}`).toMatch(/^0 /);
      }
    });
  });
}

import { afterAll, describe } from 'vitest';
import { structuredEvent } from '../cloud-event.ts';
import { testContext } from '../testing/context.ts';
import { cuttableWay } from '../testing/cuttable-way.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { sourceContract } from '../testing/source-contract.ts';
import { ACCEPTANCES, putAcceptance, readRow, stagingAdapter } from '../testing/staging-platform.ts';
import { mariadbServer, postgresServer, type StagingServer } from '../testing/staging-servers.ts';

const servers = [await postgresServer(), await mariadbServer()].filter((one) => one !== undefined);
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const STATES: Readonly<Record<string, 'waiting' | 'accepted' | 'refused'>> = { done: 'accepted', failed: 'refused' };

/** Every event as a row whose data are the whole event. */
const EVENTS = plainMapping(() => undefined, {
  out: async (event) => ({
    ok: true,
    documents: [
      {
        table: 'event_out',
        row: {
          conversation: 'c-1',
          event_type: event.type,
          event_time: '2026-11-22 08:30:00',
          event_data: Buffer.from(structuredEvent(event)).toString(),
        },
      },
    ],
  }),
});
const OUT = { tables: [{ name: 'event_out', event: 'event_id' }] };

describe.each(servers.map((server) => [server.kind, server] as const))('database (%s)', (kind, server) => {
  sourceContract(`database (${kind})`, () => sourceBench(server));
  sinkContract(`database (${kind})`, () => sinkBench(server));
});

async function sourceBench(server: StagingServer) {
  const database = await server.database();
  const adapters: Awaited<ReturnType<typeof stagingAdapter>>[] = [];
  const put = (name: string, project_no: string, form: unknown) =>
    putAcceptance(database, name, { project_no, form_data: JSON.stringify(form) });
  return {
    async open() {
      const adapter = await stagingAdapter(database, { in: ACCEPTANCES });
      adapters.push(adapter);
      return adapter.source!;
    },
    put: (name: string, body: object) => put(name, 'P-1', body),
    putInLane: (lane: string, name: string, body: object) => put(name, lane, body),
    async putWithMore(name: string, body: object) {
      await database.platform.run(`ALTER TABLE accept_in ADD COLUMN vendor_flag varchar(8) DEFAULT '1'`);
      await put(name, 'P-1', body);
    },
    putRenamed: (name: string) => putAcceptance(database, name, { form_data: null }),
    putPoison: (name: string) => putAcceptance(database, name, { form_data: 'x'.repeat(1024 * 1024) }),
    state: async (name: string) =>
      STATES[String((await readRow(database, name))['exchange_state'])] ?? ('waiting' as const),
    async close() {
      for (const adapter of adapters) await adapter.close();
      await database.close();
    },
  };
}

async function sinkBench(server: StagingServer) {
  const database = await server.database();
  const way = await cuttableWay(database.port);
  const adapter = await stagingAdapter(
    database,
    { out: OUT },
    { mapping: EVENTS, port: way.port, context: testContext() },
  );
  return {
    sink: adapter.sink!,
    async received() {
      const rows = await database.platform.rows<{ event_data: string }>(
        'SELECT event_data FROM event_out ORDER BY row_seq',
      );
      return rows.map(({ event_data }) => JSON.parse(event_data));
    },
    breakDown: async () => way.cut(),
    recover: async () => way.mend(),
    async refuse(event: { id: string }) {
      const text = `ALTER TABLE event_out ADD CONSTRAINT never CHECK (event_id <> '${event.id}')`;
      await database.platform.run(text);
    },
    async close() {
      await adapter.close();
      await way.close();
      await database.close();
    },
  };
}

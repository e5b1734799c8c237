import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Adapter } from '../adapter.ts';
import { loadMapping } from '../mapping/load-mapping.ts';
import { CaseMaterials, outgoingFile, piecesOf, refusing, sha256 } from '../testing/case-materials.ts';
import { NOW, testContext, testEvent } from '../testing/context.ts';
import { stagingAdapter } from '../testing/staging-platform.ts';
import { mariadbServer, postgresServer, type StagingDatabase } from '../testing/staging-servers.ts';
import type { OutConfig } from './database-config.ts';
import { readMaterials } from './materials-out.ts';

it('are refused when they are more together than one transaction takes', () => {
  const MIB = 1024 * 1024;
  const file = (size: number, index: number) => {
    return outgoingFile(BIG, { name: `${index}.pdf`, size });
  };
  const table = { ...MATERIALS, max_mib: 64 };
  const sizes = [64, 64, 64, 64].map((size) => size * MIB);
  expect(readMaterials(sizes.map(file), 'id', table)).toHaveLength(4);
  expect(() => readMaterials([...sizes, 1].map(file), 'id', table)).toThrow(
    expect.objectContaining({ retryable: false, message: expect.stringContaining('more than 256 MiB together') }),
  );
});

const servers = [await postgresServer(), await mariadbServer()].filter((one) => one !== undefined);
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const BIG = Buffer.alloc(5 * 1024 * 1024 + 17, '营业执照\0\\\'"');
const SMALL = Buffer.from('%PDF-申请书');
const MATERIALS = {
  name: 'material_out',
  key: 'material_guid',
  event: 'event_id',
  bytes: 'content',
  file: 'file_name',
};
const OUT: OutConfig = { tables: [{ name: 'event_out', event: 'event_id' }], materials: MATERIALS };

const mappingOf = (row: string) => `mapping: 1
out:
  - on: '*'
    reads: case
    document:
      table: { value: event_out }
      row.conversation: event.subject
      row.event_type: { value: t }
      row.event_time: { value: 2026-11-22 08:30:00 }
      row.event_data: $string(files.file)
    files:
      - { each: case.materials, material: digest, row: ${row} }
`;
const ROW =
  '{ project_no: $record.case.reference, material_name: name, material_size: size, sha256: digest, media_type: mediaType }';

describe.each(servers.map((server) => [server.kind, server] as const))('materials written to %s', (kind, server) => {
  let folder: string;
  let database: StagingDatabase;
  let materials: CaseMaterials;
  let adapters: Adapter[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tongban-materials-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    database = await server.database();
    materials = new CaseMaterials([
      ['营业执照', BIG],
      ['申请/书', SMALL],
    ]);
    adapters = [];
  });
  afterEach(async () => {
    for (const adapter of adapters) await adapter.close();
    await database.close();
  });

  async function opened(out = OUT, row = ROW): Promise<Adapter> {
    await writeFile(join(folder, 'mapping.yaml'), mappingOf(row));
    const mapping = await loadMapping(join(folder, 'mapping.yaml'), { now: () => NOW });
    const context = { ...testContext(), cases: materials.desk };
    const adapter = await stagingAdapter(database, { out }, { mapping, context });
    adapters.push(adapter);
    return adapter;
  }

  async function deliver(signal = new AbortController().signal, ...made: Parameters<typeof opened>): Promise<void> {
    const { sink } = await opened(...made);
    await sink!.deliver(testEvent(1), signal);
  }

  const count = async (table: string) =>
    Number((await database.platform.rows(`SELECT count(*) AS n FROM ${table}`))[0]!['n']);
  const rows = () => database.platform.rows('SELECT * FROM material_out ORDER BY material_size DESC');

  async function refused(...given: Parameters<typeof deliver>): Promise<Error & { retryable: boolean }> {
    const error = await deliver(...given).catch((reason: unknown) => reason);
    expect(await count('material_out')).toBe(0);
    expect(await count('event_out')).toBe(0);
    return error as Error & { retryable: boolean };
  }

  it('are the same bytes, under the id of the row that names them', async () => {
    await deliver();
    const found = await rows();
    const { id: event_id } = testEvent(1);
    const shared = { event_id, project_no: 'P-1', media_type: 'application/pdf' };
    expect(found).toMatchObject([
      { ...shared, material_name: '营业执照', file_name: '营业执照.pdf', material_size: BIG.length },
      { ...shared, material_name: '申请/书', file_name: '申请_书.pdf', material_size: SMALL.length },
    ]);
    expect(found.map((row) => sha256(row['content'] as Uint8Array))).toEqual([sha256(BIG), sha256(SMALL)]);
    expect(found.map((row) => row['sha256'])).toEqual(materials.digests);
    const [event] = await database.platform.rows('SELECT event_id, event_data FROM event_out');
    expect(event).toEqual({ event_id, event_data: '["营业执照.pdf","申请_书.pdf"]' });
  });

  it('are not seen before the row is', async () => {
    const seen: number[] = [];
    materials.instead.set(materials.digests[1]!, async function* () {
      seen.push(await count('material_out'));
      yield SMALL;
    });
    await deliver();
    expect(seen).toEqual([0]);
    expect([await count('material_out'), await count('event_out')]).toEqual([2, 1]);
  });

  it('are in memory one after another, of however many events', async () => {
    const reading = new Set<number>();
    const most: number[] = [];
    let began = 0;
    materials.instead.set(materials.digests[0]!, async function* () {
      began += 1;
      const own = began;
      reading.add(own);
      // Others have the time to begin.
      for (let look = 0; look < 10; look += 1) await count('event_out');
      most.push(reading.size);
      yield BIG;
      reading.delete(own);
    });
    const { sink } = await opened();
    const { signal } = new AbortController();
    await Promise.all([1, 2, 3].map((sequence) => sink!.deliver(testEvent(sequence), signal)));
    expect(most).toEqual([1, 1, 1]);
    expect([await count('material_out'), await count('event_out')]).toEqual([6, 3]);
  });

  it('are not read in their turn where nobody waits for them any more, and hold up nothing', async () => {
    const { sink } = await opened();
    const stopping = new AbortController();
    materials.instead.set(materials.digests[0]!, async function* () {
      stopping.abort();
      yield BIG;
    });
    const error = await Promise.all(
      [1, 2].map((sequence) => sink!.deliver(testEvent(sequence), stopping.signal)),
    ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ retryable: true });
    materials.instead.clear();
    for (const sequence of [1, 2]) await sink!.deliver(testEvent(sequence), new AbortController().signal);
    expect([await count('material_out'), await count('event_out')]).toEqual([4, 2]);
    expect(materials.opened).toHaveLength(1 + 4);
  });

  it('are written once, also where the platform has removed the row but not them', async () => {
    await deliver();
    await database.platform.run("UPDATE material_out SET project_no = 'ours'");
    await deliver();
    expect(materials.opened).toHaveLength(2);
    await database.platform.run('DELETE FROM event_out');
    await deliver();
    expect((await rows()).map((row) => row['project_no'])).toEqual(['ours', 'ours']);
    expect(await count('event_out')).toBe(1);
  });

  it.each([
    ['MATERIAL_PARKED', false, () => refusing('MATERIAL_PARKED')],
    ['MATERIAL_UNSCANNED', true, () => refusing('MATERIAL_UNSCANNED')],
    ['MATERIAL_DIGEST', false, () => piecesOf(Buffer.from('other bytes '))],
  ] as const)('leave nothing behind when one is not handed out: %s', async (code, retryable, instead) => {
    materials.instead.set(materials.digests[1]!, instead);
    const error = await refused();
    expect(error).toMatchObject({ retryable, message: expect.stringContaining(`file 2 of the document (${code})`) });
    expect(error.message).not.toContain('申请');
  });

  it('leave nothing behind when the delivery ends in the middle of one, and come with the next', async () => {
    const stopping = new AbortController();
    materials.instead.set(materials.digests[1]!, async function* () {
      stopping.abort();
      yield SMALL;
    });
    expect(await refused(stopping.signal)).toMatchObject({ code: 'PLATFORM_UNREACHABLE', retryable: true });
    materials.instead.clear();
    await deliver();
    expect([await count('material_out'), await count('event_out')]).toEqual([2, 1]);
  });

  it('go back with a row that the table refuses', async () => {
    await database.platform.run('ALTER TABLE event_out ADD COLUMN needed varchar(10) NOT NULL');
    expect(await refused()).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
  });

  if (kind === 'mysql')
    it('are refused unread when one is larger than the server takes at once', async () => {
      const before = await database.platform.rows('SELECT @@max_allowed_packet AS most');
      await database.platform.run('SET GLOBAL max_allowed_packet = 4194304');
      try {
        expect(await refused()).toMatchObject({
          retryable: false,
          message: expect.stringContaining('max_allowed_packet'),
        });
        expect(materials.opened).toEqual([]);
      } finally {
        await database.platform.run(`SET GLOBAL max_allowed_packet = ${before[0]!['most']}`);
      }
    });

  it('are refused unread when one is larger than the column may take, or no table takes them', async () => {
    const small = { ...OUT, materials: { ...MATERIALS, max_mib: 5 } };
    expect((await refused(undefined, small)).message).toContain('file 1 of the document has more than 5 MiB');
    expect((await refused(undefined, { tables: OUT.tables })).message).toContain('out.materials');
    for (const row of ['{ content: name }', '{ event_id: name }', '{ "/a b": name }'])
      expect(await refused(undefined, OUT, row)).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
    expect(materials.opened).toEqual([]);
  });
});

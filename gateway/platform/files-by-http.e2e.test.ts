import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { placeFile, temporaryFolder } from '../../adapters/testing/folders.ts';
import { PlatformServer } from '../../adapters/testing/platform-server.ts';
import { APPLICANT, authorize, FOOD_LICENCE, WINDOW } from '../testing/agency-case.ts';
import { pinEachOther, until } from '../testing/live-region.ts';
import { type ExampleRegion, openExampleRegion } from './testing/example-region.ts';

const FILES = { 营业执照: Buffer.from('%PDF-营业执照'), 食品经营许可申请书: Buffer.alloc(300_000, '%PDF-申请书') };

/** A hall whose program writes files of JSON, with the scans in them. */
const HALL = `
mapping: 1
in:
  - reference: no
    open:
      handlingRegion: { value: '150626' }
      item: { value: ${FOOD_LICENCE} }
      mode: { value: agency }
      applicant: applicant
      form: form
      handler: clerk
    files:
      - { each: scans, name: name, content: data, media_type: "'application/pdf'" }
`;
/** A department whose system takes files first. */
const DEPARTMENT = `
mapping: 1
out:
  - on: cn.tongban.case.transfer.v1
    reads: case
    document:
      path: { value: /banjian }
      body.tbbh: case.number
      body.fj: { each: files, fields: { mc: name, id: reference } }
    files:
      - { each: case.materials, material: digest, row: { bh: $record.case.number } }
answer: { taken: code = '0', retry: code = '500', reason: code }
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let department: PlatformServer;
let nantong: ExampleRegion;
let uxin: ExampleRegion;

beforeAll(async () => {
  folder = await temporaryFolder();
  department = await new PlatformServer().listen();
  let uploads = 0;
  department.handler = ({ path }, response) => {
    // The first answer of all is that of a system that is busy.
    const isBusy = department.requests.length === 1;
    const isFile = path === '/api/fj/upload';
    if (isFile && !isBusy) uploads += 1;
    response.end(
      JSON.stringify(isBusy ? { code: '500' } : { code: '0', data: { fjid: isFile ? `FJ${uploads}` : '' } }),
    );
  };
  await mkdir(join(folder.path, 'in'));
  nantong = await openExampleRegion('320600', async (own) => {
    await writeFile(join(own, 'hall.mapping.yaml'), HALL);
    const mapping = join(own, 'hall.mapping.yaml');
    return [{ kind: 'directory', name: 'hall', in: join(folder.path, 'in'), poll_ms: 100, mapping }];
  });
  uxin = await openExampleRegion('150626', async (own) => {
    await writeFile(join(own, 'department.mapping.yaml'), DEPARTMENT);
    const upload = { path: '/fj/upload', field: 'fj', reference: 'data.fjid' };
    const place = { url: `http://${department.host}/api`, auth: { type: 'none' }, networks: ['127.0.0.0/8'] };
    const mapping = join(own, 'department.mapping.yaml');
    return [{ kind: 'http', name: 'department', ...place, mapping, upload }];
  });
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((region) => region?.close()));
  await department?.close();
  await folder?.remove();
});

it('scans within a record of one region are uploaded to a system of the other, before the case that names them', async () => {
  const scans = Object.entries(FILES).map(([name, data]) => ({ name, data: data.toString('base64') }));
  const record = { no: 'H-1', applicant: APPLICANT, form: { 经营项目: '预包装食品销售' }, clerk: WINDOW, scans };
  await placeFile(join(folder.path, 'in'), 'H-1.json', JSON.stringify(record));
  const received = () => department.requests.filter(({ path }) => path === '/api/banjian');
  await until('the case at the department', () => received().length === 1);
  const [said] = received().map(({ body }) => JSON.parse(body.toString()) as { tbbh: string });
  const names = Object.keys(FILES);
  expect(said).toEqual({
    tbbh: expect.stringMatching(/^150626/),
    fj: names.map((mc, index) => ({ mc, id: `FJ${index + 1}` })),
  });
  // The first was asked for once more, by the same key; each came whole, with what its row says.
  const uploads = department.requests.filter(({ path }) => path === '/api/fj/upload');
  expect(uploads.map(({ headers }) => headers['idempotency-key'] === uploads[0]!.headers['idempotency-key'])).toEqual([
    true,
    true,
    false,
  ]);
  for (const [index, { headers, body }] of uploads.slice(1).entries()) {
    const type = { 'content-type': headers['content-type']! };
    const form = await new Response(new Uint8Array(body), { headers: type }).formData();
    expect(form.get('bh')).toBe(said!.tbbh);
    const file = form.get('fj') as File;
    expect(file.name).toBe(`${names[index]}.pdf`);
    expect(Buffer.from(await file.arrayBuffer()).equals(Object.values(FILES)[index]!)).toBe(true);
  }
  expect(await readdir(join(folder.path, 'in', 'done'))).toContain('H-1.json');
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authorize } from './testing/agency-case.ts';
import { type ApiRegion, apiRegion } from './testing/api-region.ts';
import { pinEachOther } from './testing/live-region.ts';

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL('../deploy/examples/platform-client/', import.meta.url));
const GENERATE = fileURLToPath(new URL('../scripts/client.ts', import.meta.url));
const TSC = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

let nantong: ApiRegion;
let uxin: ApiRegion;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((region) => region?.close()));
});

it('the generated client is of the right types, and drives a case from nothing to transferred', async () => {
  const { port } = await nantong.api.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${port}`;
  await run(process.execPath, [GENERATE, '--from', url]);
  await run(process.execPath, [TSC, '-p', FOLDER]);
  const token = (await nantong.api.bearer('platform')).replace('Bearer ', '');
  const { stdout } = await run(process.execPath, ['first-case.ts', '--url', url, '--token', token], {
    cwd: FOLDER,
    timeout: 60_000,
  });
  const [number] = stdout.split(' ');
  const { json } = await nantong.ask('GET', `/v1/cases/${number}`);
  expect(json).toMatchObject({ state: 'transferred', materials: [{ grade: 'B' }, { grade: 'B' }] });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LETTERS } from '../../trust/testing/example-entrustment.ts';
import { exampleJointDraft } from '../../trust/testing/example-joint.ts';
import { call, discard, type GatewayProcess, runTongban, startRegion, tongban } from '../testing/gateway-process.ts';
import { until } from '../testing/live-region.ts';

interface Joint {
  readonly id: string;
  readonly state: string;
  readonly ending?: object;
}

interface Letter {
  readonly id: string;
  readonly chain: readonly string[];
  readonly standing: { readonly code: string };
}

let nantong: GatewayProcess;
let uxin: GatewayProcess;
let quanzhou: GatewayProcess;
let statements: string[];

const year = new Date().getUTCFullYear();
const times = { valid_from: `${year}-01-01T00:00:00+08:00`, valid_until: `${year + 2}-01-01T00:00:00+08:00` };

beforeAll(async () => {
  [nantong, uxin, quanzhou] = (await Promise.all([
    startRegion('320600', '南通市'),
    startRegion('150626', '乌审旗'),
    startRegion('350500', '泉州市'),
  ])) as [GatewayProcess, GatewayProcess, GatewayProcess];
  statements = [];
  for (const { folder, region } of [nantong, uxin, quanzhou]) {
    const { statement } = await tongban<{ statement: string }>('statement', '--gateway', folder);
    const file = join(nantong.folder, '..', `${region}.jwt`);
    await writeFile(file, statement);
    statements.push(file);
  }
  for (const other of [uxin, quanzhou]) {
    await pin(nantong, other);
    await pin(other, nantong);
  }
});

afterAll(() => Promise.all([nantong, uxin, quanzhou].map((gateway) => gateway && discard(gateway))));

async function pin(here: GatewayProcess, there: GatewayProcess): Promise<void> {
  const { statement, fingerprint } = await call<{ statement: string; fingerprint: string }>(
    there,
    'GET',
    '/v1/statement',
  );
  await call(here, 'POST', '/v1/peers', { statement, fingerprint });
}

const at = <T>(gateway: GatewayProcess, ...args: readonly string[]) => tongban<T>(...args, '--gateway', gateway.folder);
const jointState = (gateway: GatewayProcess, id: string) =>
  call<Joint>(gateway, 'GET', `/v1/joint-agreements/${id}`).then(
    ({ state }) => state,
    () => 'unknown',
  );

async function proposed(): Promise<string> {
  const sign_by = new Date(Date.now() + 3_600_000).toISOString();
  const draft = JSON.stringify({ ...exampleJointDraft, ...times, sign_by });
  const { id } = await at<Joint>(nantong, 'joint', 'propose', draft);
  for (const side of [uxin, quanzhou])
    await until('the proposal', async () => (await jointState(side, id)) === 'proposed');
  return id;
}

test('operators conclude a joint agreement, verify it offline, and one ends it', async () => {
  const id = await proposed();
  await at(uxin, 'joint', 'sign', id);
  await at(quanzhou, 'joint', 'sign', id);
  for (const side of [nantong, uxin, quanzhou]) {
    await until('the agreement', async () => (await jointState(side, id)) === 'active');
  }
  const file = join(uxin.folder, '..', 'joint.json');
  const shown = await runTongban('joint', 'show', id, '--out', file, '--gateway', uxin.folder);
  expect(shown.stdout).toMatch(/3\/3/);
  expect(shown.stdout).toMatch(/2 {2,}settle {2,}320600 .*EX103 {2,}2 {2,}leave, tax/);
  expect(shown.stderr).toContain('longer than the longest part, 3 working days');
  const verified = await runTongban('joint', 'verify', file, '--statement', ...statements);
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('320600, 150626, 350500') });
  const incomplete = await runTongban('joint', 'verify', file, '--statement', ...statements.slice(0, 2));
  expect(incomplete).toMatchObject({ code: 1, stdout: expect.stringContaining('KEY_UNKNOWN') });
  await writeFile(file, (await readFile(file, 'utf8')).replace('"payload":"e', '"payload":"f'));
  expect((await runTongban('joint', 'verify', file, '--statement', ...statements)).code).toBe(1);

  await at(quanzhou, 'joint', 'revoke', id, '--reason', '对方违约', '--for-cause');
  for (const side of [nantong, uxin]) await until('the end', async () => (await jointState(side, id)) === 'ended');
  const { stdout } = await runTongban('joint', 'show', id, '--gateway', uxin.folder);
  expect(stdout).toMatch(/终止 Ended +revoked 350500 \(违约 for cause\): 对方违约/);
  const again = await runTongban('joint', 'revoke', id, '--reason', '再次', '--gateway', nantong.folder, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'JOINT_INACTIVE' } });
  const listed = await at<{ agreements: Joint[] }>(nantong, 'joint', 'list');
  expect(listed.agreements).toMatchObject([{ id, state: 'ended' }]);
  expect(listed.agreements[0]).not.toHaveProperty('document');
});

test('an operator refuses a joint agreement, and wrong drafts are told in full', async () => {
  const id = await proposed();
  await at(quanzhou, 'joint', 'refuse', id, '--reason', '未获授权');
  for (const side of [nantong, uxin]) await until('the end', async () => (await jointState(side, id)) === 'ended');
  expect(await at(uxin, 'joint', 'show', id)).toMatchObject({ ending: { kind: 'refused', by: '350500' } });
  const draft = JSON.stringify({ ...exampleJointDraft, ...times, sign_by: 'soon', lead: '320600' });
  const wrong = await runTongban('joint', 'propose', draft, '--gateway', nantong.folder);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/\/lead {2,}FILLED_IN/) });
});

test('an operator issues letters of entrustment, shows them to a peer and revokes one', async () => {
  const issue = (letter: object, parent?: string) =>
    at<Letter>(uxin, 'entrustment', 'issue', JSON.stringify({ ...letter, ...times, ...(parent && { parent }) }));
  const root = await issue(LETTERS.department);
  const window = await issue(LETTERS.window, root.id);
  const clerk = await issue(LETTERS.clerk, window.id);
  await at(uxin, 'entrustment', 'send', clerk.id, '--peer', '320600');
  const standing = () =>
    call<Letter>(nantong, 'GET', `/v1/entrustments/${clerk.id}`).then(
      (letter) => letter.standing.code,
      () => 'unknown',
    );
  await until('the chain', async () => (await standing()) === '');

  const file = join(nantong.folder, '..', 'chain.json');
  const shown = await runTongban('entrustment', 'show', clerk.id, '--out', file, '--gateway', nantong.folder);
  expect(shown.stdout).toContain(`${LETTERS.department.holder.name} → ${LETTERS.window.holder.name}`);
  const offline = await runTongban('entrustment', 'verify', file, '--statement', ...statements);
  expect(offline).toMatchObject({ code: 0, stdout: expect.stringContaining('委托链完整有效') });
  expect((await runTongban('entrustment', 'verify', file, '--gateway', nantong.folder)).code).toBe(0);
  const strangers = await runTongban('entrustment', 'verify', file, '--statement', statements[0]!);
  expect(strangers).toMatchObject({ code: 1, stdout: expect.stringContaining('KEY_UNKNOWN') });
  const wide = { ...LETTERS.clerk, ...times, items: ['EX018', 'EX099'], parent: window.id };
  const refused = await runTongban('entrustment', 'issue', JSON.stringify(wide), '--gateway', uxin.folder);
  expect(refused.stderr).toMatch(/ENTRUSTMENT_WIDENED[\s\S]*\/items\/1 {2,}WIDENED/);

  await at(uxin, 'entrustment', 'revoke', window.id, '--reason', '窗口调整');
  await until('the revocation', async () => (await standing()) === 'ENTRUSTMENT_REVOKED');
  expect((await runTongban('entrustment', 'verify', file, '--gateway', nantong.folder)).code).toBe(1);
  // Offline the older file knows nothing of it; a newer one does.
  expect((await runTongban('entrustment', 'verify', file, '--statement', ...statements)).code).toBe(0);
  await at(nantong, 'entrustment', 'show', clerk.id, '--out', file);
  const revoked = await runTongban('entrustment', 'verify', file, '--statement', ...statements);
  expect(revoked).toMatchObject({ code: 1, stdout: expect.stringContaining('ENTRUSTMENT_REVOKED') });
  const { entrustments } = await at<{ entrustments: Letter[] }>(nantong, 'entrustment', 'list', '--region', '150626');
  expect(entrustments.map(({ id }) => id)).toEqual([root.id, window.id, clerk.id].sort());
});

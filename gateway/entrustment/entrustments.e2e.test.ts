import { afterAll, beforeAll, expect, it } from 'vitest';
import { LETTERS } from '../../trust/testing/example-entrustment.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

let uxin: LiveRegion;
let nantong: LiveRegion;

beforeAll(async () => {
  [uxin, nantong] = await Promise.all([
    openLiveRegion(await makeRegionFolder('150626')),
    openLiveRegion(await makeRegionFolder('320600')),
  ]);
  await pinEachOther(uxin, nantong);
});

afterAll(async () => {
  await Promise.all([uxin, nantong].map((region) => region.stop()));
  await removeFolders(uxin.folder, nantong.folder);
});

it('a chain of entrustments travels, is verified, revoked, and refused afterwards', async () => {
  const year = new Date().getUTCFullYear();
  const times = { valid_from: `${year}-01-01T00:00:00+08:00`, valid_until: `${year + 2}-01-01T00:00:00+08:00` };
  const issue = (letter: object, parent?: string) =>
    uxin.services.entrustments.issue({ ...letter, ...times, ...(parent && { parent }) });
  const root = await issue(LETTERS.department);
  const window = await issue(LETTERS.window, root.id);
  const clerk = await issue(LETTERS.clerk, window.id);
  const chief = await issue(LETTERS.representative, root.id);
  const authorization = nantong.core.newId();
  await uxin.services.entrustments.send(clerk.id, '320600', authorization);
  await uxin.services.entrustments.send(chief.id, '320600');

  const standing = async (id: string) => {
    const found = (await nantong.services.entrustments.list()).find((one) => one.id === id);
    return found?.standing.code;
  };
  await until('the chains', async () => (await standing(clerk.id)) === '' && (await standing(chief.id)) === '');
  const [attached] = await nantong.services.entrustments.list({ authorization });
  expect(attached).toMatchObject({ id: clerk.id, digest: clerk.digest, chain: clerk.chain, region: '150626' });
  await until('the receipt', async () => (await uxin.services.entrustments.get(clerk.id)).shown[0]?.code === '');

  await uxin.services.entrustments.revoke(window.id, '窗口调整');
  await until('the revocation', async () => (await standing(clerk.id)) === 'ENTRUSTMENT_REVOKED');
  expect(await standing(window.id)).toBe('ENTRUSTMENT_REVOKED');
  expect(await standing(chief.id)).toBe('');
  expect((await nantong.services.entrustments.judge(clerk.chain)).code).toBe('ENTRUSTMENT_REVOKED');
  await expect(uxin.services.entrustments.send(clerk.id, '320600')).rejects.toMatchObject({
    code: 'ENTRUSTMENT_REVOKED',
  });

  // A region that shows it all the same gets the verdict in a signed receipt.
  const sent = await uxin.core.store.write((tx) =>
    uxin.core.outbox.enqueue(tx, {
      peer: '320600',
      conversation: uxin.core.newId(),
      name: 'EntrustmentPublished',
      payload: { chain: clerk.chain, authorizationId: '' },
    }),
  );
  const verdict = () =>
    uxin.core.store.read.get<{ state: string; code: string }>('SELECT state, code FROM outbox WHERE id = ?', sent.id);
  await until('the verdict', async () => (await verdict())?.state !== 'pending');
  expect(await verdict()).toEqual({ state: 'rejected', code: 'ENTRUSTMENT_REVOKED' });
});

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { call, type DemoRegion, statementOf, tongbanJson, until } from './region.ts';
import { DEPARTMENT, ITEM, ITEM_OUTSIDE, ITEM_R1B, type Scene } from './scene.ts';

const ITEMS_FILE = fileURLToPath(new URL('items.json', import.meta.url));

/** Operators exchange statements and compare fingerprints; the handling region pins a third region too. */
export async function pin(scene: Scene): Promise<void> {
  await pinAt(scene.nantong, scene.uxin);
  await pinAt(scene.uxin, scene.nantong);
  await pinAt(scene.uxin, scene.quanzhou);
}

async function pinAt(here: DemoRegion, there: DemoRegion): Promise<void> {
  const { fingerprint } = await tongbanJson<{ fingerprint: string }>('statement', '--gateway', there.dir);
  await call(here, 'POST', '/v1/peers', { statement: await statementOf(there), fingerprint }, 'secadmin');
}

/** One region proposes the mutual authorization, the other accepts it: two signatures. */
export async function agree(scene: Scene): Promise<void> {
  const { nantong, uxin } = scene;
  const year = new Date().getUTCFullYear();
  const grant = { grantor: uxin.code, grantee: nantong.code, department: DEPARTMENT, modes: ['agency'] };
  const rights = ['R1a', 'R2', 'R3', 'R4', 'R5'];
  const { id } = await call<{ id: string }>(nantong, 'POST', '/v1/authorizations', {
    parties: [nantong.code, uxin.code],
    grants: [
      { ...grant, rights, items: [ITEM, 'EX015', 'EX016'] },
      { ...grant, rights: [...rights, 'R1b'], items: [ITEM_R1B] },
    ],
    fields: ['applicant.*', 'form.*', 'certificate.*'],
    valid_from: `${year}-01-01T00:00:00+08:00`,
    valid_until: `${year + 2}-01-01T00:00:00+08:00`,
    terms: '甲乙双方相互授权,为对方企业群众代收代办所列事项。',
  });
  scene.authorization = id;
  await until('the proposal', () => found(() => call(uxin, 'GET', `/v1/authorizations/${id}`)));
  await call(uxin, 'POST', `/v1/authorizations/${id}/accept`, {});
  for (const side of [nantong, uxin]) {
    await until(`the authorization at ${side.name}`, async () => {
      const { state } = await call<{ state: string }>(side, 'GET', `/v1/authorizations/${id}`);
      return state === 'active' ? state : undefined;
    });
  }
}

/** The handling region imports its items and publishes its catalogue to the peer. */
export async function publish(scene: Scene): Promise<void> {
  const { nantong, uxin } = scene;
  await call(uxin, 'PUT', '/v1/items', JSON.parse(await readFile(ITEMS_FILE, 'utf8')));
  await call(uxin, 'POST', '/v1/catalogue/publish', { peer: nantong.code, scope: '跨省通办' });
  await until('the catalogue', async () => {
    const { items } = await call<{ items: { code: string }[] }>(nantong, 'GET', `/v1/items?region=${uxin.code}`);
    return items.some(({ code }) => code === ITEM_OUTSIDE) ? items : undefined;
  });
}

async function found<T>(look: () => Promise<T>): Promise<T | undefined> {
  return look().catch(() => undefined);
}

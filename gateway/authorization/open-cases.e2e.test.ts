import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CaseFile } from '../case/case-file.ts';
import type { Event, State } from '../case/transitions.ts';
import { authorize, BACK_OFFICE, caseInput, NO_MATERIALS, WINDOW } from '../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

let nantong: LiveRegion;
let uxin: LiveRegion;
let agreed: string;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all(
    ['320600', '150626'].map(async (code) => openLiveRegion(await makeRegionFolder(code))) as [
      Promise<LiveRegion>,
      Promise<LiveRegion>,
    ],
  );
  await pinEachOther(nantong, uxin);
  agreed = await authorize(nantong, uxin);
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((side) => side?.stop()));
  await removeFolders(...[nantong, uxin].map((side) => side?.folder));
});

/** A case that Nantong took in, ready to be transferred. */
async function received(): Promise<CaseFile> {
  const { cases } = nantong.services;
  const { conversation } = await cases.create(caseInput('150626', NO_MATERIALS));
  return cases.act(conversation, 'receive', { handler: WINDOW });
}

async function bothAre(key: string, state: State): Promise<void> {
  for (const side of [nantong, uxin]) {
    await until(`the case is ${state} at ${side.region}`, async () => {
      const file = await side.services.cases.demand(key).catch(() => undefined);
      return file?.state === state && !file.pending;
    });
  }
}

async function transferred(): Promise<string> {
  const { conversation } = await received();
  await nantong.services.cases.act(conversation, 'transfer', { handler: WINDOW });
  await bothAre(conversation, 'transferred');
  return conversation;
}

async function act(side: LiveRegion, key: string, event: Event, data: object, state: State): Promise<void> {
  await side.services.cases.act(key, event, { handler: side === uxin ? BACK_OFFICE : WINDOW, ...data });
  await bothAre(key, state);
}

async function known(id: string, state: string): Promise<void> {
  for (const { services, region } of [nantong, uxin]) {
    await until(`${state} at ${region}`, async () => {
      const found = await services.authorizations.get(id).catch(() => undefined);
      return found?.state === state;
    });
  }
}

it('open cases finish under the terms that they began with, through suspension and renewal, but not for cause', async () => {
  const [first, second] = [await transferred(), await transferred()];
  const waiting = await received();

  await uxin.services.authorizations.suspend(agreed, '系统升级');
  await known(agreed, 'suspended');
  await expect(nantong.services.cases.act(waiting.conversation, 'transfer', { handler: WINDOW })).rejects.toMatchObject(
    { code: 'AUTHORIZATION_SUSPENDED' },
  );
  await act(uxin, first, 'accept', {}, 'accepted');

  await uxin.services.authorizations.resume(agreed, '升级完成');
  await known(agreed, 'active');
  await act(nantong, waiting.conversation, 'transfer', {}, 'transferred');

  // The renewal lets no personal field travel: what is opened from now on is judged by it, what is open is not.
  const { id: renewal } = await nantong.services.authorizations.renew(agreed, {
    valid_from: new Date(Date.now() - 60_000).toISOString(),
    fields: [],
  });
  await until('the renewal', async () => (await uxin.services.authorizations.list()).length === 2);
  await uxin.services.authorizations.accept(renewal);
  await known(renewal, 'active');
  await known(agreed, 'superseded');
  await expect(received()).rejects.toMatchObject({ code: 'FIELD_NOT_ALLOWED' });
  await act(uxin, first, 'approve', { explanation: '符合条件' }, 'approved');
  for (const side of [nantong, uxin]) {
    const { authorization_id } = (await side.core.store.read.get<{ authorization_id: string }>(
      'SELECT authorization_id FROM case_file WHERE conversation = ?',
      first,
    ))!;
    expect(authorization_id).toBe(agreed);
  }

  await uxin.services.authorizations.revoke(agreed, '虚假材料', true);
  await known(agreed, 'revoked');
  for (const [side, event] of [
    [nantong, 'withdraw'],
    [uxin, 'accept'],
  ] as const) {
    const data = { handler: WINDOW, ...(side === nantong && { reason: '不再需要' }) };
    await expect(side.services.cases.act(second, event, data)).rejects.toMatchObject({
      code: 'AUTHORIZATION_INACTIVE',
    });
  }
  await bothAre(second, 'transferred');
});

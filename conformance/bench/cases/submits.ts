import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayApi } from '../gateways/gateway-api.ts';
import { CASE_INPUT, handler, ITEM_WITH_MATERIALS, MATERIALS } from '../sample-case.ts';

/** Milliseconds between two looks whether a case has its receipt. */
const LOOK_MS = 5;
/** Milliseconds without a receipt after which a case counts as stuck. */
const STUCK_MS = 30_000;

/**
 * Submits cases one at a time to gateways that have nothing else to do. What is measured is the call that hands over: when it
 * is answered, the case and the envelope that names its materials are durable.
 *
 * @returns milliseconds of each call, for cases without materials and with five
 */
export async function measureSubmits(
  api: GatewayApi,
  count: number,
): Promise<{ readonly plain: number[]; readonly withMaterials: number[] }> {
  const plain: number[] = [];
  const withMaterials: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const begun = performance.now();
    const { conversation } = await api.post<{ conversation: string }>('/v1/cases/submit', CASE_INPUT);
    plain.push(performance.now() - begun);
    await receipt(api, conversation);
    const key = await takenIn(api, n);
    const start = performance.now();
    await api.post(`/v1/cases/${key}/acts`, { act: 'transfer', data: { handler } });
    withMaterials.push(performance.now() - start);
    await receipt(api, key);
  }
  return { plain, withMaterials };
}

/** A case with its five files, taken in and ready to be handed over. */
async function takenIn(api: GatewayApi, n: number): Promise<string> {
  const input = { ...CASE_INPUT, item: ITEM_WITH_MATERIALS.code };
  const { conversation } = await api.post<{ conversation: string }>('/v1/cases', input);
  for (const name of MATERIALS) {
    const query = new URLSearchParams({ name, grade: 'C' });
    await api.upload(
      `/v1/cases/${conversation}/materials?${query}`,
      Buffer.from(`${name} of case ${n}\n`.repeat(1000)),
    );
  }
  await api.post(`/v1/cases/${conversation}/acts`, { act: 'receive', data: { handler } });
  return conversation;
}

/** Waits until the other region has confirmed: nothing is under way then. */
async function receipt(api: GatewayApi, key: string): Promise<void> {
  const end = performance.now() + STUCK_MS;
  while ((await api.get<{ pending: string | null }>(`/v1/cases/${key}`)).pending !== null) {
    if (performance.now() > end) throw new Error(`case ${key} has no receipt`);
    await pause(LOOK_MS);
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Children } from '../children.ts';
import { HANDLING, ITEM, ITEM_WITH_MATERIALS, RECEIVING } from '../sample-case.ts';
import type { GatewayApi } from './gateway-api.ts';
import { type GatewayProcess, type PrepareGateway, startGateway } from './gateway-process.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Milliseconds that the two may take to agree. */
const AGREE_MS = 30_000;

/** Two gateways under an authorization in force, ready to exchange cases. */
export interface AgreedPair {
  readonly receiving: GatewayApi;
  readonly handling: GatewayApi;
}

interface Authorization {
  readonly id: string;
  readonly state: string;
}

/**
 * Starts two gateways, pins each at the other, publishes the item and signs the authorization, as operators would.
 *
 * @param now milliseconds
 * @param prepare changes the folder of the receiving gateway before it runs
 */
export async function startAgreedPair(
  children: Children,
  folder: string,
  now: number,
  prepare?: PrepareGateway,
): Promise<AgreedPair> {
  const one = await startGateway(children, folder, RECEIVING, '南通市', prepare);
  const other = await startGateway(children, folder, HANDLING, '乌审旗');
  await agree(one, other, now);
  return { receiving: one.api, handling: other.api };
}

/**
 * Lets two gateways that run agree: each pins the other, one publishes its items, both sign.
 *
 * @param now milliseconds
 */
export async function agree(one: GatewayProcess, other: GatewayProcess, now: number): Promise<void> {
  const [receiving, handling] = [one.api, other.api];
  await pin(one, other);
  await pin(other, one);
  await handling.put('/v1/items', { items: [ITEM, ITEM_WITH_MATERIALS] });
  await handling.post('/v1/catalogue/publish', { peer: RECEIVING, scope: 'cross-province' });
  const proposed = await receiving.post<Authorization>('/v1/authorizations', draft(now));
  await until('the proposal', async () => (await stateOf(handling, proposed.id)) === 'proposed');
  await handling.post(`/v1/authorizations/${proposed.id}/accept`);
  for (const api of [receiving, handling]) {
    await until('the authorization', async () => (await stateOf(api, proposed.id)) === 'active');
  }
  await until('the catalogue', async () => {
    const { items } = await receiving.get<{ items: unknown[] }>(`/v1/items?region=${HANDLING}`);
    return items.length > 0;
  });
}

function pin(at: GatewayProcess, { statement, fingerprint }: GatewayProcess): Promise<unknown> {
  return at.security.post('/v1/peers', { statement, fingerprint });
}

async function stateOf(api: GatewayApi, id: string): Promise<string | undefined> {
  const { authorizations } = await api.get<{ authorizations: Authorization[] }>('/v1/authorizations');
  return authorizations.find((authorization) => authorization.id === id)?.state;
}

function draft(now: number): object {
  const date = (at: number) => new Date(at).toISOString();
  return {
    parties: [RECEIVING, HANDLING],
    grants: [
      {
        grantor: HANDLING,
        grantee: RECEIVING,
        department: { name: '乌审旗市场监督管理局', code: '91350100M000100Y43' },
        rights: ['R1a', 'R2'],
        items: [ITEM.code, ITEM_WITH_MATERIALS.code],
        modes: ITEM.modes,
      },
    ],
    fields: ['applicant.*', 'form.*'],
    valid_from: date(now - DAY_MS),
    valid_until: date(now + DAY_MS),
    terms: '测量用授权 / an authorization for measuring',
  };
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + AGREE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${AGREE_MS} ms in vain for ${what}`);
    await pause(20);
  }
}

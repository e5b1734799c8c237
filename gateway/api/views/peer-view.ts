import { type Static, Type } from '@fastify/type-provider-typebox';
import { fingerprintOf, type RegionStatement } from '#trust';
import type { ApiContext } from '../context.ts';
import { instant } from './schemas.ts';

/** Members that our own region and a pinned one have in common. */
export const regionIdentity = {
  region: Type.String({ description: '行政区划代码 / region code' }),
  name: Type.String(),
  fingerprint: Type.String({ description: '指纹，由双方操作员口头核对 / operators compare it by voice' }),
  serial: Type.Integer({ description: '声明序号 / serial of the statement' }),
  expiresAt: instant('声明有效期至 / end of the statement'),
};

export const PeerJson = Type.Object({
  ...regionIdentity,
  endpoint: Type.String({ description: 'host:port' }),
  connected: Type.Boolean(),
  pending: Type.Integer({ description: '待发报文 / envelopes that wait for it' }),
  heldSerial: Type.Integer({
    description: '对端所持本地区声明的序号，0 为未知 / serial of our statement that it holds; 0: not known',
  }),
});

/** A region as the API names it. */
export function identityOf({ region, name, identity, serial, expiresAt }: RegionStatement) {
  return { region, name, fingerprint: fingerprintOf(identity), serial, expiresAt };
}

/** A pinned region and how we stand with it. */
export function peerJson(
  { dispatcher, outbox, keyring }: Pick<ApiContext, 'dispatcher' | 'outbox' | 'keyring'>,
  statement: RegionStatement,
): Static<typeof PeerJson> {
  const { region, endpoint } = statement;
  return {
    ...identityOf(statement),
    endpoint,
    connected: dispatcher.link(region)?.connected ?? false,
    pending: outbox.pending(region),
    heldSerial: keyring.heldBy(region),
  };
}

import { Type } from '@fastify/type-provider-typebox';
import type { ApiContext } from '../context.ts';
import { judgingContent } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { identityOf, regionIdentity } from '../views/peer-view.ts';

const tags = ['地区 / regions'];

const StatedKeyJson = Type.Object({
  key: Type.String({ description: '密钥标识;TLS 为公钥摘要 / key id, of TLS the digest of its public key' }),
  unknownTo: Type.Array(Type.String(), { description: '尚不知此密钥的对端 / peers that do not know it yet' }),
});

/** Our own statement and keys: what peers know of them, and taking over what commands changed (密钥与声明). */
export function statementRoutes({ keyring, peers }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/statement/keys',
      {
        schema: {
          tags,
          summary: '声明中的密钥与知晓情况 / the keys of our statement, and which peers do not know them yet',
          response: { 200: Type.Object({ serial: Type.Integer(), keys: Type.Array(StatedKeyJson) }) },
        },
      },
      async () => {
        const { serial, keys, tls } = keyring.statement;
        const regions = peers.all().map(({ region }) => region);
        const named = [...keys.map(({ kid }) => kid), ...tls.map(({ spki }) => spki)];
        return {
          serial,
          keys: named.map((key) => ({ key, unknownTo: regions.filter((region) => !keyring.knows(region, key)) })),
        };
      },
    );

    app.post(
      '/v1/statement/reload',
      {
        schema: {
          tags,
          summary: '启用新的密钥与声明 / take over keys and statement as they lie on disk now',
          response: { 200: Type.Object(regionIdentity) },
        },
      },
      async () => identityOf(await judgingContent(() => keyring.reload())),
    );
  };
}

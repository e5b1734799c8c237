import { Type } from '@fastify/type-provider-typebox';
import { fields, instant as instantRule, list, optional, text } from '#proto';
import type { StampInput } from '../../certificate/stamped-copies.ts';
import type { StampRecord } from '../../certificate/stamped-table.ts';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, described, instant } from '../views/schemas.ts';

const tags = ['电子证照 / certificates'];
const Identifier = Type.Object({ identifier: Type.String() }, CLOSED);
const made = {
  digest: Type.String({ description: '加注件的摘要 / digest of the copy' }),
  creator: Type.String({ description: '加注件生成机构 / who makes it' }),
  cause: Type.String({ description: '加注事由 / what it may be used for' }),
  expiresAt: instant('加注有效期截止 / until when it counts'),
  by: Type.String({ description: '经办 / who asked for it' }),
  at: instant('生成时间 / when'),
};

const body = fields({
  creator: text(100),
  cause: text(500),
  expiresAt: instantRule,
  fields: optional(list(text(200), 200)),
});

/** Stamped copies (加注件) of our certificates. */
export function stampedCopyRoutes({ stampedCopies, certificates }: ApiContext): RouteModule {
  return (app) => {
    app.post(
      '/v1/certificates/:identifier/stamped-copies',
      {
        ...RULED,
        schema: {
          tags,
          summary: '生成加注件:写明由谁、为何事、到何时 / make a copy that says by whom, for what and until when',
          description:
            '库中不留加注件本身,只记录生成过;撤销原证照,加注件随之失效 / the copy itself is not kept, only that it was made; what ends the certificate ends its copies',
          params: Identifier,
          body: described<StampInput>('{creator, cause, expiresAt, fields?: names of the fields that it shows}'),
          response: { 201: Type.Object({ identifier: Type.String(), ...made, text: Type.String() }) },
        },
      },
      async (request, reply) => {
        const { identifier } = request.params as { identifier: string };
        const { fields: shown, ...stamp } = readInput<StampInput>(body, request.body);
        const input = { ...stamp, ...(shown && { fields: shown }) };
        const copy = await judgingContent(() => stampedCopies.make(identifier, input, request.user.sub));
        return reply.code(201).send({ identifier, ...recordJson(copy), text: copy.text });
      },
    );

    app.get(
      '/v1/certificates/:identifier/stamped-copies',
      {
        schema: {
          tags,
          summary: '加注件生成记录 / which copies were made of a certificate of ours, the newest first',
          params: Identifier,
          response: { 200: Type.Object({ copies: Type.Array(Type.Object(made)) }) },
        },
      },
      async (request) => {
        const { identifier } = await certificates.get(request.params.identifier);
        return { copies: (await stampedCopies.made(identifier)).map(recordJson) };
      },
    );
  };
}

function recordJson({ digest, creator, cause, expiresAt, by, at }: StampRecord) {
  return { digest: digest.toString('hex'), creator, cause, expiresAt, by, at };
}

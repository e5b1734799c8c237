import { Type } from '@fastify/type-provider-typebox';
import { CodedError, fields, instant as instantRule, list, optional, text } from '#proto';
import type { StampInput } from '../../certificate/stamped-copies.ts';
import type { StampRecord } from '../../certificate/stamped-table.ts';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import { recordLook } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import { seesPersonalData } from '../views/privacy.ts';
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
  // It is the purpose of the look too, and as long as one at least.
  cause: text(500, { min: 2 }),
  expiresAt: instantRule,
  fields: optional(list(text(200), 200)),
});

/** Stamped copies (加注件) of our certificates. */
export function stampedCopyRoutes(context: ApiContext): RouteModule {
  const { stampedCopies, certificates } = context;
  return (app) => {
    app.post(
      '/v1/certificates/:identifier/stamped-copies',
      {
        ...RULED,
        schema: {
          tags,
          summary: '生成加注件:写明由谁、为何事、到何时 / make a copy that says by whom, for what and until when',
          description:
            '库中不留加注件本身,只记录生成过;撤销原证照,加注件随之失效 / the copy itself is not kept, only that it was made; what ends the certificate ends its copies. ' +
            '加注件含个人信息:事由(2 至 500 字)即用途,先留痕再答复 / it shows personal data: its cause (2 to 500 characters) is the purpose, and the look is recorded before the answer',
          params: Identifier,
          body: described<StampInput>('{creator, cause, expiresAt, fields?: names of the fields that it shows}'),
          response: { 201: Type.Object({ identifier: Type.String(), ...made, text: Type.String() }) },
        },
      },
      async (request, reply) => {
        if (!seesPersonalData(request.user.role)) throw new CodedError('FORBIDDEN');
        const { identifier } = request.params as { identifier: string };
        const { fields: shown, ...stamp } = readInput<StampInput>(body, request.body);
        const input = { ...stamp, ...(shown && { fields: shown }) };
        const copy = await judgingContent(() => stampedCopies.make(identifier, input, request.user.sub));
        // Whoever is refused a copy saw nothing: the look is written down when there is something to answer.
        const { conversation } = await certificates.get(identifier);
        await recordLook(context, request, { conversation, what: 'certificate', subject: identifier }, copy.cause);
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

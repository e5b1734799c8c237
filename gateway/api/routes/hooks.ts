import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import type { PushedRecord, SubmissionOutcome } from '#adapters';
import { CodedError, ERROR_CODES } from '#proto';
import type { ApiContext } from '../context.ts';
import { HttpFault } from '../problem.ts';
import type { RouteModule, TypedFastify } from '../typed.ts';
import { CLOSED } from '../views/schemas.ts';

/** What is in it the adapter judges; one that expects another of them cannot read it. */
const MEDIA_TYPES = ['application/json', 'application/cloudevents+json', 'text/xml', 'application/soap+xml'] as const;
/** Bytes of a record that is pushed. */
const BODY_BYTES = 1024 * 1024;

/**
 * Where platforms push their own records (推送). Who sends them is proven by the adapter of the platform, from the bytes
 * as they came, before the body is looked at and before anything is written down.
 */
export function hookRoutes({ platforms }: Pick<ApiContext, 'platforms'>): RouteModule {
  const proven = new WeakMap<FastifyRequest, PushedRecord>();

  /** An unknown platform and a wrong proof get the same answer. */
  async function demandProof(request: FastifyRequest): Promise<void> {
    if (request.headers['content-encoding'] !== undefined)
      throw new HttpFault('REQUEST_INVALID', 415, 'this route takes no compressed body');
    const { platform } = request.params as { platform: string };
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const record = await platforms.pushed(platform, { headers: request.headers, body });
    if (!record)
      throw new CodedError('UNAUTHORIZED', 'there is no platform of this name, or the request does not prove it');
    proven.set(request, record);
    request.user = { sub: `platform:${platform}`, role: 'platform' };
  }

  return (app) => {
    void app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser([...MEDIA_TYPES], { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      (scope as TypedFastify).post(
        '/hooks/:platform',
        {
          bodyLimit: BODY_BYTES,
          config: { raw: MEDIA_TYPES },
          preValidation: demandProof,
          schema: {
            tags: ['平台推送 / pushes of platforms'],
            summary: '平台推送一条记录 / a platform pushes one of its records',
            description:
              '以平台自己的签名、令牌或密钥证明身份,不用网关令牌;有最终结果才回答;重复推送结果相同;SOAP 以 SOAP 回答 / ' +
              'proven by the signature, token or secret of the platform; answered with the final outcome; a repetition has the same one; SOAP is answered in SOAP',
            consumes: [...MEDIA_TYPES],
            params: Type.Object({ platform: Type.String({ description: '平台名称 / name of the platform' }) }, CLOSED),
            response: {
              200: Type.Object({
                conversation: Type.String({
                  description: '会话编号;无事可做时为空 / empty when there was nothing to do',
                }),
                caseNumber: Type.String({ description: '办件编号 / number of the case' }),
              }),
            },
          },
        },
        async (request, reply) => {
          const record = proven.get(request)!;
          const outcome = await record.submit();
          if (!record.answer) return answerTo(outcome);
          const { status, headers, body } = record.answer(outcome);
          return reply
            .code(status as 200)
            .headers(headers)
            .send(Buffer.from(body) as never);
        },
      );
    });
  };
}

/** A refusal for good is 4xx; whatever can go better later says when to come again. */
function answerTo(outcome: SubmissionOutcome): { conversation: string; caseNumber: string } {
  if (outcome.ok) return { conversation: outcome.conversation, caseNumber: outcome.caseNumber };
  const { code, message, problems } = outcome;
  const { retryable, http } = ERROR_CODES[code];
  if (!retryable) throw new HttpFault(code, http < 500 ? http : 422, message, { problems });
  throw new HttpFault(code, http === 429 ? 429 : 503, message, { headers: { 'retry-after': RETRY_SECONDS } });
}

/** Seconds after which it is worth coming again. */
const RETRY_SECONDS = '5';

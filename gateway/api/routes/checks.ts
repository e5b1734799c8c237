import type { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { CodedError, type Problem } from '#proto';
import {
  CHECK_STATUSES,
  type CheckInput,
  type CheckResult,
  type CheckWay,
  DATA_STATUSES,
  type DataInput,
  type DataResult,
  type MayTell,
} from '../../certificate/check-service.ts';
import { originalDigest } from '../../certificate/stamped-original.ts';
import { checkLine } from '../bulk/check-line.ts';
import { answerInOrder } from '../bulk/in-order.ts';
import { readLines } from '../bulk/lines.ts';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import { demandNone, judgingContent, RULED } from '../helpers/body.ts';
import { isShownInFull, purposeOfBody, purposeQuery, recordLook } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import { seesPersonalData } from '../views/privacy.ts';
import { bytesOf, CLOSED, described, words } from '../views/schemas.ts';
import { type CheckRequest, readCheck, readDataQuestion } from './check-bodies.ts';

const NDJSON = 'application/x-ndjson';
const MAX_LINE_BYTES = 64 * 1024;
/** Lines in work at once: two groups under way, and the next one waiting. */
const AT_ONCE = 3 * 256;

/** For the description of a route that asks about certificates. */
const OWN_LIBRARY =
  '本地区证照的字段只告知可查阅个人信息的角色(否则 fields 为空),用途 2 至 200 字,先留痕再答复;不问字段不留痕 / fields of a certificate of our own are told only to a role that may see personal data (else fields is empty), for a purpose of 2 to 200 characters, and it is recorded first; without fields nothing is';

const told = {
  answeredAt: Type.Integer(),
  fields: Type.Record(Type.String(), Type.String()),
  validForSeconds: Type.Integer({ description: '签发地区允许重用的秒数 / seconds for which it may be used again' }),
  cached: Type.Boolean({ description: '此前的答复 / an answer that was given before; nobody was asked now' }),
};
const evidence = Type.String({ description: '核验报文编号 / id of the question, kept with its sealed answer' });
const CheckResultJson = Type.Object({
  status: words(CHECK_STATUSES),
  ...told,
  evidence: Type.Optional(evidence),
  source: Type.Optional(
    words(['library'], '本地区签发,查本地区证照库,未询问他人 / we issued it: our own library, nobody was asked'),
  ),
});

const CheckBodyJson = Type.Object(
  {
    region: Type.Optional(Type.String({ description: '签发地区 / region that issued' })),
    identifier: Type.Optional(Type.String({ description: '电子证照标识' })),
    qr: Type.Optional(
      Type.String({
        description: '二维码内容，代替地区和标识 / text of its QR code, instead of region and identifier',
      }),
    ),
    certificate: Type.Optional(Type.String({ description: '证照文件，只发送其摘要 / only its digest is sent' })),
    fields: Type.Optional(Type.Array(Type.String(), { description: '要核对的字段 / fields to be told' })),
    purpose: Type.String({ description: '用途' }),
  },
  CLOSED,
);

/** Questions to the regions that issued certificates (证照核验), and to their data (数据共享查询). */
export function checkRoutes(context: ApiContext): RouteModule {
  const { certificates, checks, exportCheckEvidence } = context;
  return (app) => {
    app.post(
      '/v1/certificates/check',
      {
        ...RULED,
        schema: {
          tags: ['电子证照 / certificates'],
          summary: '向签发地区核验证照 / ask the region that issued a certificate how it stands',
          description: OWN_LIBRARY,
          body: CheckBodyJson,
          response: { 200: CheckResultJson },
        },
      },
      async (request) => plain(await check(readCheck(request.body), request, 'alone')),
    );

    app.post(
      '/v1/data/check',
      {
        ...RULED,
        schema: {
          tags: ['数据共享 / data sharing'],
          summary: '向其他地区查询数据，免交材料 / ask another region for what it knows, instead of demanding paper',
          body: described<DataInput & { region: string }>(
            '{region, item, kind, parameters: [{name, type, value}], fields, purpose, legalBasis}; type: text, number, date, citizen-number, social-credit-code',
          ),
          response: { 200: Type.Object({ status: words(DATA_STATUSES), ...told, evidence }) },
        },
      },
      async (request) => {
        const { region, query } = readDataQuestion(request.body);
        return plain(await checks.askData(region, query));
      },
    );

    app.post(
      '/v1/certificates/checks',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        config: { streams: NDJSON },
        schema: {
          tags: ['电子证照 / certificates'],
          summary: '批量核验 / ask about many certificates, or data, one a line',
          description:
            '每行一个核验请求或数据查询；每行一个回答，顺序相同；错误的行不影响其他行。' +
            'Each line is a body of /v1/certificates/check, or one of /v1/data/check, which has a kind; at most 64 KiB. ' +
            'Each answer is a line, in the same order: {line, status, …} or {line, code, message, errors}. Read the ' +
            'answers while sending. 等待期间每秒发送一个空格 / while it waits a space is sent every second. ' +
            OWN_LIBRARY,
          consumes: [NDJSON],
          response: { 200: bytesOf(NDJSON, '每行一个回答 / one answer a line') },
        },
      },
      async (request, reply) => {
        const answers = answerInOrder(
          readLines(request.body as Readable, MAX_LINE_BYTES),
          (line, number) => checkLine(line, number, (input) => checkTogether(input, request)),
          { atOnce: AT_ONCE },
        );
        return reply.type(NDJSON).send(answers);
      },
    );

    app.get(
      '/v1/checks/:id/evidence',
      {
        schema: {
          tags: ['存证 / evidence'],
          summary: '导出一次核验的存证包 / evidence of one check, for verification without us',
          description:
            '未写明用途或角色不可查阅个人信息时,不含正文,其余仍可验证 / without a purpose, or for a role that may not see personal data, payloads are left out; everything else still verifies',
          params: Type.Object({ id: Type.String({ description: '核验报文编号 / id of the question' }) }, CLOSED),
          querystring: Type.Object(
            {
              ...purposeQuery,
              peer: Type.Optional(
                Type.String({ description: '对方地区,仅在多个地区用同一编号来问时需要 / the other region' }),
              ),
            },
            CLOSED,
          ),
          response: { 200: bytesOf('application/json', '存证包 / evidence bundle') },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { peer } = request.query;
        const hasPayloads = await isShownInFull(context, request, { conversation: '', what: 'evidence', subject: id });
        const bundle = await exportCheckEvidence(id, peer, hasPayloads);
        return reply
          .type('application/json; charset=utf-8')
          .header('content-disposition', attachment(`check-${id}.json`))
          .send(Buffer.from(bundle));
      },
    );
  };

  async function checkTogether(input: unknown, caller: FastifyRequest): Promise<CheckResult | DataResult> {
    if (typeof input !== 'object' || input === null || !('kind' in input))
      return check(readCheck(input), caller, 'together');
    const { region, query } = readDataQuestion(input);
    return checks.askData(region, query, 'together');
  }

  /** Asks what one body, or one line, wants to know; what our own library tells the caller is recorded before. */
  function check(request: CheckRequest, caller: FastifyRequest, way: CheckWay): Promise<CheckResult> {
    const { region, query } = request;
    const mayTell: MayTell = async ({ identifier: subject, conversation }) => {
      if (!seesPersonalData(caller.user.role)) return false;
      const wanted = { conversation, what: 'certificate', subject } as const;
      await recordLook(context, caller, wanted, purposeOfBody(query.purpose));
      return true;
    };
    return judgingContent(async () => checks.ask(region, await questionOf(request), way, mayTell));
  }

  /** Who holds the certificate asks about that very one: its digest goes with the question, or there is no question. */
  async function questionOf(request: CheckRequest): Promise<CheckInput> {
    const { query, certificate } = request;
    return certificate === undefined ? query : { ...query, digest: await digestOf(certificate, request) };
  }

  /** Digest of the certificate that the caller holds, after making sure that it is the one asked about. */
  async function digestOf(text: string, { region, query }: CheckRequest): Promise<Buffer> {
    const held = await certificates.verify(text.trim());
    const problems: Problem[] = [];
    const other = (pointer: string) =>
      problems.push({ pointer, code: 'MISMATCH', message: 'the certificate in this request names another one' });
    if (held.issuer !== region) other('/region');
    if (held.identifier !== query.identifier) other('/identifier');
    demandNone(problems);
    // What its issuer decides about a certificate counts for its copies, but a copy ends by itself.
    if (held.certificate.stamp && held.validity === 'expired') throw new CodedError('CERTIFICATE_EXPIRED');
    return originalDigest(held);
  }
}

function plain<R extends CheckResult | DataResult>(result: R) {
  return { ...result, fields: { ...result.fields } };
}

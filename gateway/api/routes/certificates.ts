import { Type } from '@fastify/type-provider-typebox';
import type { Problem } from '#proto';
import { STATUS_WORDS, type StatusWord } from '#trust';
import type { CertificateInput } from '../../certificate/issuable.ts';
import { CERTIFICATE_STATUSES } from '../../certificate/standing.ts';
import type { ApiContext } from '../context.ts';
import { demandNone, judgingContent, RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CertificateJson, certificateJson, contentFor, VerdictJson } from '../views/certificate-view.ts';
import { seesPersonalData } from '../views/privacy.ts';
import { CLOSED, described, page, words } from '../views/schemas.ts';
import { type CheckBody, certificateBody, checkBody, issueInput, statusBody } from './certificate-bodies.ts';

const tags = ['电子证照 / certificates'];
const Identifier = Type.Object({ identifier: Type.String() }, CLOSED);

/** The certificate library (证照库), and questions to the regions that issued (证照核验). */
export function certificateRoutes({ certificates, checks, cases }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/certificates',
      {
        schema: {
          tags,
          summary: '证照列表（已脱敏） / list certificates, personal data masked',
          querystring: Type.Object(
            {
              ...pageQuery,
              case: Type.Optional(Type.String({ description: '会话号或办件编号 / conversation or case number' })),
            },
            CLOSED,
          ),
          response: { 200: page('certificates', CertificateJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['number', 'string', 'string']);
        const key = request.query.case;
        const conversation = key === undefined ? undefined : (await cases.demand(key)).conversation;
        const found = await certificates.list({ conversation, limit: limit + 1, after });
        const { items, next } = pageOf(found, limit, (entry) => [entry.createdAt, entry.identifier, entry.issuer]);
        return { certificates: items.map((record) => certificateJson(record, false)), ...(next && { next }) };
      },
    );

    app.post(
      '/v1/certificates',
      {
        ...RULED,
        schema: {
          tags,
          summary: '签发证照 / issue a certificate outside a case',
          body: described<CertificateInput>(
            '{typeName, item, caseNumber?, holder: {name, documentType, number}, authority: {name, code}, number?, validFrom, validUntil?, fields}',
          ),
          response: { 201: CertificateJson },
        },
      },
      async (request, reply) => {
        const { identifier, text } = await certificates.issue(issueInput(request.body));
        const record = await certificates.get(identifier);
        return reply.code(201).send({ ...certificateJson(record, true), text });
      },
    );

    app.get(
      '/v1/certificates/:identifier',
      { schema: { tags, summary: '证照 / a certificate', params: Identifier, response: { 200: CertificateJson } } },
      async (request) => {
        const { identifier } = request.params;
        const isOpen = seesPersonalData(request.user.role);
        const record = certificateJson(await certificates.get(identifier), isOpen);
        return isOpen ? { ...record, text: await certificates.text(identifier) } : record;
      },
    );

    app.post(
      '/v1/certificates/:identifier/status',
      {
        ...RULED,
        schema: {
          tags,
          summary: '变更证照状态 / suspend, restore or revoke a certificate that we issued',
          params: Identifier,
          body: Type.Object({ status: words(STATUS_WORDS), reason: Type.String() }, CLOSED),
          response: { 200: CertificateJson },
        },
      },
      async (request) => {
        const { identifier } = request.params as { identifier: string };
        const { status, reason } = readInput<{ status: StatusWord; reason: string }>(statusBody, request.body);
        return certificateJson(await certificates.setStatus(identifier, status, reason), true);
      },
    );

    app.post(
      '/v1/certificates/verify',
      {
        ...RULED,
        schema: {
          tags,
          summary: '验证证照 / verify a certificate with the statements that we have, asking nobody',
          body: Type.Object({ certificate: Type.String() }, CLOSED),
          response: { 200: VerdictJson },
        },
      },
      async (request) => {
        const { certificate: text } = readInput<{ certificate: string }>(certificateBody, request.body);
        const verdict = await judgingContent(() => certificates.verify(text.trim()));
        const { status, source, issuer, identifier, kid } = verdict;
        return {
          status,
          source,
          issuer,
          identifier,
          kid,
          digest: verdict.digest.toString('hex'),
          disclosed: [...verdict.disclosed],
          certificate: contentFor(verdict.certificate, seesPersonalData(request.user.role)),
        };
      },
    );

    app.post(
      '/v1/certificates/check',
      {
        ...RULED,
        schema: {
          tags,
          summary: '向签发地区核验证照 / ask the region that issued a certificate how it stands',
          body: Type.Object(
            {
              region: Type.String({ description: '签发地区 / region that issued' }),
              identifier: Type.String(),
              certificate: Type.Optional(
                Type.String({ description: '证照文件，只发送其摘要 / only its digest is sent' }),
              ),
              fields: Type.Optional(Type.Array(Type.String(), { description: '要核对的字段 / fields to be told' })),
              purpose: Type.String({ description: '用途' }),
            },
            CLOSED,
          ),
          response: {
            200: Type.Object({
              status: words([...CERTIFICATE_STATUSES, 'unknown']),
              answeredAt: Type.Integer(),
              fields: Type.Record(Type.String(), Type.String()),
              evidence: Type.String({ description: '核验报文编号 / id of the question, kept with its sealed answer' }),
            }),
          },
        },
      },
      async (request) => {
        const body = readInput<CheckBody>(checkBody, request.body);
        return judgingContent(async () => {
          const { region, identifier, fields = [], purpose } = body;
          const digest = body.certificate && (await digestOf(body.certificate, body));
          const {
            status,
            answeredAt,
            fields: told,
            evidence,
          } = await checks.ask(region, {
            identifier,
            ...(digest && { digest }),
            fields,
            purpose,
          });
          return { status, answeredAt, fields: { ...told }, evidence };
        });
      },
    );
  };

  /** Digest of the certificate that the caller holds, after making sure that it is the one asked about. */
  async function digestOf(text: string, { region, identifier }: CheckBody): Promise<Buffer> {
    const held = await certificates.verify(text.trim());
    const problems: Problem[] = [];
    const other = (pointer: string) =>
      problems.push({ pointer, code: 'MISMATCH', message: 'the certificate in this request names another one' });
    if (held.issuer !== region) other('/region');
    if (held.identifier !== identifier) other('/identifier');
    demandNone(problems);
    return held.digest;
  }
}

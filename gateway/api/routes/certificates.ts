import { Type } from '@fastify/type-provider-typebox';
import { STATUS_WORDS, type StatusWord } from '#trust';
import type { CertificateInput } from '../../certificate/issuable.ts';
import { codePointName } from '../../rendition/text.ts';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CertificateJson, certificateJson, contentFor, StandingJson, VerdictJson } from '../views/certificate-view.ts';
import { seesPersonalData } from '../views/privacy.ts';
import { bytesOf, CLOSED, described, page, words } from '../views/schemas.ts';
import { certificateBody, issueInput, statusBody } from './certificate-bodies.ts';

const tags = ['电子证照 / certificates'];
const PDF = 'application/pdf';
const Identifier = Type.Object({ identifier: Type.String() }, CLOSED);

/** The certificate library (证照库). */
export function certificateRoutes({ certificates, renditions, cases }: ApiContext): RouteModule {
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
        const found = await certificates.get(identifier);
        const record = certificateJson(found, isOpen);
        if (!isOpen) return record;
        const qr = await certificates.reference(found);
        return { ...record, text: await certificates.text(identifier), ...(qr && { qr }) };
      },
    );

    app.get(
      '/v1/certificates/:identifier/pdf',
      {
        schema: {
          tags,
          summary:
            '证照 PDF（已签名，含证照原文和查验码） / one of ours as a signed PDF with itself and its QR code inside',
          description:
            '字体未收的字符以编码标示，并列于 x-missing-characters / characters that the font lacks are printed as their code points and listed in x-missing-characters',
          params: Identifier,
          response: { 200: bytesOf(PDF, 'PDF 文件 / the PDF') },
        },
      },
      async (request, reply) => {
        const { pdf, missing } = await renditions.pdf(request.params.identifier);
        if (missing.length > 0) reply.header('x-missing-characters', missing.map(codePointName).join(' '));
        return reply
          .type(PDF)
          .header('content-disposition', attachment(`${request.params.identifier}.pdf`))
          .send(pdf);
      },
    );

    app.post(
      '/v1/certificates/:identifier/status',
      {
        ...RULED,
        schema: {
          tags,
          summary:
            '变更证照状态（暂停、恢复、注销、撤销、吊销） / suspend, restore, cancel, revoke or withdraw one of ours',
          params: Identifier,
          body: Type.Object({ status: words(STATUS_WORDS), reason: Type.String() }, CLOSED),
          response: { 200: CertificateJson },
        },
      },
      async (request) => {
        const { identifier } = request.params as { identifier: string };
        const { status, reason } = readInput<{ status: StatusWord; reason: string }>(statusBody, request.body);
        return certificateJson(await certificates.setStatus(identifier, status, reason, request.user.sub), true);
      },
    );

    app.get(
      '/v1/certificates/:identifier/status',
      {
        schema: {
          tags,
          summary: '证照状态及变更记录 / how a certificate stands, where that is published, and every change of it',
          params: Identifier,
          response: { 200: StandingJson },
        },
      },
      async (request) => {
        const { identifier } = request.params;
        const { issuer, status, certificate } = await certificates.get(identifier);
        const changes = await certificates.statusChanges(identifier);
        const { statusList } = certificate;
        return { identifier, issuer, status, ...(statusList && { statusList }), changes };
      },
    );

    app.post(
      '/v1/certificates/verify',
      {
        ...RULED,
        schema: {
          tags,
          summary:
            '验证证照 / verify a certificate with the statements and status lists that we have, not asking its issuer',
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
          ...('asOf' in verdict && { asOf: verdict.asOf }),
          issuer,
          identifier,
          kid,
          digest: verdict.digest.toString('hex'),
          disclosed: [...verdict.disclosed],
          certificate: contentFor(verdict.certificate, seesPersonalData(request.user.role)),
        };
      },
    );
  };
}

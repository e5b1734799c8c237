import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { STATUS_WORDS } from '#trust';
import type { CertificateInput } from '../../certificate/issuable.ts';
import { GROUNDS } from '../../certificate/notice/words.ts';
import { codePointName } from '../../rendition/text.ts';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import { RULED, readInput, readQuery } from '../helpers/body.ts';
import type { AnswerOnce } from '../helpers/idempotency.ts';
import type { SqlIdempotencyStore } from '../helpers/idempotency-store.ts';
import { demandPurpose, isShownInFull, MASKED, purposeQuery, purposeQueryRule } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import { CertificateJson, certificateJson, StandingJson } from '../views/certificate-view.ts';
import { SentNoticeJson, sentNoticeJson } from '../views/notice-view.ts';
import { bytesOf, CLOSED, described, words } from '../views/schemas.ts';
import { issueInput, type StatusInput, statusBody } from './certificate-bodies.ts';

const tags = ['电子证照 / certificates'];
const PDF = 'application/pdf';
const Identifier = Type.Object({ identifier: Type.String() }, CLOSED);
const DecidedJson = Type.Object({
  ...CertificateJson.properties,
  notices: Type.Array(SentNoticeJson, { description: '告知了谁 / who is told of it' }),
});

interface Issued {
  readonly identifier: string;
}

function issued({ identifier }: Issued): { status: number; body: Issued } {
  return { status: 201, body: { identifier } };
}

/** Certificates (电子证照): issuing, reading, status. */
export function certificateRoutes(context: ApiContext, once: AnswerOnce, answers: SqlIdempotencyStore): RouteModule {
  const { certificates, renditions } = context;

  /** Issues a certificate; the answer to its Idempotency-Key becomes durable with it, and names it only. */
  const issue = async (request: FastifyRequest): Promise<string> => {
    const input = { ...issueInput(request.body), by: request.user.sub };
    const { body } = await once(request, async (remember) => {
      const made = await certificates.issue(input, (tx, prepared) => remember(issued(prepared), answers.within(tx)));
      return issued(made);
    });
    return (body as Issued).identifier;
  };

  return (app) => {
    app.post(
      '/v1/certificates',
      {
        ...RULED,
        schema: {
          tags,
          summary: '签发证照，或换证（replaces） / issue a certificate outside a case, or the next version of one',
          body: described<CertificateInput>(
            '{typeName, item, caseNumber?, holder: {name, documentType, number}, otherHolders?: [holder], holderKey?: JWK, authority: {name, code}, number?, validFrom, validUntil?, fields, replaces?}; 时间为毫秒，validUntil 为失效的第一刻 / times in milliseconds, validUntil is the first moment at which it no longer holds',
          ),
          response: { 201: CertificateJson },
        },
      },
      async (request, reply) => {
        const identifier = await issue(request);
        const record = certificateJson(await certificates.get(identifier), true);
        return reply.code(201).send({ ...record, text: await certificates.text(identifier) });
      },
    );

    app.get(
      '/v1/certificates/:identifier',
      {
        schema: {
          tags,
          summary: '证照 / a certificate',
          description: MASKED,
          params: Identifier,
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: CertificateJson },
        },
      },
      async (request) => {
        const { identifier } = request.params;
        const found = await certificates.get(identifier);
        const wanted = { conversation: found.conversation, what: 'certificate', subject: identifier } as const;
        const isOpen = await isShownInFull(context, request, wanted);
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
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: bytesOf(PDF, 'PDF 文件 / the PDF') },
        },
      },
      async (request, reply) => {
        const { identifier: subject } = request.params;
        const { conversation } = await certificates.get(subject);
        await demandPurpose(context, request, { conversation, what: 'certificate-pdf', subject });
        const { pdf, missing } = await renditions.pdf(subject);
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
          description: MASKED,
          params: Identifier,
          querystring: Type.Object(purposeQuery, CLOSED),
          body: Type.Object(
            {
              status: words(STATUS_WORDS),
              reason: Type.String(),
              ground: Type.Optional(words(GROUNDS, '变更原因 / ground')),
            },
            CLOSED,
          ),
          response: { 200: DecidedJson },
        },
      },
      async (request) => {
        const { identifier } = request.params as { identifier: string };
        readQuery(purposeQueryRule, request.query);
        const { status, reason, ground } = readInput<StatusInput>(statusBody, request.body);
        const { conversation } = await certificates.get(identifier);
        // Before the act, which a wrong purpose, or a look that cannot be written down, must not leave done unanswered.
        const wanted = { conversation, what: 'certificate', subject: identifier } as const;
        const isOpen = await isShownInFull(context, request, wanted);
        const decided = await certificates.setStatus(identifier, status, reason, request.user.sub, ground);
        const notices = decided.notices.map((notice) => sentNoticeJson(notice, true));
        return { ...certificateJson(decided, isOpen), notices };
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
  };
}

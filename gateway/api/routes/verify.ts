import type { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CodedError, ERROR_CODES } from '#proto';
import type { PageFile } from '../../page-files.ts';
import { ERROR_WORDS, publicCode } from '../../verify/error-words.ts';
import { TooOften } from '../../verify/limits.ts';
import { PAGE_POLICY, verifyPageFiles } from '../../verify/page-files.ts';
import type { PublicVerdict } from '../../verify/verdict.ts';
import { MAX_TEXT_LENGTH } from '../../verify/verification.ts';
import type { ApiContext } from '../context.ts';
import { sendPage } from '../helpers/send-page.ts';
import { codedError, HttpFault } from '../problem.ts';
import type { RouteModule } from '../typed.ts';
import { bytesOf, CLOSED, described, instant, words } from '../views/schemas.ts';

const tags = ['公开核验 / public verification'];
const OCTETS = 'application/octet-stream';
/** Bytes of a file that anybody may send. */
const FILE_BYTES = 20 * 1024 * 1024;
/** Seconds for which a browser that got no answer waits before it tries again. */
const RETRY_SECONDS = 5;

const PAGE_RULES = { policy: PAGE_POLICY, permissions: 'camera=(self), geolocation=(), microphone=()' };

/** No answer stays in a browser or on the way. */
const NOT_KEPT = ['cache-control', 'no-store'] as const;

const VerdictJson = Type.Object({
  kind: words(['reference', 'certificate', 'paper', 'pdf', 'notice', 'document'], '所读内容 / what was read'),
  tone: words(['good', 'caution', 'bad'], '有效、待确认、勿采信 / in force, something not proved, do not accept'),
  conclusion: described<PublicVerdict['conclusion']>('结论 / zh, en'),
  proofs: Type.Array(
    described<PublicVerdict['proofs'][number]>('逐项核验 / name, result: proven, open, failed; zh, en'),
  ),
  rows: Type.Array(described<PublicVerdict['rows'][number]>('内容 / zh, en, value')),
  masked: Type.Boolean({ description: '内容是否已脱敏 / whether names and numbers are masked' }),
  findings: Type.Array(described<PublicVerdict['findings'][number]>('文件问题 / code, weight, zh, en, where')),
  checkedAt: instant('核验时间 / when'),
});

/**
 * The page at which anybody verifies certificates (公开核验页) and what it asks: without a token, few times a minute,
 * nothing kept. Every error has words for people who know nothing of gateways.
 */
export function verifyRoutes({ verification, region }: Pick<ApiContext, 'verification' | 'region'>): RouteModule {
  const files = verifyPageFiles(region);
  const admitted = {
    onRequest: async (request: FastifyRequest) => {
      demandOpen();
      verification.admit(request.ip);
    },
    errorHandler: (thrown: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      reply.header(...NOT_KEPT);
      throw verification.isOpen ? inPlainWords(thrown) : thrown;
    },
  };
  return (app) => {
    app.get(
      '/verify',
      { schema: { tags, summary: '核验页 / the page', response: { 200: bytesOf('text/html', '网页 / the page') } } },
      async (request, reply) => send(request, reply, files.find('index.html')),
    );

    app.get(
      '/verify/:file',
      {
        schema: {
          tags,
          summary: '核验页的文件 / files of the page',
          params: Type.Object({ file: Type.String() }, CLOSED),
          response: { 200: bytesOf('*/*', '文件 / the file') },
        },
      },
      async (request, reply) => {
        const { file } = request.params;
        // People add a slash; below it the links of the page would lead astray.
        return file === '' ? reply.redirect('../verify', 308) : send(request, reply, files.find(file));
      },
    );

    app.post(
      '/v1/public/verify/text',
      {
        ...admitted,
        bodyLimit: 2 * MAX_TEXT_LENGTH,
        schema: {
          tags,
          summary: '核验二维码文字或证照文本（公开） / verify the text of a QR code or certificate, for everybody',
          body: Type.Object({ text: Type.String({ minLength: 1, maxLength: MAX_TEXT_LENGTH }) }, CLOSED),
          response: { 200: VerdictJson },
        },
      },
      async (request, reply) => {
        reply.header(...NOT_KEPT);
        return plain(await verification.text(request.ip, request.body.text));
      },
    );

    app.post(
      '/v1/public/verify/file',
      {
        ...admitted,
        bodyLimit: FILE_BYTES,
        config: { streams: OCTETS },
        schema: {
          tags,
          summary: '核验文件（公开，不留存） / verify a file, for everybody; nothing of it is kept',
          description: `证照文本、证照 PDF、部门自有 OFD 或 PDF / a certificate, its PDF, a department's own OFD or PDF; at most ${FILE_BYTES} bytes`,
          consumes: [OCTETS],
          response: { 200: VerdictJson },
        },
      },
      async (request, reply) => {
        reply.header(...NOT_KEPT);
        return plain(await verification.file(request.ip, request.body as unknown as Readable));
      },
    );
  };

  function send(request: FastifyRequest, reply: FastifyReply, found: Promise<PageFile> | undefined) {
    demandOpen();
    if (!found) throw new CodedError('NOT_FOUND');
    return found.then((file) => sendPage(request, reply, file, PAGE_RULES));
  }

  function demandOpen(): void {
    if (!verification.isOpen) throw new CodedError('NOT_FOUND', 'this region has no public verification page');
  }
}

/** The same error, in words of the table; whatever the table does not have is INTERNAL. */
function inPlainWords(thrown: FastifyError): CodedError {
  const error = thrown.validation ? new CodedError('VALIDATION_FAILED') : codedError(thrown);
  const code = publicCode(error.code);
  const { zh, en } = ERROR_WORDS[code];
  const detail = `${zh} / ${en}`;
  if (code === 'INTERNAL') return new CodedError(code, detail, [], { cause: thrown });
  const { http } = ERROR_CODES[code];
  // 401 is about the token of the caller only, and there is none.
  const status = error instanceof HttpFault ? error.status : http === 401 ? 422 : http;
  const waitSeconds = error instanceof TooOften ? Math.ceil(error.waitMs / 1000) : RETRY_SECONDS;
  const headers = { ...(status === 429 && { 'retry-after': String(waitSeconds) }), ...headersOf(error) };
  return new HttpFault(code, status, detail, { headers });
}

function headersOf(error: CodedError): Readonly<Record<string, string>> {
  return error instanceof HttpFault ? error.headers : {};
}

function plain(verdict: PublicVerdict) {
  const { proofs, rows, findings } = verdict;
  return { ...verdict, proofs: [...proofs], rows: [...rows], findings: [...findings] };
}

import { Type } from '@fastify/type-provider-typebox';
import { CodedError, fields, integer, optional, type Problem, type Rule, text } from '#proto';
import { VerificationError } from '#trust';
import type { VerificationDemands } from '../../certificate/certificate-context.ts';
import type { CertificateVerdict } from '../../certificate/certificate-verdict.ts';
import { readQr } from '../../certificate/examine.ts';
import type { Proof } from '../../certificate/proofs.ts';
import { verdictProofs } from '../../certificate/verdict-proofs.ts';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { contentFor, VerdictJson } from '../views/certificate-view.ts';
import { seesPersonalData } from '../views/privacy.ts';
import { CLOSED } from '../views/schemas.ts';
import { certificateText } from './certificate-bodies.ts';

interface VerifyBody {
  readonly certificate?: string | null;
  readonly qr?: string | null;
  /** Base64. */
  readonly pdf?: string | null;
  readonly typeCode?: string | null;
  readonly binding?: { readonly nonce: string; readonly audience: string; readonly maxAgeSeconds: number } | null;
}

/** A certificate that was found in what the caller sent. */
interface Found {
  readonly verdict: CertificateVerdict;
  /** The PDF that held it. */
  readonly pdf?: { readonly kid: string; readonly signedAt: number };
  /** Whether that PDF is as it was signed. */
  readonly file?: Proof;
}

const PDF_BYTES = 4 * 1024 * 1024;
const BODY_BYTES = Math.ceil(PDF_BYTES / 3) * 4 + 64 * 1024;
const FORMS = ['certificate', 'qr', 'pdf'] as const;

const body = fields({
  certificate: optional(certificateText),
  qr: optional(text(8 * 1024)),
  pdf: optional(text(Math.ceil(PDF_BYTES / 3) * 4, { pattern: /^[A-Za-z0-9+/]+={0,2}$/, hint: 'must be base64' })),
  typeCode: optional(text(21)),
  binding: optional(fields({ nonce: text(1000), audience: text(1000), maxAgeSeconds: integer(1, 86_400) })),
});

const bodyRule: Rule = (value, pointer, problems) => {
  body(value, pointer, problems);
  const given = FORMS.filter((name) => typeof (value as VerifyBody | null)?.[name] === 'string');
  if (given.length === 0)
    problems.push({ pointer: '/certificate', code: 'REQUIRED', message: 'or qr or pdf is required' });
  for (const name of given.slice(1))
    problems.push({ pointer: `/${name}`, code: 'CONFLICT', message: `must be absent where ${given[0]} is given` });
};

/** Verifying certificates (电子证照核验) with what this gateway knows. */
export function certificateVerifyRoutes({ certificates, peers, clock }: ApiContext): RouteModule {
  return (app) => {
    app.post(
      '/v1/certificates/verify',
      {
        ...RULED,
        bodyLimit: BODY_BYTES,
        schema: {
          tags: ['电子证照 / certificates'],
          summary:
            '验证证照 / verify a certificate with the statements and status lists that we have, not asking its issuer',
          description:
            '证照、离线核验码或 PDF 三者之一；不真实则报错，真实则逐项说明证明了什么。' +
            'One of certificate, qr and pdf. What is not genuine is an error; of what is, every proof is told.',
          body: Type.Object(
            {
              certificate: Type.Optional(Type.String({ description: '证照文件 / the certificate, an SD-JWT' })),
              qr: Type.Optional(Type.String({ description: '离线核验码 / text of a QR code that holds it' })),
              pdf: Type.Optional(Type.String({ description: 'PDF(base64),至多 4 MiB / its PDF in base64' })),
              typeCode: Type.Optional(Type.String({ description: '须为该类型 / the type that it must be of' })),
              binding: Type.Optional(
                Type.Object(
                  { nonce: Type.String(), audience: Type.String(), maxAgeSeconds: Type.Integer() },
                  { ...CLOSED, description: '须有持证人证明 / the proof that its holder must give' },
                ),
              ),
            },
            CLOSED,
          ),
          response: { 200: VerdictJson },
        },
      },
      async (request) => {
        const input = readInput<VerifyBody>(bodyRule, request.body);
        const { verdict, pdf, file } = await judgingContent(() => find(input));
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
          proofs: verdictProofs(verdict, clock.now(), file),
          ...(pdf && { pdf }),
          certificate: contentFor(verdict.certificate, seesPersonalData(request.user.role)),
        };
      },
    );
  };

  async function find({ certificate, qr, pdf, typeCode, binding }: VerifyBody): Promise<Found> {
    const demands: VerificationDemands = {
      ...(typeCode && { typeCode }),
      ...(binding && { binding: { ...binding, maxAgeMs: binding.maxAgeSeconds * 1000 } }),
    };
    if (pdf) return findInPdf(Buffer.from(pdf, 'base64'), demands);
    const held = certificate ?? textOfQr(qr!);
    return { verdict: await certificates.verify(held.trim(), demands) };
  }

  async function findInPdf(bytes: Buffer, demands: VerificationDemands): Promise<Found> {
    // What reads PDFs takes a while to load.
    const { openPdf } = await import('../../rendition/read-pdf.ts');
    const { fileProof } = await import('../../rendition/examine-pdf.ts');
    const now = clock.now();
    const { text: held, region, kid, signedAt } = await openPdf(bytes, [peers.own, ...peers.all()], now);
    const verdict = await certificates.verify(held, demands);
    if (verdict.issuer !== region)
      throw new VerificationError(
        'RENDITION_ALTERED',
        'another region than the issuer of the certificate signed the PDF',
      );
    return { verdict, pdf: { kid, signedAt }, file: fileProof({ signedAt }, now) };
  }
}

function textOfQr(qr: string): string {
  const read = readQr(qr);
  if (read.kind === 'certificate') return read.text;
  const message = 'is a reference, which proves nothing by itself: ask its region with POST /v1/certificates/check';
  throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '/qr', code: 'FORMAT', message } satisfies Problem]);
}

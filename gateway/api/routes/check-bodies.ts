import {
  CodedError,
  checkPayload,
  checkRegionCode,
  fields,
  identifier,
  list,
  optional,
  parseCertificateReference,
  type Rule,
  text,
  verifyCertificateIdentifier,
} from '#proto';
import type { CheckInput, DataInput } from '../../certificate/check-service.ts';
import { demandNone, readInput } from '../helpers/body.ts';
import { certificateText } from './certificate-bodies.ts';

interface CheckBody {
  readonly region?: string | null;
  readonly identifier?: string | null;
  readonly qr?: string | null;
  readonly certificate?: string | null;
  readonly fields?: readonly string[] | null;
  readonly purpose: string;
}

const regionRule = identifier(checkRegionCode);

const checkBody = fields({
  region: optional(regionRule),
  identifier: optional(identifier(verifyCertificateIdentifier)),
  qr: optional(text(2048)),
  certificate: optional(certificateText),
  fields: optional(list(text(64), 50)),
  purpose: text(200),
});

/** A certificate is named by region and identifier, or by its QR code, which says both. */
const checkRule: Rule = (value, pointer, problems) => {
  checkBody(value, pointer, problems);
  const { qr, ...named } = (value ?? {}) as Partial<CheckBody>;
  const isThere = (member: unknown) => member !== null && member !== undefined;
  if (isThere(qr)) {
    for (const name of ['region', 'identifier', 'certificate'] as const)
      if (isThere(named[name]))
        problems.push({ pointer: `/${name}`, code: 'CONFLICT', message: 'must be absent where qr is given' });
    return;
  }
  for (const name of ['region', 'identifier'] as const)
    if (!isThere(named[name])) problems.push({ pointer: `/${name}`, code: 'REQUIRED', message: 'is required' });
};

/** A question about a certificate, and the region that it goes to. */
export interface CheckRequest {
  readonly region: string;
  readonly query: CheckInput;
  /** The certificate that the caller holds. */
  readonly certificate: string | undefined;
}

/**
 * Reads a question about a certificate: by region and identifier, or by what its QR code says.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong field; CERTIFICATE_REFERENCE when the QR code is not one of a
 *   certificate, such as a web address, which is never opened
 */
export function readCheck(body: unknown): CheckRequest {
  const { region, identifier: given, qr, certificate, ...rest } = readInput<CheckBody>(checkRule, body);
  const query = { fields: rest.fields ?? [], purpose: rest.purpose };
  if (typeof qr !== 'string')
    return { region: region!, query: { ...query, identifier: given! }, certificate: certificate ?? undefined };
  const read = parseCertificateReference(qr.trim());
  if (!read.ok) throw new CodedError('CERTIFICATE_REFERENCE', `the text of the QR code ${read.reason}`);
  return { region: read.value.region, query: { ...query, reference: read.value.reference }, certificate: undefined };
}

/**
 * Reads a question about data.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong field
 */
export function readDataQuestion(body: unknown): { readonly region: string; readonly query: DataInput } {
  const { region, ...question } = (body ?? {}) as { region: string } & DataInput;
  const whole = { ...question, fields: question.fields ?? [] };
  const problems = checkPayload('DataQuestion', whole);
  regionRule(region, '/region', problems);
  demandNone(problems);
  return { region, query: whole };
}

import {
  CodedError,
  checkRegionCode,
  fields,
  identifier,
  list,
  optional,
  type Problem,
  parseCertificateReference,
  text,
  verifyCertificateIdentifier,
} from '#proto';
import type { CheckInput, DataInput } from '../../certificate/check-service.ts';
import { readInput } from '../helpers/body.ts';
import { certificateText } from './certificate-bodies.ts';

interface CheckBody {
  readonly region?: string | null;
  readonly identifier?: string | null;
  readonly qr?: string | null;
  readonly certificate?: string | null;
  readonly fields?: readonly string[] | null;
  readonly purpose: string;
}

const named = list(text(64), 50);

const checkBody = fields({
  region: optional(identifier(checkRegionCode)),
  identifier: optional(identifier(verifyCertificateIdentifier)),
  qr: optional(text(2048)),
  certificate: optional(certificateText),
  fields: optional(named),
  purpose: text(200),
});

/** The question itself is judged where it is written: its parameters have rules of their own. */
const dataRegion = fields({ region: identifier(checkRegionCode) });

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
  const { region, identifier: given, qr, certificate, fields: wanted, purpose } = readInput<CheckBody>(checkBody, body);
  const query = { fields: wanted ?? [], purpose };
  if (typeof qr === 'string') {
    demandAbsent({ region, identifier: given, certificate });
    const read = parseCertificateReference(qr.trim());
    if (!read.ok) throw new CodedError('CERTIFICATE_REFERENCE', `the text of the QR code ${read.reason}`);
    return { region: read.value.region, query: { ...query, reference: read.value.reference }, certificate: undefined };
  }
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries({ region, identifier: given }))
    if (typeof value !== 'string') problems.push({ pointer: `/${name}`, code: 'REQUIRED', message: 'is required' });
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  return { region: region!, query: { ...query, identifier: given! }, certificate: certificate ?? undefined };
}

/**
 * Reads a question about data.
 *
 * @throws CodedError VALIDATION_FAILED
 */
export function readDataQuestion(body: unknown): { readonly region: string; readonly query: DataInput } {
  const { region, ...query } = (body ?? {}) as { region?: unknown } & Record<string, unknown>;
  readInput(dataRegion, { region });
  const { item, kind, parameters, fields: wanted, purpose, legalBasis, ...others } = query;
  const unknown = Object.keys(others).map((name) => ({
    pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: 'UNKNOWN_FIELD',
    message: 'is not a field of a question',
  }));
  if (unknown.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, unknown);
  const whole = { item, kind, parameters: listed(parameters), fields: listed(wanted), purpose, legalBasis };
  return { region: region as string, query: whole as unknown as DataInput };
}

/** The rules say what is wrong with entries; what is no list at all has none. */
function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function demandAbsent(members: Readonly<Record<string, unknown>>): void {
  const problems = Object.entries(members).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [{ pointer: `/${name}`, code: 'CONFLICT', message: 'must be absent where qr is given' }],
  );
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
}

import { CodedError, type Problem, parseCertificateIdentifier } from '#proto';
import type { CertificateType, CertificateTypes, CertificateView, StatusWord } from '#trust';
import type { Sql } from '../store/store.ts';
import type { CertificateInput } from './issuable.ts';
import { library } from './library.ts';
import { nameKey, numberKey } from './library-holders.ts';
import { listCertificates } from './library-list.ts';
import type { CertificateStatus } from './standing.ts';

/** What a new version takes over from the certificate that it replaces (换证). */
export interface Succession {
  /** 流水号, the same. */
  readonly serial: string;
  /** 版本号, the next. */
  readonly version: string;
  /** 证照编号, the same. */
  readonly number: string;
}

/** A certificate that is still good, or may become so: another with its number would contradict it. */
const STANDING: ReadonlySet<CertificateStatus> = new Set(['valid', 'suspended', 'not-yet-valid']);
/** An identifier has room for so many versions: no number has more certificates. */
const VERSIONS = 999;

/**
 * Demands that no certificate of ours in force has the number of a new one (一证一号): a department's system that sends
 * the same again under another key must not mint a second one. Authorities count by themselves.
 *
 * @throws CodedError CERTIFICATE_EXISTS, naming the one that is there
 */
export async function demandNumberFree(
  sql: Sql,
  {
    typeCode,
    number,
    region: issuer,
    authority,
  }: Pick<CertificateView, 'typeCode' | 'number' | 'region' | 'authority'>,
  now: number,
): Promise<void> {
  const known = await listCertificates(sql, { typeCode, number, issuer, limit: VERSIONS }, now);
  const present = known.find((record) => {
    return STANDING.has(record.status) && record.certificate.authority.code === authority.code;
  });
  if (present === undefined) return;
  throw new CodedError(
    'CERTIFICATE_EXISTS',
    `certificate ${present.identifier} of this type and number is in force; name it in "replaces" to issue its next version`,
  );
}

/**
 * Finds what a certificate takes over from the one that it replaces: that one must be ours, in force or past its date,
 * of the same type or of one whose place the type took, and of the same holder, by name or by number.
 *
 * @throws CodedError VALIDATION_FAILED, CONFLICT
 */
export async function successionOf(
  sql: Sql,
  input: CertificateInput,
  replaces: string,
  { region, types, now }: { readonly region: string; readonly types: CertificateTypes; readonly now: number },
): Promise<Succession> {
  const replaced = await library.find(sql, replaces, region, now);
  if (!replaced) throw wrong('/replaces', 'NOT_IN_LIST', 'is not a certificate that this region issued');
  const { certificate } = replaced;
  const problems = [
    ...typeProblems(certificate, input, types),
    ...holderProblems(certificate, input),
    ...numberProblems(certificate, input),
  ];
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  demandReplaceable((await library.decided(sql, replaces, region)).status);
  const parsed = parseCertificateIdentifier(replaces);
  if (!parsed.ok) throw new TypeError('the library has a certificate whose identifier has no parts');
  const { serial, version } = parsed.value;
  if (Number(version) >= VERSIONS) throw new CodedError('CONFLICT', `version ${version} of a certificate is the last`);
  return { serial, version: String(Number(version) + 1).padStart(3, '0'), number: certificate.number };
}

/**
 * Demands that a certificate may be replaced. One that is suspended (暂停) may not: a new one would undo what was decided.
 *
 * @throws CodedError CONFLICT
 */
export function demandReplaceable(decided: StatusWord): void {
  if (decided !== 'valid')
    throw new CodedError(
      'CONFLICT',
      `a certificate that is ${decided} cannot be replaced, only one that is valid or past its date`,
    );
}

function typeProblems(
  { typeCode }: CertificateView,
  { typeName }: CertificateInput,
  types: CertificateTypes,
): Problem[] {
  return typeIssuedFor(typeCode, types)?.name === typeName
    ? []
    : [{ pointer: '/typeName', code: 'CONFLICT', message: 'is not the type of the certificate that it replaces' }];
}

/** The type that is issued now in the place of one, which may be that one itself. */
function typeIssuedFor(code: string, types: CertificateTypes): CertificateType | undefined {
  let type = types.get(code);
  while (type?.replacedBy !== undefined) type = types.get(type.replacedBy);
  return type;
}

/** A mistyped identifier must not end the certificate of a stranger. */
function holderProblems({ holder, otherHolders = [] }: CertificateView, input: CertificateInput): Problem[] {
  const isSame = [holder, ...otherHolders].some(
    ({ name, number }) =>
      (number !== undefined && numberKey(number) === numberKey(input.holder.number)) ||
      (name !== undefined && nameKey(name) === nameKey(input.holder.name)),
  );
  return isSame
    ? []
    : [
        {
          pointer: '/holder',
          code: 'CONFLICT',
          message: 'has neither name nor number of a holder of the replaced one',
        },
      ];
}

function numberProblems({ number }: CertificateView, input: CertificateInput): Problem[] {
  return input.number === undefined || input.number === number
    ? []
    : [
        {
          pointer: '/number',
          code: 'CONFLICT',
          message: 'must be absent, or the number of the certificate it replaces',
        },
      ];
}

function wrong(pointer: string, code: string, message: string): CodedError {
  return new CodedError('VALIDATION_FAILED', undefined, [{ pointer, code, message }]);
}

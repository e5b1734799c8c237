import { CodedError, mintCertificateIdentifier, type Problem, verifyCertificateIdentifier } from '#proto';
import {
  type CertificateContent,
  type CertificateHolder,
  type CertificateTypes,
  checkCertificateContent,
  typeNamed,
} from '#trust';

/** What a department says in order to have a certificate issued. Times in milliseconds. */
export interface CertificateInput {
  /** 证照类型名称: one of the types that the gateway knows. */
  readonly typeName: string;
  /** Code of the item that produced it (关联事项). */
  readonly item: string;
  /** Conversation of the case that produced it. */
  readonly conversation?: string | undefined;
  /** Number of that case (办件编号). */
  readonly caseNumber?: string | undefined;
  readonly holder: CertificateHolder;
  /** The other holders, of a certificate that has several. */
  readonly otherHolders?: readonly CertificateHolder[] | undefined;
  /** Public JWK whose holder can prove that the certificate is his. */
  readonly holderKey?: CertificateContent['holderKey'];
  /** 颁发机构: name and social credit code. */
  readonly authority: { readonly name: string; readonly code: string };
  /** 证照编号 as printed; the serial of the identifier when the department gives none. */
  readonly number?: string | undefined;
  readonly validFrom: number;
  /** Exclusive; undefined when it has no end (长期). */
  readonly validUntil?: number | undefined;
  /** Type-specific fields, by key. */
  readonly fields: CertificateContent['fields'];
  /** Identifier of the certificate of ours that this one replaces (换证): its number stays, its version counts on. */
  readonly replaces?: string | undefined;
  /** Who issues it, such as the subject of a token; stands with the end of what it replaces. */
  readonly by?: string | undefined;
}

/** What the gateway adds to an input. */
export interface Issuance {
  readonly region: string;
  readonly types: CertificateTypes;
  /** 流水号 of the identifier. */
  readonly serial: string;
  /** 版本号 of the identifier; 001 when absent. */
  readonly version?: string | undefined;
  /** 证照编号 when the department gives none; the serial when this is absent, too. */
  readonly number?: string | undefined;
  /** Milliseconds. */
  readonly issuedAt: number;
}

/** Version of a certificate that replaces none. */
const FIRST_VERSION = '001';
/** What the input does not name: wrong only because something else is. */
const DERIVED: readonly string[] = ['/identifier', '/typeCode'];

/**
 * Demands that a certificate could be issued, before a serial is spent on it.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong field of the input
 */
export function demandIssuable(input: CertificateInput, issuance: Issuance): void {
  const problems = [
    ...typeProblems(input, issuance.types),
    ...contentProblems(input, issuance),
    ...orderProblems(input),
    ...replacedProblems(input),
  ];
  const once = problems.filter(
    (problem, index) => problems.findIndex(({ pointer }) => pointer === problem.pointer) === index,
  );
  if (once.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, once);
}

/** The content of the certificate, with its identifier (电子证照标识, GB/T 36904). */
export function contentOf(input: CertificateInput, issuance: Issuance): CertificateContent {
  const { region, types, serial, version = FIRST_VERSION, number = serial, issuedAt } = issuance;
  const type = typeNamed(types, input.typeName);
  const typeCode = type?.code ?? '';
  const minted = mintCertificateIdentifier({ typeCode, issuerCode: input.authority.code, serial, version });
  return {
    identifier: minted.ok ? minted.value : '',
    typeCode,
    number: input.number ?? number,
    name: input.typeName,
    region,
    authority: input.authority,
    holder: input.holder,
    otherHolders: input.otherHolders,
    holderKey: input.holderKey,
    validFrom: input.validFrom,
    validUntil: input.validUntil,
    issuedAt,
    item: input.item,
    caseNumber: input.caseNumber,
    fields: input.fields,
  };
}

function typeProblems({ typeName }: CertificateInput, types: CertificateTypes): Problem[] {
  if (typeNamed(types, typeName)) return [];
  const issued = [...types.values()].filter(({ replacedBy }) => replacedBy === undefined);
  const names = issued.map(({ name }) => name).join(', ');
  return [{ pointer: '/typeName', code: 'NOT_IN_LIST', message: `must be one of: ${names}` }];
}

function contentProblems(input: CertificateInput, issuance: Issuance): Problem[] {
  try {
    checkCertificateContent(contentOf(input, issuance), issuance.types);
    return [];
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return error.problems.flatMap((problem) => {
      if (DERIVED.includes(problem.pointer)) return [];
      // The name of the certificate is that of its type.
      return problem.pointer === '/name' ? [{ ...problem, pointer: '/typeName' }] : [problem];
    });
  }
}

function orderProblems({ validFrom, validUntil }: CertificateInput): Problem[] {
  return validUntil !== undefined && validUntil <= validFrom
    ? [{ pointer: '/validUntil', code: 'RANGE', message: 'must be later than validFrom' }]
    : [];
}

function replacedProblems({ replaces }: CertificateInput): Problem[] {
  if (replaces === undefined) return [];
  const checked = typeof replaces === 'string' ? verifyCertificateIdentifier(replaces) : undefined;
  if (checked?.ok) return [];
  return [{ pointer: '/replaces', code: 'IDENTIFIER', message: checked?.reason ?? 'must be text' }];
}

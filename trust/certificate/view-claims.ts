import type { JWK } from 'jose';
import { VerificationError } from '../errors.ts';
import { readChinaTime } from './china-time.ts';
import { documentTypeOf } from './claim-names.ts';
import { holderKeyOf } from './sd-jwt/holder-key.ts';
import type { Claims } from './sd-jwt/text.ts';
import type { StatusReference } from './status/status-reference.ts';
import type { CertificateView, ShownHolder, ShownStamp } from './view.ts';

interface HolderClaims {
  readonly certificate_holder_type: string;
  readonly certificate_holder_name?: string;
  readonly certificate_holder_code?: string;
}

interface StampClaims {
  readonly certificate_copy_of: string;
  readonly certificate_copy_creation_time: string;
  readonly certificate_copy_creator: string;
  readonly certificate_copy_cause: string;
  readonly certificate_copy_expiring_time: string;
}

/** The claims that are shown, once all rules hold. */
interface CheckedClaims extends HolderClaims, Partial<StampClaims> {
  readonly iat: number;
  readonly nbf: number;
  readonly exp?: number;
  readonly certificate_identifier: string;
  readonly certificate_type_name: string;
  readonly certificate_define_authority_name?: string;
  readonly certificate_number: string;
  readonly certificate_name: string;
  readonly certificate_issuing_authority_name: string;
  readonly certificate_issuing_authority_code: string;
  readonly certificate_issuing_authority_date: string;
  readonly certificate_other_holders?: readonly HolderClaims[];
  readonly related_item_code: string;
  readonly related_case_number?: string;
  readonly cnf?: { readonly jwk: JWK };
  readonly status?: { readonly status_list: StatusReference };
}

/**
 * What checked claims show.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED for a kind of document that is not known, or a `cnf` that is no key
 */
export function viewOf(
  claims: Claims,
  { region, typeCode, version, fields }: Pick<CertificateView, 'region' | 'typeCode' | 'version' | 'fields'>,
): CertificateView {
  const checked = claims as unknown as CheckedClaims;
  const { exp, certificate_define_authority_name: definer, related_case_number: caseNumber } = checked;
  return {
    identifier: checked.certificate_identifier,
    typeCode,
    typeName: checked.certificate_type_name,
    version,
    definedBy: { code: typeCode.slice(0, 18), ...(definer !== undefined && { name: definer }) },
    number: checked.certificate_number,
    name: checked.certificate_name,
    region,
    authority: {
      name: checked.certificate_issuing_authority_name,
      code: checked.certificate_issuing_authority_code,
    },
    holder: holderOf(checked),
    ...(checked.certificate_other_holders && { otherHolders: checked.certificate_other_holders.map(holderOf) }),
    ...(holderKeyOf(claims) && { holderKey: checked.cnf!.jwk }),
    validFrom: checked.nbf * 1000,
    ...(exp !== undefined && { validUntil: exp * 1000 }),
    issuedOn: checked.certificate_issuing_authority_date,
    signedAt: checked.iat * 1000,
    item: checked.related_item_code,
    ...(caseNumber !== undefined && { caseNumber }),
    fields,
    ...(checked.status && { statusList: checked.status.status_list }),
    ...(checked.certificate_copy_of !== undefined && { stamp: stampOf(checked as Required<CheckedClaims>) }),
  };
}

function holderOf({
  certificate_holder_type: code,
  certificate_holder_name: name,
  certificate_holder_code: number,
}: HolderClaims): ShownHolder {
  const documentType = documentTypeOf(code) ?? unknownDocument();
  return { documentType, ...(name !== undefined && { name }), ...(number !== undefined && { number }) };
}

function stampOf(checked: StampClaims): ShownStamp {
  return {
    of: checked.certificate_copy_of,
    createdAt: readChinaTime(checked.certificate_copy_creation_time),
    creator: checked.certificate_copy_creator,
    cause: checked.certificate_copy_cause,
    expiresAt: readChinaTime(checked.certificate_copy_expiring_time),
  };
}

function unknownDocument(): never {
  throw new VerificationError('CERTIFICATE_MALFORMED', 'the kind of document of a holder is not known');
}

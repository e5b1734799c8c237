import { type CertificateView, fieldText } from '#trust';
import { chinaDate, lastDay } from './china-date.ts';

/** Characters that an answer carries of one field; a longer one must be read from the certificate, not cut. */
const MAX_ANSWERED = 4000;

/**
 * What a region can be told of a certificate, by the names of the certificate standards and the keys of its type:
 * the names that questions and allow-lists use.
 */
export function answerable(certificate: CertificateView): ReadonlyMap<string, string> {
  const { authority, holder } = certificate;
  const named: [string, string | undefined][] = [
    ['certificate_identifier', certificate.identifier],
    ['certificate_number', certificate.number],
    ['certificate_name', certificate.name],
    ['certificate_type_name', certificate.typeName],
    ['certificate_issuing_authority_name', authority.name],
    ['certificate_issuing_authority_code', authority.code],
    ['certificate_issuing_authority_date', certificate.issuedOn],
    ['certificate_validate_start', chinaDate(certificate.validFrom)],
    ['certificate_validate_end', lastDay(certificate.validUntil)],
    ['certificate_holder_name', holder.name],
    ['certificate_holder_code', holder.number],
    ['related_item_code', certificate.item],
    ['related_case_number', certificate.caseNumber],
    ...Object.entries(certificate.fields).map(([name, value]): [string, string] => [name, fieldText(value)]),
  ];
  return new Map(
    named.filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1].length <= MAX_ANSWERED),
  );
}

import { CodedError } from '#proto';
import type { CaseContext } from './case-context.ts';
import type { CaseFile } from './case-file.ts';
import type { CertificateWish, SignedCertificate } from './neighbours.ts';

/**
 * Signs the certificate that an act of issuing wishes for, under the item's version that the case began under.
 *
 * @throws CodedError ITEM_UNKNOWN, and those of the certificates
 */
export async function certificateFor(
  file: CaseFile,
  input: object,
  { neighbours, region, store }: Pick<CaseContext, 'neighbours' | 'region' | 'store'>,
): Promise<SignedCertificate> {
  const { authority, validFrom, validUntil, number, fields, replaces } = input as Omit<CertificateWish, 'holder'>;
  const { applicant } = file.document;
  const item = await neighbours.itemOf(store.read, region, file.item, file.document.itemDigest);
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  return neighbours.signCertificate({
    typeName: item.result,
    item: file.item,
    conversation: file.conversation,
    caseNumber: file.number,
    holder: { name: applicant.name, documentType: applicant.documentType, number: applicant.documentNumber },
    authority,
    fields,
    ...(number === undefined ? {} : { number }),
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validUntil === undefined ? {} : { validUntil }),
    ...(replaces === undefined ? {} : { replaces }),
  });
}

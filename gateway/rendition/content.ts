import type { IdentityDocumentType } from '#proto';
import { type CertificateTypes, type CertificateView, shownFields } from '#trust';
import { chinaDate } from '../certificate/china-date.ts';

const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;

/** One line of the table that a certificate prints as. */
export interface Row {
  readonly label: string;
  readonly text: string;
}

/** Names of identity documents (证件名称). */
export const DOCUMENT_NAMES: Readonly<Record<IdentityDocumentType, string>> = {
  'citizen-number': '居民身份证',
  passport: '护照',
  'hongkong-macao-permit': '港澳居民来往内地通行证',
  'taiwan-permit': '台湾居民来往大陆通行证',
  'foreign-permanent-residence': '外国人永久居留身份证',
  'social-credit-code': '统一社会信用代码',
};

/** What a certificate prints as (照面信息): who holds it, the fields of its type in their order, who issued it and when. */
export function rowsOf(certificate: CertificateView, types: CertificateTypes): Row[] {
  const { holder, otherHolders = [], fields, typeCode, authority, identifier, caseNumber, stamp } = certificate;
  return [
    row('证照编号', certificate.number),
    ...[holder, ...otherHolders].flatMap(({ name, number, documentType }) => [
      row('持证主体', name),
      row(DOCUMENT_NAMES[documentType], number),
    ]),
    ...shownFields(fields, types.get(typeCode)).map(({ label, text }) => row(label.zh, text)),
    row('颁发机构', authority.name),
    row('颁发机构代码', authority.code),
    row('颁发日期', chineseDate(certificate.issuedOn)),
    row('有效期', validityOf(certificate)),
    row('办件编号', caseNumber),
    row('加注件生成机构', stamp?.creator),
    row('加注事由', stamp?.cause),
    row('电子证照标识', identifier),
  ].filter((shown) => shown !== undefined);
}

const FACE: Readonly<Record<string, string>> = {
  certificate_holder_name: '持证主体',
  certificate_holder_code: '证件号码',
  certificate_other_holders: '其他持证主体',
};

/** Labels of what stands on the face of a certificate, by the names that presentations use. */
export function labelsOf(names: readonly string[], { typeCode }: CertificateView, types: CertificateTypes): string[] {
  const rules = types.get(typeCode)?.claims ?? [];
  return names.map((name) => FACE[name] ?? rules.find(({ path }) => path[0] === name)?.label.zh ?? name);
}

/** `2026年11月20日至2031年11月19日`: the last day counts. */
function validityOf({ validFrom, validUntil }: CertificateView): string {
  return `${chineseDate(chinaDate(validFrom))}至${lastDay(validUntil)}`;
}

/** Last day of validity in words: `2031年11月19日`, or `长期`. */
export function lastDay(validUntil: number | undefined): string {
  return validUntil === undefined ? '长期' : chineseDate(chinaDate(validUntil - 1));
}

/** Until when a stamped copy serves: its last day, or the minute of an end within a day. @param end exclusive */
export function endOf(end: number): string {
  const time = new Date(end + CHINA_OFFSET_MS).toISOString().slice(11, 23);
  return time === '00:00:00.000' ? lastDay(end) : `${chineseDate(chinaDate(end))} ${time.slice(0, 5)}`;
}

/** @param date `YYYY-MM-DD` */
export function chineseDate(date: string): string {
  const [year, month, day] = date.split('-').map(Number);
  return `${year}年${month}月${day}日`;
}

function row(label: string, text: string | undefined): Row | undefined {
  return text === undefined ? undefined : { label, text };
}

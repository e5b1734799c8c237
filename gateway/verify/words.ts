import { type IdentityDocumentType, regionFullName } from '#proto';
import { chinaDate } from '../certificate/china-date.ts';
import type { CertificateStatus } from '../certificate/standing.ts';
import type { Words } from './verdict.ts';

const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** How a certificate stands, in a word; `unknown` when its issuer has none like it. */
export const STATUS_WORDS: Readonly<Record<CertificateStatus | 'unknown', Words>> = {
  valid: { zh: '有效', en: 'Valid' },
  expired: { zh: '已过期', en: 'Expired' },
  'not-yet-valid': { zh: '尚未生效', en: 'Not yet valid' },
  suspended: { zh: '已暂停', en: 'Suspended' },
  cancelled: { zh: '已注销', en: 'Cancelled' },
  revoked: { zh: '已撤销', en: 'Revoked' },
  withdrawn: { zh: '已吊销', en: 'Withdrawn by penalty' },
  unknown: { zh: '查无此证照', en: 'No such certificate' },
};

/** The numbers by which holders go. */
export const DOCUMENT_WORDS: Readonly<Record<IdentityDocumentType, Words>> = {
  'citizen-number': { zh: '居民身份证', en: 'Citizen number' },
  passport: { zh: '护照', en: 'Passport' },
  'hongkong-macao-permit': { zh: '港澳居民来往内地通行证', en: 'Hong Kong and Macao permit' },
  'taiwan-permit': { zh: '台湾居民来往大陆通行证', en: 'Taiwan permit' },
  'foreign-permanent-residence': { zh: '外国人永久居留身份证', en: 'Permanent residence card' },
  'social-credit-code': { zh: '统一社会信用代码', en: 'Social credit code' },
};

/** `内蒙古自治区鄂尔多斯市乌审旗（150626）`. */
export function regionWords(region: string): string {
  const name = regionFullName(region);
  return name ? `${name}（${region}）` : region;
}

/** `2026-11-22 15:04`, in China. */
export function chinaMinute(ms: number): string {
  return new Date(ms + CHINA_OFFSET_MS).toISOString().slice(0, 16).replace('T', ' ');
}

/** The last day that counts, or the minute of an end within a day. @param end the first moment after it */
export function endWords(end: number): string {
  return (end + CHINA_OFFSET_MS) % DAY_MS === 0 ? chinaDate(end - 1) : chinaMinute(end);
}

/** `2026-11-20 至 2031-11-19`: the last day counts. */
export function validityWords(validFrom: number, validUntil: number | undefined): string {
  return `${chinaDate(validFrom)} 至 ${validUntil === undefined ? '长期' : chinaDate(validUntil - 1)}`;
}

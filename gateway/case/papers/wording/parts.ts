import { type IdentityDocumentType, regionFullName } from '#proto';
import { chinaDate } from '../../../certificate/china-date.ts';
import { chineseDate, DOCUMENT_NAMES } from '../../../rendition/content.ts';
import type { PaperFacts } from '../paper-facts.ts';
import type { Words } from '../paper-kinds.ts';

const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;

/** How the applicant is addressed. */
export function you({ applicant: { kind } }: PaperFacts): string {
  return kind === 'person' ? '你' : '你单位';
}

/** `内蒙古自治区鄂尔多斯市乌审旗` */
export function regionWords(region: string): string {
  return regionFullName(region) ?? region;
}

/** `居民身份证 3206**********1234` */
export function documentWords({ applicant: { documentType, documentNumber } }: PaperFacts): string {
  return `${DOCUMENT_NAMES[documentType as IdentityDocumentType] ?? documentType} ${documentNumber}`;
}

/** `2026年11月24日`, and as English has it. */
export function day(ms: number): Words {
  const date = chinaDate(ms);
  return { zh: chineseDate(date), en: date };
}

/** `2026年11月24日17:00`, and as English has it. */
export function moment(ms: number): Words {
  const { zh, en } = day(ms);
  const time = new Date(ms + CHINA_OFFSET_MS).toISOString().slice(11, 16);
  return { zh: `${zh}${time}`, en: `${en} ${time}` };
}

/** Lines that name the case (办件编号); a case that one region has for itself has one number. */
export function caseNumbers({ mode, receivingNumber, handlingNumber }: PaperFacts): string[] {
  if (mode === 'direct') return [`办件编号：${receivingNumber}`];
  const both = [
    [receivingNumber, '收件地办件编号'],
    [handlingNumber, '办理地办件编号'],
  ];
  return both.flatMap(([number, name]) => (number === '' ? [] : [`${name}：${number}`]));
}

/** `南通市政务服务中心跨域通办窗口1` */
export function desk({ handler: { organisation, window } }: PaperFacts): string {
  return `${organisation}${window}`;
}

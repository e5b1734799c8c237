import { type Mode, regionName } from '#proto';
import type { Organisation } from '../grant.ts';
import { RIGHT_NAMES, type Right } from '../rights.ts';

/** What people read: Chinese first. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** Entries of a list that are written out; of the others only the number. */
const SHOWN = 20;

const MODE_NAMES: Readonly<Record<Mode, Words>> = {
  online: { zh: '全程网办', en: 'online' },
  agency: { zh: '异地代收代办', en: 'agency' },
  joint: { zh: '多地联办', en: 'joint' },
  direct: { zh: '直接通办', en: 'direct' },
};

const FIELD_NAMES: Readonly<Record<string, Words>> = {
  'applicant.name': { zh: '申请人姓名或名称', en: 'the name of the applicant' },
  'applicant.documentNumber': { zh: '申请人证件号码', en: 'the document number of the applicant' },
  'applicant.mobile': { zh: '申请人手机号', en: 'the mobile number of the applicant' },
  'applicant.address': { zh: '申请人地址', en: 'the address of the applicant' },
  'applicant.*': { zh: '申请人全部信息', en: 'everything about the applicant' },
  'form.*': { zh: '全部表单字段', en: 'every field of the form' },
  'certificate.*': { zh: '全部证照字段', en: 'every field of certificates' },
  'data.*': { zh: '全部共享数据字段', en: 'every field of shared data' },
};

const GROUPS: Readonly<Record<string, Words>> = {
  form: { zh: '表单字段', en: 'the form field' },
  certificate: { zh: '证照字段', en: 'the certificate field' },
  data: { zh: '共享数据字段', en: 'the field of shared data' },
};

export function regionWords(code: string): string {
  return `${regionName(code) ?? ''}(${code})`;
}

export function rightWords(rights: readonly Right[]): Words {
  const both = rights.map((right) => [right, ...RIGHT_NAMES[right].split(', ')] as const);
  return {
    zh: both.map(([right, zh]) => `${right} ${zh}`).join('、'),
    en: both.map(([right, , en]) => `${right} ${en}`).join(', '),
  };
}

export function modeWords(mode: Mode): Words {
  return MODE_NAMES[mode];
}

/** A path of the allow-list in words. */
export function fieldWords(path: string): Words {
  const known = FIELD_NAMES[path];
  if (known) return known;
  const dot = path.indexOf('.');
  const [group, name] = [GROUPS[path.slice(0, dot)]!, path.slice(dot + 1)];
  return { zh: `${group.zh}“${name}”`, en: `${group.en} “${name}”` };
}

export function organisationWords({ name, code, seal }: Organisation): string {
  return `${name}(${code}${seal === undefined ? '' : `,印章 seal ${seal}`})`;
}

/** A list of a bounded length, with the number of its entries. */
export function counted(entries: readonly string[]): Words {
  const shown = entries.slice(0, SHOWN);
  const more = entries.length - shown.length;
  return {
    zh: `共 ${entries.length} 项:${shown.join('、')}${more > 0 ? ` 等,另有 ${more} 项` : ''}`,
    en: `${entries.length} in all: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
  };
}

/** Several words as one list. */
export function joined(words: readonly Words[]): Words {
  return { zh: words.map(({ zh }) => zh).join('、'), en: words.map(({ en }) => en).join(', ') };
}

import { regionFullName } from '#proto';
import { chinaDate } from '../../certificate/china-date.ts';
import { chineseDate } from '../content.ts';

/** What stands on a copy. */
export interface CopyWords {
  /** Title of the document. */
  readonly title: string;
  /** Lines of the mark across the pages, the Chinese ones first. */
  readonly mark: readonly string[];
  /** Lines at the foot of every page. */
  readonly foot: readonly string[];
  /** One more of them, for a file that carries a seal or a signature of its own. */
  readonly sealed: string;
}

/** What is known of a material of which a copy is made. */
export interface CopyFacts {
  readonly name: string;
  /** SHA-256, hex. */
  readonly digest: string;
  /** Trust grade A, B, C or D (可信等级). */
  readonly grade: string;
  /** Region that took it in and says what grade it has. */
  readonly from: string;
  /** Who compared it with the original, and when in milliseconds; for grade B. */
  readonly checked: { readonly organisation: string; readonly at: number } | undefined;
  /** Who sealed it, as far as its seals were verified when it came; for grade A. */
  readonly sealedBy: readonly string[];
  /** Name of the item (事项) and our number of the case (办件编号). */
  readonly item: string;
  readonly number: string;
  /** Milliseconds: the copy serves until the end of this day in China. */
  readonly validUntil: number;
}

/** What lies under a seal is the original and nothing else. */
const SEALED =
  '原件是带有电子印章或签名的文件，印章的效力只在原件上，此处仅为图样 / The original is the sealed file; a seal is valid there only and a picture here.';
const OWN = {
  zh: '申请人自行提供，未经核验',
  en: "the applicant's own, not verified",
} as const;

/**
 * Says who vouches for a material, for which purpose and until when (national guide of 2016 on trust grades). Only
 * grades A and B are vouched for; C and D are the applicant's own.
 */
export function copyWords(facts: CopyFacts): CopyWords {
  const { name, digest, grade, item, number, validUntil } = facts;
  const voucher = voucherOf(facts);
  const until = chinaDate(validUntil);
  return {
    title: `材料水印件 ${name}`,
    mark: [
      voucher.zh,
      `材料等级 ${grade} · 仅用于办理 ${item}`,
      `办件编号 ${number}`,
      `有效期至 ${until}`,
      `Grade ${grade}: ${voucher.en}`,
      `only for case ${number} · until ${until}`,
    ],
    foot: [
      `材料水印件，仅供阅读：${name}（材料等级 ${grade}，有效期至${chineseDate(until)}）`,
      `原件按原样保存 / Copy for reading; the original is kept as it was handed in. SHA-256 ${digest}`,
    ],
    sealed: SEALED,
  };
}

function voucherOf({ grade, from, checked, sealedBy }: CopyFacts): { readonly zh: string; readonly en: string } {
  if (grade === 'A') {
    const seals = sealedBy.join('、');
    if (seals) return { zh: `${seals} 签发（电子印章已核验）`, en: 'issued by the authority named, its seal verified' };
    const region = `${regionFullName(from) ?? ''}（${from}）`;
    return { zh: `${region}按机关签发材料提供`, en: `handed over as issued by an authority, says region ${from}` };
  }
  if (grade === 'B' && checked) {
    const { organisation, at } = checked;
    const on = chinaDate(at);
    return { zh: `${organisation} 于 ${on} 核验原件`, en: `compared with the original on ${on}` };
  }
  return OWN;
}

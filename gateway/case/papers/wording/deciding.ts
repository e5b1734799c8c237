import type { NamedLimit, PaperFacts } from '../paper-facts.ts';
import { type Block, column, type FormRow, paragraph, row } from './blocks.ts';
import { day, documentWords, moment, you } from './parts.ts';
import { missingTable } from './receiving.ts';

const LIMITS = {
  promised: ['承诺办结时限', 'Promised limit'],
  statutory: ['法定办结时限', 'Statutory limit'],
} as const;

/** 受理通知书: that it is accepted, why, and until when it is decided. */
export function acceptanceBlocks(facts: PaperFacts): Block[] {
  const { item, details, authority } = facts;
  const { limits = [], commitment, deemed } = details;
  const [whom, law] = [you(facts), '《中华人民共和国行政许可法》第三十二条'];
  const why = deemed
    ? ['受理期限届满未作出决定，按照该事项的规则视为受理', 'nothing was decided in time, so it counts as accepted']
    : commitment
      ? [
          '主要条件具备，尚缺的次要材料已由申请人书面承诺补齐，予以容缺受理',
          'the main conditions are met, and the applicant has committed himself to hand in the rest',
        ]
      : ['申请材料齐全、符合法定形式，决定予以受理', 'the materials are complete and in due form'];
  return [
    paragraph(
      `${whom}提出的“${item.name}”（事项编码${item.code}）申请，${deemed ? '' : '经审查，'}${why[0]}（${law}）。`,
      `Your application for "${item.name}" (item ${item.code}) is accepted by ${authority.name}: ${why[1]} (Administrative Licensing Law, Article 32).`,
    ),
    { kind: 'form', rows: limits.flatMap(limitRow) },
    paragraph(
      '补正材料以及依法需要听证、检验、检测、检疫、鉴定、勘验、专家评审等所需时间不计算在上述时限内。',
      'Time for supplements, hearings, tests, inspections and expert reviews does not count.',
    ),
    ...(commitment ? [paragraph('容缺材料及补齐期限：', 'To be handed in later:'), promisedTable(commitment)] : []),
  ];
}

function limitRow({ name, days = 0, dueAt }: NamedLimit): FormRow[] {
  if (name !== 'promised' && name !== 'statutory') return [];
  const [zh, en] = LIMITS[name];
  const until = dueAt === undefined ? undefined : day(dueAt);
  const [length, lengthEn] = days === 0 ? ['当日办结', 'the same day'] : [`${days}个工作日`, `${days} working days`];
  return [
    row(zh, en, until ? `${length}，至${until.zh}` : length, until ? `${lengthEn}, until ${until.en}` : lengthEn),
  ];
}

type Commitment = NonNullable<PaperFacts['details']['commitment']>;

function promisedTable({ materials }: Commitment): Block {
  return {
    kind: 'table',
    columns: [column('序号', 'No.', 1), column('材料', 'Material', 5), column('补齐期限', 'Due', 3)],
    rows: materials.map(({ material, dueAt }, index) => [String(index + 1), material, moment(dueAt).zh]),
  };
}

/** 容缺受理承诺书: what the applicant signed that he will hand in. */
export function commitmentBlocks(facts: PaperFacts): Block[] {
  const { item, applicant, details } = facts;
  const commitment = details.commitment!;
  const { text, signedAt, document } = commitment;
  const at = moment(signedAt);
  return [
    paragraph(
      `承诺人申请办理“${item.name}”（事项编码${item.code}），主要条件具备，下列材料暂未提交，现承诺按期补齐：`,
      `The applicant for "${item.name}" (item ${item.code}) commits himself to hand in the following:`,
    ),
    promisedTable(commitment),
    ...text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line, index) => paragraph(line, index === 0 ? "In the applicant's own words, in Chinese." : '')),
    {
      kind: 'form',
      rows: [
        row('承诺人', 'Applicant', applicant.name),
        row('证件', 'Document', documentWords(facts)),
        row('签署时间', 'Signed at', at.zh, at.en),
        ...(document === '' ? [] : [row('签署件摘要', 'SHA-256 of what he signed', document)]),
      ],
    },
  ];
}

/** 不予受理通知书: why, on what basis, and what can be done against it. */
export function refusalBlocks(facts: PaperFacts): Block[] {
  const { item, details, authority } = facts;
  const { reason = '', legalBasis = '' } = details;
  const whom = you(facts);
  return [
    paragraph(
      `${whom}提出的“${item.name}”（事项编码${item.code}）申请，经审查，决定不予受理。`,
      `Your application for "${item.name}" (item ${item.code}) is not accepted by ${authority.name}.`,
    ),
    paragraph(`理由：${reason}`, 'Reason: as above, in Chinese.'),
    paragraph(`依据：${legalBasis}`, 'Legal basis: as above, in Chinese.'),
    paragraph(
      `${whom}如不服本决定，可以自收到本通知书之日起六十日内依法申请行政复议（《中华人民共和国行政复议法》第二十条），或者六个月内依法向人民法院提起行政诉讼（《中华人民共和国行政诉讼法》第四十六条）。`,
      "If you do not agree, you may apply for administrative reconsideration within 60 days after receiving this notice (Administrative Reconsideration Law, Article 20), or bring an administrative action before the people's court within six months (Administrative Litigation Law, Article 46).",
    ),
  ];
}

/** 材料补正通知书: content, deadline and way (内容、期限、方式). */
export function supplementBlocks(facts: PaperFacts): Block[] {
  const { item, details } = facts;
  const { deadline, way = '' } = details;
  const whom = you(facts);
  const until = deadline === undefined ? { zh: '', en: '' } : moment(deadline);
  return [
    paragraph(
      `${whom}提出的“${item.name}”（事项编码${item.code}）申请，经审查，需要补正下列材料：`,
      `For your application for "${item.name}" (item ${item.code}) the following is to be supplemented:`,
    ),
    missingTable(facts),
    {
      kind: 'form',
      rows: [row('补正期限', 'Deadline', until.zh, until.en), row('补正方式', 'Way', way)],
    },
    paragraph(
      '等待补正的时间不计算在办理时限内。以上为需要补正的全部内容。',
      'The time until then does not count. This is everything that is to be supplemented.',
    ),
  ];
}

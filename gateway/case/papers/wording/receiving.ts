import type { PaperFacts } from '../paper-facts.ts';
import { type Block, column, paragraph } from './blocks.ts';
import { day, desk, moment, regionWords, you } from './parts.ts';

/** How far a file may be relied on (可信等级). */
const GRADES: Readonly<Record<string, string>> = {
  A: '部门出具',
  B: '已核对原件',
  C: '上传件',
  D: '本人声明',
};

/** 收件通知书: what was taken in, and what happens next. */
export function receiptBlocks(facts: PaperFacts): Block[] {
  const { item, at, details, handling, mode, queryCode } = facts;
  const { materials = [], limits = [] } = details;
  const [on, whom] = [day(at), you(facts)];
  const count = materials.length;
  const list = count > 0 ? `共${count}件，清单如下：` : '本事项无需另交材料。';
  const table: Block = {
    kind: 'table',
    columns: [column('序号', 'No.', 1), column('材料名称', 'Material', 6), column('核验情况', 'Verified as', 2)],
    rows: materials.map(({ name, grade }, index) => [String(index + 1), name, GRADES[grade] ?? grade]),
  };
  const acceptance = limits.find(({ name }) => name === 'acceptance');
  const handOver = limits.find(({ name }) => name === 'hand-over')?.dueAt;
  const [by, until] = [handOver === undefined ? undefined : moment(handOver), acceptance?.dueAt];
  const next =
    mode === 'direct'
      ? paragraph(
          `本机关自收件之日起${acceptance?.days}个工作日内（${until === undefined ? '' : `至${day(until).zh}`}）决定是否受理，并书面告知${whom}。`,
          `Whether it is accepted is decided within ${acceptance?.days} working days${until === undefined ? '' : `, by ${day(until).en}`}, in writing.`,
        )
      : paragraph(
          `上述申请将${by ? `于${by.zh}前` : ''}移交${regionWords(handling)}。是否受理自移交之日起${acceptance?.days}个工作日内决定，并书面告知${whom}。`,
          `The application is handed to region ${handling}${by ? ` by ${by.en}` : ''}. Whether it is accepted is decided within ${acceptance?.days} working days after that, in writing.`,
        );
  return [
    paragraph(
      `${whom}于${on.zh}在${desk(facts)}提交的“${item.name}”（事项编码${item.code}）申请及材料已收到。${list}`,
      `Your application for "${item.name}" (item ${item.code}) of ${on.en} and its materials were received.${count > 0 ? ` Materials: ${count}.` : ' No materials are required.'}`,
    ),
    ...(count > 0 ? [table] : []),
    next,
    paragraph(
      `收件不等于受理。本窗口为首问负责窗口。${queryCode === '' ? '' : `凭查询码${queryCode}可以查询办理进度。`}`,
      `Receipt is not acceptance. The window that took it in stays responsible.${queryCode === '' ? '' : ` Query code for progress: ${queryCode}.`}`,
    ),
  ];
}

/** 一次性告知书: everything that is missing, at once. */
export function oneTimeBlocks(facts: PaperFacts): Block[] {
  const { item, at } = facts;
  const [on, whom] = [day(at), you(facts)];
  return [
    paragraph(
      `${whom}于${on.zh}在${desk(facts)}提出“${item.name}”（事项编码${item.code}）申请。经形式审查，申请材料不齐全或者不符合法定形式。根据《中华人民共和国行政许可法》第三十二条第一款第四项，现将需要补正的全部内容一次性告知如下：`,
      `On ${on.en} you applied for "${item.name}" (item ${item.code}). The formal review found the materials incomplete. Everything that is missing is named here at once (Administrative Licensing Law, Article 32):`,
    ),
    missingTable(facts),
    paragraph(
      `请备齐后再次提交。本告知书可以列明而未列明的内容，不再要求${whom}补正。`,
      'Please apply again once you have them. What this notice could have named and does not is not asked for later.',
    ),
  ];
}

/** What is missing, with reasons and legal basis. */
export function missingTable({ details: { items = [] } }: PaperFacts): Block {
  return {
    kind: 'table',
    columns: [
      column('序号', 'No.', 1.2),
      column('材料', 'Material', 4),
      column('原因', 'Reason', 4),
      column('依据', 'Legal basis', 3.4),
    ],
    rows: items.map(({ material, reason, legalBasis }, index) => [String(index + 1), material, reason, legalBasis]),
  };
}

import type { PaperFacts } from '../paper-facts.ts';
import { type Block, note, row } from './blocks.ts';
import { documentWords, moment } from './parts.ts';

const WAYS = {
  window: ['窗口领取', 'at the window'],
  post: ['邮寄送达', 'by post'],
  online: ['电子送达', 'online'],
  locker: ['自助文件柜领取', 'self-service locker'],
} as const;

/** 送达回证: what was handed to whom, when and how; the last lines are filled in by hand. */
export function deliveryBlocks(facts: PaperFacts): Block[] {
  const { item, applicant, handler, details, at } = facts;
  const { what, name, identifier, way } = details.served!;
  const on = moment(at);
  const [wayZh, wayEn] = WAYS[way];
  const [served, servedEn] = what === 'certificate' ? [name, name] : ['不予许可决定', 'Decision not to grant'];
  return [
    {
      kind: 'form',
      rows: [
        row('受送达人', 'Served on', applicant.name),
        row('证件', 'Document', documentWords(facts)),
        row('办理事项', 'Item', `${item.name}（${item.code}）`),
        row('送达文书', 'What was served', served, servedEn),
        ...(identifier === '' ? [] : [row('电子证照标识', 'Certificate identifier', identifier)]),
        row('送达方式', 'Way', wayZh, wayEn),
        row('送达时间', 'Time', on.zh, on.en),
        row('送达单位', 'Served by', `${handler.organisation}${handler.window}`),
        row('送达人工号', 'Staff number', handler.staff),
        row('受送达人签名', 'Signature of the person served', ''),
        row('代收人签名及关系', 'Signature of an agent, and relation', ''),
        row('签收日期', 'Date of signature', ''),
        row('备注', 'Remarks', ''),
      ],
    },
    note(
      '电子送达、邮寄送达的，以系统记录或者邮件签收记录为准，可不签名。',
      'Served online or by post, the record of the system or of the post stands for a signature.',
    ),
  ];
}

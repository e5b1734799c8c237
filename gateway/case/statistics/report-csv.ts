import { dayOf, dayText, momentOf } from '../../calendar/china-day.ts';
import { SPECIAL_KINDS, type SpecialKind } from '../case-input.ts';
import { STATES } from '../transitions.ts';
import type { CaseFacts } from './case-facts.ts';
import type { Tally } from './tally.ts';

type Cell = string | number | undefined;
type Columns<T> = readonly (readonly [head: string, cell: (row: T) => Cell])[];

const SPECIAL_WORDS: Readonly<Record<SpecialKind, string>> = {
  'joint-review': '联合评审',
  'site-inspection': '现场勘验',
  'acceptance-test': '验收',
  hearing: '听证',
  'expert-review': '专家评审',
};

/** Columns of a ledger (台账). */
export const LEDGER_COLUMNS: Columns<CaseFacts> = [
  ['办件编号', ({ number }) => number],
  ['对方办件编号', ({ peerNumber }) => peerNumber],
  ['角色', ({ role }) => (role === 'receiving' ? '收件地' : '办理地')],
  ['对方地区', ({ peer }) => peer],
  ['事项', ({ item }) => item],
  ['通办模式', ({ mode }) => mode],
  ['状态', ({ state }) => STATES[state].zh],
  ['开案', ({ createdAt }) => minute(createdAt)],
  ['转办', ({ transferredAt }) => minute(transferredAt)],
  ['受理', ({ acceptedAt }) => minute(acceptedAt)],
  ['决定', ({ decidedAt }) => minute(decidedAt)],
  ['送达', ({ deliveredAt }) => minute(deliveredAt)],
  ['办理工作日', ({ handlingDays }) => handlingDays],
  ['逾期', ({ late }) => late.join(' ')],
  ['补正次数', ({ supplements }) => supplements],
  ['特别程序', ({ special }) => special.map(({ kind }) => kind).join(' ')],
  ['特别程序停止计时工作日', ({ special }) => special.reduce((sum, { daysStopped }) => sum + daysStopped, 0)],
  ['违反一次性告知', ({ repeatedNotices }) => repeatedNotices],
  ['评价', ({ rating }) => rating],
  ['投诉', ({ complaints }) => complaints],
];

/** Columns of statistics (统计表). */
export const STATISTICS_COLUMNS: Columns<Tally> = [
  ['角色', ({ role }) => (role === 'receiving' ? '收件地' : '办理地')],
  ['对方地区', ({ peer }) => peer],
  ['事项', ({ item }) => item],
  ['通办模式', ({ mode }) => mode],
  ['办件数', ({ cases }) => cases],
  ['已决定', ({ decided }) => decided],
  ['已送达', ({ delivered }) => delivered],
  ['未决定即结束', ({ endedEarly }) => endedEarly],
  ['按时办结率', ({ onTimeRate }) => onTimeRate],
  ['办理工作日中位数', ({ medianDays }) => medianDays],
  ['办理工作日最长', ({ worstDays }) => worstDays],
  ['有逾期的办件', ({ late }) => late],
  ['补正次数', ({ supplements }) => supplements],
  ...specialColumns(),
  ['违反一次性告知', ({ repeatedNotices }) => repeatedNotices],
  ['已评价', ({ rated }) => rated],
  ['平均评价', ({ averageRating }) => averageRating],
  ['差评', ({ badRatings }) => badRatings],
  ['差评未回应', ({ badUnanswered }) => badUnanswered],
  ['投诉', ({ complaints }) => complaints],
];

/** P7a: of each kind of special procedure how many, and for how many working days the limit stood still. */
function specialColumns(): Columns<Tally> {
  return SPECIAL_KINDS.flatMap(
    (kind): Columns<Tally> => [
      [`${SPECIAL_WORDS[kind]}次数`, ({ special }) => special[kind].count],
      [`${SPECIAL_WORDS[kind]}停止计时工作日`, ({ special }) => special[kind].daysStopped],
    ],
  );
}

/** Spreadsheets of the region open it as UTF-8 only with the mark. */
const BYTE_ORDER_MARK = '\uFEFF';

/** The first line of a table (RFC 4180). */
export function csvHead<T>(columns: Columns<T>): string {
  return BYTE_ORDER_MARK + line(columns.map(([head]) => head));
}

export function csvLine<T>(columns: Columns<T>, row: T): string {
  return line(columns.map(([, cell]) => cell(row)));
}

function line(cells: readonly Cell[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

/** A text that a spreadsheet would take for a formula is made a text. */
function quoted(cell: Cell): string {
  if (cell === undefined) return '';
  const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As in `2026-12-01 09:30`, in China. */
function minute(at: number | undefined): string {
  if (at === undefined) return '';
  const day = dayOf(at);
  const minutes = Math.floor((at - momentOf(day)) / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${dayText(day)} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

import type { CaseView } from './case-text.ts';
import { chinaTime, pairs, shortType, table } from './format.ts';

export interface CaseEvent {
  readonly n: number;
  readonly event: string;
  readonly actor: string;
  /** Milliseconds. */
  readonly at: number;
  readonly state: string;
  /** Id of the envelope that carried it; empty or null when none did. */
  readonly envelope: string | null;
}

export interface EnvelopeState {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly state: string;
  readonly code: string;
  readonly sentAt: number;
  readonly settledAt: number | null;
}

/** A time during which one region held a case. */
export interface Holding {
  readonly region: string;
  readonly state: string;
  /** Milliseconds. */
  readonly from: number;
  readonly until?: number;
  readonly workingDays: number;
  readonly overdue: readonly string[];
}

/** Something that somebody did with a case. */
export interface Deed {
  readonly n: number;
  readonly event: string;
  readonly region: string;
  /** Milliseconds. */
  readonly at: number;
  readonly handler: { readonly organisation: string; readonly window?: string; readonly staff: string };
}

/** The way of a case: who did what, in which envelope, and what the other side answered. */
export function traceText(
  { number, conversation, peer }: Pick<CaseView, 'number' | 'conversation' | 'peer'>,
  events: readonly CaseEvent[],
  envelopes: readonly EnvelopeState[],
): string {
  const byId = new Map(envelopes.map((envelope) => [envelope.id, envelope]));
  const rows = events.map(({ n, at, event, actor, state, envelope }) => {
    const carried = envelope ? byId.get(envelope) : undefined;
    const type = carried ? `${shortType(carried.type)} #${carried.sequence}` : envelope && '收到 received';
    return [n, chinaTime(at), event, actor, state, type, carried?.state, carried?.code, chinaTime(carried?.settledAt)];
  });
  const headers = [
    '序 N',
    '时间 Time',
    '事件 Event',
    '办理方 Actor',
    '状态 State',
    '报文 Envelope',
    '回执 Receipt',
    '代码 Code',
  ];
  const facts = pairs([
    ['办件编号 Number', number],
    ['会话 Conversation', conversation],
    ['对端 Peer', peer],
  ]);
  return `${facts}\n${table([...headers, '回执时间 Settled'], rows, '尚无事件 / nothing has happened yet')}`;
}

/** 责任追溯: who held the case when, and who was late. */
export function holdingText(holdings: readonly Holding[]): string {
  const rows = holdings.map(({ region, state, from, until, workingDays, overdue }) => [
    region,
    state,
    chinaTime(from),
    until === undefined ? '经办中 still' : chinaTime(until),
    workingDays,
    overdue.join(', '),
  ]);
  const headers = ['经办 Holder', '状态 State', '起 From', '止 Until', '工作日 Working days', '逾期 Overdue'];
  return table(headers, rows, '尚无经办 / nobody has held it yet');
}

/** 责任追溯: who did what, at which window of which organisation. */
export function deedText(deeds: readonly Deed[]): string {
  const rows = deeds.map(({ n, at, event, region, handler: { organisation, window, staff } }) => {
    return [n, chinaTime(at), event, region, organisation, window, staff];
  });
  const headers = ['序 N', '时间 Time', '事件 Event', '地区 Region', '单位 Organisation', '窗口 Window', '工号 Staff'];
  return table(headers, rows, '尚无经办人 / nobody has done anything yet');
}

import type { Answer } from '../command.ts';
import { chinaTime, plain, table } from '../format.ts';
import { statusText } from './status-text.ts';

/** One notice as the gateway tells of it. */
interface Decision {
  readonly status: string;
  readonly ground: string;
  /** Milliseconds. */
  readonly decidedAt: number;
}

/** That a region was told of a change. */
export interface SentNotice extends Decision {
  readonly peer: string;
  readonly state: string;
  readonly code?: string;
  /** Milliseconds. */
  readonly settledAt?: number;
}

interface ReceivedNotice extends Decision {
  readonly issuer: string;
  /** Milliseconds. */
  readonly receivedAt: number;
}

export interface Notices {
  readonly identifier: string;
  readonly sent: readonly SentNotice[];
  readonly received: readonly ReceivedNotice[];
}

const STATES: Readonly<Record<string, string>> = {
  accepted: '已签收 accepted',
  rejected: '被拒 rejected',
  waiting: '待回执 waiting',
  untold: '未告知 untold',
};

/** Shows whom we told of a certificate and what we were told; fails until every region took the newest change. */
export function noticesAnswer(notices: Notices): Answer {
  const { sent, received } = notices;
  const parts = [
    ...(received.length === 0 || sent.length > 0 ? [sentTable(sent)] : []),
    ...(received.length > 0 ? [receivedTable(received)] : []),
  ];
  const latest = Math.max(...sent.map(({ decidedAt }) => decidedAt));
  const newest = sent.filter(({ decidedAt }) => decidedAt === latest);
  const doAllKnow = newest.every(({ state }) => state === 'accepted');
  const notes = [...untoldNotes(newest), ...waitingNotes(newest)];
  return { json: notices, text: parts.join('\n'), notes, exit: doAllKnow ? 0 : 1 };
}

/** Who does not know of a change, and why; not those whose receipt is awaited, which right after a change is no matter. */
export function untoldNotes(sent: readonly SentNotice[]): string[] {
  return sent
    .filter(({ state, code }) => state !== 'accepted' && code !== undefined)
    .map(({ peer, code }) => `未能告知 ${plain(peer)}(${plain(code)}) / this region does not know of it`);
}

/** Who may not know of a change yet: no receipt says so. */
function waitingNotes(sent: readonly SentNotice[]): string[] {
  return sent
    .filter(({ state, code }) => state !== 'accepted' && code === undefined)
    .map(({ peer }) => `尚未签收 ${plain(peer)} / this region has not confirmed yet that it knows of it`);
}

function sentTable(sent: readonly SentNotice[]): string {
  const rows = sent.map(({ peer, status, ground, decidedAt, state, code, settledAt }) => [
    peer,
    statusText(status),
    ground,
    chinaTime(decidedAt),
    STATES[state] ?? state,
    code ?? chinaTime(settledAt),
  ]);
  const headers = [
    '告知地区 Told',
    '状态 Status',
    '原因 Ground',
    '决定 Decided',
    '结果 Result',
    '代码或回执 Code or receipt',
  ];
  return table(headers, rows, '没有地区需要告知 / no region had to be told');
}

function receivedTable(received: readonly ReceivedNotice[]): string {
  const rows = received.map(({ issuer, status, ground, decidedAt, receivedAt }) => [
    issuer,
    statusText(status),
    ground,
    chinaTime(decidedAt),
    chinaTime(receivedAt),
  ]);
  return table(['签发地区 Issuer', '状态 Status', '原因 Ground', '决定 Decided', '收到 Received'], rows, '');
}

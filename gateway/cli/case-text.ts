import { chinaTime, humanSize, pairs, table } from './format.ts';

/** A case in a list: personal data is masked by the gateway. */
export interface CaseSummary {
  readonly conversation: string;
  readonly number: string;
  readonly role: string;
  readonly peer: string;
  readonly item: string;
  readonly state: string;
  readonly stateLabel?: { readonly zh: string; readonly en: string };
  readonly updatedAt: number;
  /** When the first of its running limits runs out, milliseconds. */
  readonly dueAt?: number;
}

/** A case as the gateway shows it; only what is printed is named. */
export interface CaseView extends CaseSummary {
  readonly peerNumber: string;
  readonly mode: string;
  readonly pending: string | null;
  readonly allowed: readonly string[];
  readonly authorization: string;
  readonly materials: readonly {
    readonly name: string;
    readonly digest: string;
    readonly size: number;
    readonly mediaType?: string;
    readonly grade?: string;
    readonly seals?: { readonly zh: string; readonly result: string };
  }[];
  readonly limits: readonly {
    readonly label: { readonly zh: string; readonly en: string };
    readonly holder: string;
    readonly state: string;
    readonly days?: number;
    readonly dueAt?: number;
    readonly isLate: boolean;
  }[];
  readonly notes: readonly {
    readonly label: { readonly zh: string; readonly en: string };
    readonly region: string;
    /** Milliseconds. */
    readonly at: number;
    readonly code?: string;
  }[];
  /** Identifier. */
  readonly repeatedNotices: readonly { readonly at: number; readonly materials: readonly string[] }[];
  readonly commitment?: {
    readonly materials: readonly { readonly material: string; readonly dueAt: number; readonly handedInAt?: number }[];
  };
  readonly identityCheck?: {
    readonly matched: boolean;
    /** Milliseconds. */
    readonly checkedAt: number;
    readonly way?: string;
    readonly checkedBy?: { readonly organisation: string; readonly staff: string } | null;
  };
  readonly queryCode: string;
  readonly certificate?: string;
  readonly legalBasis?: { readonly kind: string; readonly text: string };
  readonly isHeld?: boolean;
  /** Milliseconds. */
  readonly erasedAt?: number;
  readonly rejected?: { readonly event: string; readonly code: string };
  readonly createdAt: number;
}

/** A case for people. */
export function caseText(view: CaseView): string {
  const { number, conversation, item, mode, role, peer, peerNumber } = view;
  const facts = pairs([
    ['办件编号 Number', number],
    ['会话 Conversation', conversation],
    ['事项 Item', `${item} (${mode})`],
    ['角色 Role', role],
    ['对端 Peer', peerNumber ? `${peer} ${peerNumber}` : peer],
    ['状态 State', stateText(view)],
    ['等待回执 Awaiting receipt', view.pending],
    ['可办 Allowed', view.allowed.join(', ')],
    ['被拒 Rejected', view.rejected && `${view.rejected.event}: ${view.rejected.code}`],
    ['身份核验 Identity check', identityText(view)],
    ['容缺待补 Outstanding', outstandingText(view)],
    ['查询码 Query code', view.queryCode],
    ['重复告知 Told twice', view.repeatedNotices.flatMap(({ materials }) => materials).join('、')],
    ['授权 Authorization', view.authorization],
    ['合法性基础 Legal basis', view.legalBasis && `${view.legalBasis.kind}: ${view.legalBasis.text}`],
    ['暂停删除 On hold', view.isHeld ? '是 yes' : undefined],
    ['已删除个人信息 Erased', chinaTime(view.erasedAt)],
    ['电子证照 Certificate', view.certificate],
    ['创建 Created', chinaTime(view.createdAt)],
    ['更新 Updated', chinaTime(view.updatedAt)],
  ]);
  const tables = [
    ...(view.materials.length > 0 ? [materialTable(view.materials)] : []),
    ...(view.limits.length > 0 ? [limitTable(view.limits)] : []),
    ...(view.notes.length > 0 ? [noteTable(view.notes)] : []),
  ];
  return [facts, ...tables].join('\n');
}

/** P2: how the window saw the applicant, when and who did. */
function identityText({ identityCheck }: CaseView): string | undefined {
  if (!identityCheck) return undefined;
  const { matched, checkedAt, way, checkedBy } = identityCheck;
  const how = way === 'remote-video' ? '远程视频 by video' : '现场 in person';
  const by = checkedBy ? ` ${checkedBy.organisation} ${checkedBy.staff}` : '';
  return `${matched ? '相符 matched' : '不符 not matched'} · ${how} · ${chinaTime(checkedAt)}${by}`;
}

/** What the applicant promised and has not handed in yet. */
function outstandingText({ commitment }: CaseView): string {
  const left = (commitment?.materials ?? []).filter(({ handedInAt }) => handedInAt === undefined);
  return left.map(({ material, dueAt }) => `${material} (${chinaTime(dueAt)})`).join('、');
}

/** How far a case is, as an applicant may know it. */
export interface Progress {
  readonly number: string;
  readonly item: string;
  readonly stateLabel: { readonly zh: string; readonly en: string };
  /** Milliseconds. */
  readonly updatedAt: number;
  readonly limits: readonly {
    readonly label: { readonly zh: string; readonly en: string };
    readonly dueAt: number;
    readonly isLate: boolean;
  }[];
}

export function progressText({ number, item, stateLabel, updatedAt, limits }: Progress): string {
  return pairs([
    ['办件编号 Number', number],
    ['事项 Item', item],
    ['状态 State', `${stateLabel.zh} ${stateLabel.en}`],
    ['更新 Updated', chinaTime(updatedAt)],
    ...limits.map(({ label, dueAt, isLate }): [string, string] => [
      `${label.zh} ${label.en}`,
      `${chinaTime(dueAt)}${isLate ? ' 逾期 late' : ''}`,
    ]),
  ]);
}

/** How another region decided a case of one of our people; personal data is masked by the gateway. */
export interface Outcome {
  readonly peer: string;
  readonly number: string;
  readonly item: string;
  readonly decision: string;
  readonly applicant: { readonly name: string };
  readonly certificate?: string;
  /** Milliseconds. */
  readonly decidedAt: number;
}

export function outcomeTable(outcomes: readonly Outcome[]): string {
  return table(
    [
      '办理地 Decided by',
      '编号 Number',
      '事项 Item',
      '决定 Decision',
      '申请人 Applicant',
      '证照 Certificate',
      '时间 Time',
    ],
    outcomes.map(({ peer, number, item, decision, applicant, certificate, decidedAt }) => {
      return [peer, number, item, decision, applicant.name, certificate, chinaTime(decidedAt)];
    }),
    '没有告知 / nothing was told',
  );
}

/** Cases in a list. */
export function caseTable(cases: readonly CaseSummary[]): string {
  return table(
    ['办件编号 Number', '事项 Item', '对端 Peer', '角色 Role', '状态 State', '届满 Due', '更新 Updated'],
    cases.map((view) => {
      const { number, item, peer, role, dueAt, updatedAt } = view;
      return [number, item, peer, role, stateText(view), chinaTime(dueAt), chinaTime(updatedAt)];
    }),
    '没有办件 / there are no cases',
  );
}

function materialTable(materials: CaseView['materials']): string {
  return table(
    ['材料 Material', '等级 Grade', '印章 Seals', '大小 Size', '类型 Type', '摘要 Digest'],
    materials.map(({ name, grade, seals, size, mediaType, digest }) => {
      return [name, grade, seals && `${seals.zh} ${seals.result}`, humanSize(size), mediaType, digest];
    }),
    '',
  );
}

function stateText({ state, stateLabel }: CaseSummary): string {
  return stateLabel ? `${stateLabel.zh} ${stateLabel.en}` : state;
}

function noteTable(notes: CaseView['notes']): string {
  const rows = notes.map(({ label: { zh, en }, region, at, code }) => [`${zh} ${en}`, region, chinaTime(at), code]);
  return table(['登记 Note', '地区 Region', '时间 Time', '被拒 Refused'], rows, '');
}

const LIMIT_STATES: Readonly<Record<string, string>> = {
  running: '计时中 running',
  stopped: '已停 stopped',
  ended: '已结束 ended',
};

function limitTable(limits: CaseView['limits']): string {
  const rows = limits.map(({ label: { zh, en }, holder, state, days, dueAt, isLate }) => [
    `${zh} ${en}`,
    holder,
    LIMIT_STATES[state] ?? state,
    days,
    chinaTime(dueAt),
    isLate ? '逾期 late' : '',
  ]);
  return table(['时限 Limit', '经办 Holder', '状态 State', '工作日 Days', '届满 Due', '逾期 Late'], rows, '');
}

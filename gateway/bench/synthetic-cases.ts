import { createHash } from 'node:crypto';
import type { Mode } from '#proto';
import { dayOf, dayText, momentOf } from '../calendar/china-day.ts';
import type { Applicant, CaseDocument, CaseFile } from '../case/case-file.ts';
import type { CaseLimit } from '../case/limits/limit-names.ts';
import type { Role, State } from '../case/transitions.ts';
import { Chance } from './chance.ts';
import { companyOf, personOf } from './synthetic-applicants.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Over how many days the cases were opened. */
const DAYS = 3 * 365;
/** Cases younger than so many days are mostly open. */
const OPEN_DAYS = 40;

const REGION = '320600';
/** Other regions, those with whom most is done first. */
export const PEERS: readonly string[] = [
  ...['150626', '310115', '330100', '340100', '350500', '360100', '370100', '410100', '420100', '430100', '440100'],
  ...['450100', '460100', '500101', '510100', '520100', '530100', '540100', '610100', '620100', '630100', '640100'],
  ...['650100', '653100', '110101', '120101', '130100', '140100', '210100', '220100', '230100'],
];
/** Items, the most frequent ones first. */
export const ITEMS: readonly string[] = Array.from({ length: 200 }, (_, n) => `EX${String(n + 1).padStart(3, '0')}`);

const MODES: Readonly<Record<Mode, number>> = { agency: 70, online: 20, joint: 6, direct: 4 };
const ROLES: Readonly<Record<Role, number>> = { receiving: 60, handling: 40 };
const ENDS = { delivered: 55, rated: 28, refused: 6, withdrawn: 6, 'sent-back': 4, revoked: 1 } as const;
const OPEN = { accepted: 45, transferred: 15, received: 8, draft: 6, approved: 8, issued: 10, special: 4 } as const;
const RARE = { supplementing: 2, 'supplementing-accepted': 1, returned: 1, previewing: 1, previewed: 1 } as const;

const HANDLER = { organisation: '南通市政务服务中心', window: '跨域通办窗口 3', staff: 'NT003' };
const MATERIALS = ['营业执照', '经营场所证明', '法定代表人身份证明', '授权委托书', '平面布局图'];
const FORM = {
  经营项目: '热食类食品制售;冷食类食品制售;自制饮品制售',
  主体业态: '餐饮服务经营者(单位食堂除外)',
  经营场所: '示例省示例市示例区示例镇示例街 8 号',
  经营面积: '126.5',
  申请事由: '新办许可,拟于取得许可后三十日内开业。',
};
const TERMS = {
  promisedWorkingDays: 10,
  statutoryWorkingDays: 20,
  acceptanceWorkingDays: 5,
  paperOriginals: false,
  silenceAccepts: false,
};

/** What the cases of a benchmark are. */
export interface SyntheticPlan {
  /** How many there are. */
  readonly count: number;
  /** Milliseconds; the last one was opened the day before. */
  readonly now: number;
}

/** The n-th case of a plan, the oldest first: nobody exists, and the distribution is that of a region's window. */
export function syntheticCase({ count, now }: SyntheticPlan, n: number): CaseFile {
  const chance = new Chance(n);
  const today = momentOf(dayOf(now));
  const createdAt = today - Math.ceil(((count - n) * DAYS * DAY_MS) / count);
  const age = (now - createdAt) / DAY_MS;
  const state = stateOf(chance, age);
  const isOpen = !Object.hasOwn(ENDS, state);
  const updatedAt = Math.min(now, createdAt + chance.below(isOpen ? 3 * DAY_MS : 12 * DAY_MS));
  return {
    conversation: conversationOf(createdAt, n),
    number: `${REGION}${dayText(dayOf(createdAt)).replaceAll('-', '')}${String(n % 1_000_000).padStart(6, '0')}`,
    role: chance.weighed(ROLES),
    peer: chance.often(PEERS),
    peerNumber: '',
    item: chance.often(ITEMS),
    mode: chance.weighed(MODES),
    state,
    pending: undefined,
    authorizationId: 'synthetic',
    version: 6,
    document: documentOf(chance, n, { createdAt, updatedAt, isOpen }),
    createdAt,
    updatedAt,
  };
}

function stateOf(chance: Chance, age: number): State {
  const isOpen = chance.share() < (age < OPEN_DAYS ? 0.8 : 0.02);
  if (!isOpen) return chance.weighed(ENDS);
  return chance.share() < 0.06 ? chance.weighed(RARE) : chance.weighed(OPEN);
}

/** Persons come once or twice, companies often, and an agency for thousands. */
export function applicantOf(chance: Chance, count: number): Applicant {
  const share = chance.share();
  if (share < 0.005) return companyOf(0);
  return share < 0.3
    ? companyOf(1 + chance.below(Math.ceil(count / 20)))
    : personOf(chance.below(Math.ceil(count / 2)));
}

function documentOf(
  chance: Chance,
  n: number,
  { createdAt, updatedAt, isOpen }: { createdAt: number; updatedAt: number; isOpen: boolean },
): CaseDocument {
  const limits: CaseLimit[] = ['acceptance', 'promised', 'statutory'].map((name, place) => ({
    name: name as CaseLimit['name'],
    state: isOpen && place > 0 ? 'running' : 'ended',
    since: createdAt,
    days: 5 * (place + 1),
    used: isOpen ? 0 : 4,
    dueAt: createdAt + (7 * (place + 1) + chance.below(20)) * DAY_MS,
  }));
  return {
    applicant: applicantOf(chance, 1_000_000),
    legalBasis: { kind: 'statutory-duty', text: '《中华人民共和国食品安全法》第三十五条' },
    form: FORM,
    materials: MATERIALS.map((name) => ({
      name,
      digest: createHash('sha256').update(`${n} ${name}`).digest('hex'),
      size: 100_000 + chance.below(1_000_000),
      mediaType: 'application/pdf',
      grade: 'B',
      checkedBy: HANDLER,
      checkedAt: createdAt,
    })),
    handler: HANDLER,
    receiptNotice: `收${REGION}${n}`,
    receivedAt: createdAt,
    terms: TERMS,
    limits,
    steps: {
      receive: { handler: HANDLER },
      transfer: { handler: HANDLER },
      accept: { handler: HANDLER, at: updatedAt },
    },
    queryCode: '',
  };
}

/** A UUID in the order of time (version 7, RFC 9562). */
function conversationOf(createdAt: number, n: number): string {
  const time = createdAt.toString(16).padStart(12, '0');
  const rest = n.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${rest}`;
}

/** What a benchmark asks for, again and again in other words; milliseconds are given. */
export interface Question {
  readonly name: string;
  /** The n-th way to ask it. */
  readonly ask: (n: number) => Asked;
  /** Cases that are passed over first, page by page, so that what is measured lies deep in the list. */
  readonly behind?: number;
}

/** A request: of a list by its query, of a search by its body. */
export type Asked = { readonly list: Readonly<Record<string, string>> } | { readonly search: object };

/** What stands in the cases that were filled in; frequent ones come first. */
export interface Samples {
  readonly applicants: readonly { readonly documentType: string; readonly number: string; readonly name: string }[];
  readonly items: readonly string[];
  readonly peers: readonly string[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const OPEN = 'received,transferred,accepted,special,approved,issued';
const PURPOSE = '窗口查询办件进度';

/** Every way in which cases are listed and searched. @param now milliseconds @param deep cases to pass over for deep pages */
export function questionsOf({ applicants, items, peers }: Samples, now: number, deep: number): Question[] {
  const some = <T>(list: readonly T[], n: number): T => list[n % list.length]!;
  const list = (name: string, of: (n: number) => Readonly<Record<string, string>>, behind?: number): Question => {
    return { name, ask: (n) => ({ list: of(n) }), ...(behind !== undefined && { behind }) };
  };
  const search = (name: string, of: (n: number) => object): Question => {
    return { name, ask: (n) => ({ search: { purpose: PURPOSE, ...of(n) } }) };
  };
  const person = (n: number) =>
    some(
      applicants.filter(({ documentType }) => documentType === 'citizen-number'),
      n,
    );
  const company = (n: number) =>
    some(
      applicants.filter(({ documentType }) => documentType !== 'citizen-number'),
      n,
    );
  const frequent = items.slice(0, 10);
  const rare = items.slice(-20);
  return [
    list('全部 newest', () => ({})),
    list('全部 newest, deep', () => ({}), deep),
    list('状态 state', () => ({ state: 'accepted' })),
    list('状态 several states', () => ({ state: OPEN })),
    list('状态 state, ended', (n) => ({ state: some(['delivered', 'rated', 'refused'], n) })),
    list('状态 state, ended, deep', () => ({ state: 'delivered' }), deep),
    list('事项 item, frequent', (n) => ({ item: some(frequent, n) })),
    list('事项 item, rare', (n) => ({ item: some(rare, n) })),
    list('事项 item, deep', () => ({ item: items[0]! }), deep / 10),
    list('对方 peer, frequent', (n) => ({ peer: some(peers.slice(0, 3), n) })),
    list('对方 peer, rare', (n) => ({ peer: some(peers.slice(-5), n) })),
    list('角色 role', (n) => ({ role: some(['receiving', 'handling'], n) })),
    list('模式 mode', (n) => ({ mode: some(['agency', 'online', 'joint', 'direct'], n) })),
    list('并用 state, peer, item', (n) => ({ state: OPEN, peer: some(peers.slice(0, 3), n), item: some(frequent, n) })),
    list('并用 peer, role, mode', (n) => ({ peer: some(peers, n), role: 'handling', mode: 'joint' })),
    list('编号 number', (n) => ({ number: `320600${dayText(now - (n + 2) * 9 * DAY_MS)}` })),
    list('时限 overdue', () => ({ overdue: 'true' })),
    list('时限 due before', (n) => ({ dueBefore: String(now + (n % 30) * DAY_MS) })),
    list('时限 deadline, deep', () => ({ order: 'deadline' }), deep / 10),
    list('时限 overdue, peer, state', (n) => ({
      overdue: 'true',
      peer: some(peers.slice(0, 3), n),
      state: 'accepted',
    })),
    list('变化 changed since', (n) => ({ updatedSince: String(now - (n + 1) * DAY_MS) })),
    search('申请人 person, number', (n) => ({ applicant: { ...person(n), name: null } })),
    search('申请人 person, number and name', (n) => ({ applicant: person(n) })),
    search('申请人 name', (n) => ({ applicant: { name: some(applicants, n).name } })),
    search('申请人 frequent name', (n) => ({ applicant: { name: some(['王伟', '李娜', '张芳', '王静'], n) } })),
    search('申请人 company, number', (n) => ({ applicant: { ...company(n), name: null } })),
    search('申请人 person, state', (n) => ({
      applicant: { ...person(n), name: null },
      state: ['accepted', 'delivered'],
    })),
    search('申请人 nobody', (n) => ({ applicant: { name: `查无此人${n}` } })),
  ];
}

/** The day in China, as in numbers of cases. */
function dayText(at: number): string {
  return new Date(at + 8 * 60 * 60 * 1000).toISOString().slice(0, 10).replaceAll('-', '');
}

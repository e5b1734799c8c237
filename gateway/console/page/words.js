// Every word of the console, in Chinese and in English.

import { CODES, REASONS } from './registry.js';
import { ref } from './vue.js';

/** `zh` or `en`. */
export const language = ref('zh');

// biome-ignore format: a table is read in lines
const WORDS = {
  console: ['通办控制台', 'Tongban console'],
  skip: ['跳到内容', 'Skip to the content'],
  rooms: ['栏目', 'Rooms'],
  other: ['English', '中文'],
  otherLabel: ['Switch to English', '切换为中文'],
  region: ['地区', 'Region'],
  version: ['版本', 'Version'],

  signIn: ['登录', 'Sign in'],
  signInWhy: ['使用本地区签发的令牌。令牌只留在本页的内存里，关闭页面即失去。', 'With a token of this region. It stays in the memory of this page only and is gone when the page is closed.'],
  token: ['令牌', 'Token'],
  tokenHelp: ['窗口人员：tongban token --role operator。管理员：登记时得到的令牌。', 'Operators: tongban token --role operator. Administrators: the token of your enrolment.'],
  tokenMissing: ['请先粘贴令牌。', 'Paste the token first.'],
  factor: ['第二因素（管理员）', 'Second factor (administrators)'],
  factorCode: ['动态口令', 'One-time code'],
  factorCertificate: ['客户端证书', 'Client certificate'],
  factorNone: ['只查看', 'Only look'],
  code: ['六位动态口令', 'Six digits'],
  codeWrong: ['动态口令是六位数字。', 'A one-time code has six digits.'],
  certificateHelp: ['浏览器须在连接时出示登记的证书；网关须有自己的 TLS。', 'The browser must show the enrolled certificate, and the gateway have TLS of its own.'],
  lookHelp: ['可以查看，不能处理；需要时再输入口令。', 'You see everything and change nothing; give the code when you need to.'],
  anotherToken: ['换一个令牌', 'Use another token'],
  keepsToken: ['仍用刚才的令牌，使用方：', 'With the token from before, of'],
  notNow: ['以后再说', 'Not now'],
  signOut: ['退出登录', 'Sign out'],
  signOutInstead: ['退出', 'Sign out'],
  again: ['重新登录', 'Sign in again'],
  againEnded: ['登录已失效，请重新登录。您所在的位置和已填的内容都还在。', 'Your sign-in has ended. Sign in again: your place and what you typed are still here.'],
  againIdle: ['15 分钟没有操作，令牌已丢弃。请重新登录，您所在的位置还在。', 'Nobody used the page for 15 minutes, so the token was dropped. Sign in again: your place is still here.'],
  againFactor: ['处理搁置的消息须有第二因素：请输入动态口令，会话 15 分钟。', 'To deal with what is parked you need the second factor. Its session lasts 15 minutes.'],

  account: ['我的登录', 'My sign-in'],
  accountWhy: ['网关所知道的您。', 'What the gateway knows of you.'],
  subject: ['使用方', 'Subject'],
  role: ['角色', 'Role'],
  proof: ['第二因素', 'Second factor'],
  may: ['可以做什么', 'What you may do'],
  mayDeal: ['查看和处理搁置的消息', 'See and deal with what is parked'],
  mayLook: ['只能查看；重试和放弃由系统管理员办理', 'Only look; retrying and dropping is for system administrators'],
  mayFactor: ['现在只能查看；输入第二因素后可以处理', 'Only look for now; with the second factor you may deal with it'],
  sessionUntil: ['会话到期', 'Session ends'],
  noSession: ['没有会话：令牌到期为止', 'No session: until the token ends'],
  none: ['无', 'None'],
  confirm: ['确认', 'Confirm'],
  giveFactor: ['输入第二因素', 'Give the second factor'],

  letters: ['搁置的消息', 'Parked messages'],
  lettersWhy: ['送不出去的、平台交来而没有办成的，都在这里。不丢弃任何一件；这里不显示内容。', 'What could not be delivered, and what a platform handed in that could not be done. Nothing is thrown away, and no content is shown here.'],
  waiting: ['待处理', 'Waiting'],
  dealtWith: ['已处理', 'Dealt with'],
  state: ['状态', 'State'],
  refusedHere: ['网关拒收', 'Refused by this gateway'],
  all: ['全部', 'All'],
  name: ['平台或对端', 'Platform or peer'],
  anyName: ['所有平台和对端', 'All platforms and peers'],
  refresh: ['刷新', 'Refresh'],
  refreshedAt: ['更新于', 'As of'],
  newer: ['较新的', 'Newer'],
  older: ['较旧的', 'Older'],
  page: ['分页', 'Pages'],
  emptyOpen: ['没有搁置的消息', 'Nothing is parked'],
  emptyOpenWhy: ['报文都送到了，平台交来的都办成了。', 'Every envelope was delivered, and whatever platforms handed in was done.'],
  emptyPage: ['这一页没有了,请往前翻', 'Nothing is left on this page; go to the newer ones'],
  emptyClosed: ['没有已处理的记录', 'Nothing was dealt with yet'],
  emptyFiltered: ['没有符合条件的', 'Nothing fits these filters'],
  clearFilters: ['清除条件', 'Clear the filters'],
  loading: ['正在读取', 'Loading'],

  when: ['搁置时间', 'Parked'],
  queue: ['队列', 'Queue'],
  what: ['内容', 'What'],
  why: ['原因', 'Reason'],
  outcome: ['处理', 'Outcome'],
  open: ['查看', 'Open'],

  letter: ['一条搁置的消息', 'A parked message'],
  back: ['返回列表', 'Back to the list'],
  wrong: ['哪里不对', 'What is wrong'],
  todo: ['怎么办', 'What to do'],
  facts: ['情况', 'Facts'],
  earlier: ['以往记录', 'What was done before'],
  field: ['字段', 'Field'],
  sourceField: ['平台的字段', 'Field of the platform'],
  whole: ['整条记录', 'The whole record'],
  gatewaySays: ['网关说明', 'The gateway says'],
  id: ['编号', 'Id'],
  conversation: ['会话', 'Conversation'],
  sequence: ['序号', 'Number'],
  howMany: ['略去的件数', 'How many'],
  wish: ['第几项', 'Which part'],
  since: ['开始出错', 'Trouble since'],
  attempts: ['已试次数', 'Attempts'],
  key: ['平台记录标识', 'Key of the record'],
  expires: ['报文失效', 'Envelope expires'],
  behind: ['后面等待', 'Waiting behind it'],
  successor: ['代替它的报文', 'Sent in its place'],
  dealtAt: ['处理时间', 'At'],
  by: ['处理人', 'By'],
  reasonGiven: ['事由', 'Why'],

  actions: ['处理', 'Deal with it'],
  retry: ['重试', 'Retry'],
  drop: ['放弃', 'Drop'],
  retryTitle: ['重试这条消息', 'Retry this message'],
  dropTitle: ['放弃这条消息', 'Drop this message'],
  retryWhat: ['网关把它放回原处再办一次：平台交来的按现行映射重新理解，过期的报文按新的时间重发。同一件事不会办两次。', 'The gateway puts it back and does it once more: what a platform handed in is understood by the mapping of now, what expired is said anew. Nothing is done twice.'],
  dropWhat: ['放弃之后不再办理，也不能恢复；排在后面的继续。发给对端的报文放弃后，办件的这一步作废。', 'It is given up for good and does not come back; what stands behind it goes on. A dropped envelope for a peer voids that step of its case.'],
  reason: ['事由', 'Why'],
  reasonHelp: ['200 字以内，与您的账号一起长期留存；不要写个人信息。', 'At most 200 characters. It is kept for good beside your account: write nothing personal.'],
  reasonMissing: ['请写明事由。', 'Say why.'],
  cancel: ['取消', 'Cancel'],
  confirmRetry: ['确认重试', 'Retry it'],
  confirmDrop: ['确认放弃', 'Drop it'],
  doneTaken: ['已经办成，这一条结案了。', 'It is done, and this message is closed.'],
  donePutBack: ['已放回原处，网关会再发；仍不成功，会再回到这里。', 'It is back in its place and will be sent again; if that fails, it comes back here.'],
  doneDrop: ['已放弃，不再办理。', 'It was given up for good.'],
  refusedAgain: ['网关又看了一遍，还是不行；什么也没有改变。', 'The gateway looked at it once more and refuses it again; nothing has changed.'],
  notDone: ['没有办成', 'It was not done'],
  mayNotRole: ['只有系统管理员可以重试或放弃。您可以把本页地址发给系统管理员。', 'Only a system administrator may retry or drop. Send him the address of this page.'],
  yourRole: ['您的角色：', 'Your role:'],
  mayNotFactor: ['您是系统管理员，但尚未出示第二因素，现在只能查看。', 'You are a system administrator without the second factor, so you can only look.'],

  failed: ['没有读到', 'It could not be read'],
  waitFor: ['请稍候：', 'Please wait:'],
  retryRead: ['再读一次', 'Try again'],
};

// biome-ignore format: a table is read in lines
const ROLES = {
  operator: ['窗口、业务人员', 'Operator'],
  sysadmin: ['系统管理员', 'System administrator'],
  secadmin: ['安全管理员', 'Security administrator'],
  auditor: ['审计管理员', 'Auditor'],
};

// biome-ignore format: a table is read in lines
const QUEUES = {
  intake: ['平台交来的', 'From platforms'],
  platform: ['发给平台的', 'To platforms'],
  peer: ['发给对端的', 'To peers'],
};

// biome-ignore format: a table is read in lines
const OUTCOMES = {
  retried: ['已重试', 'Retried'],
  dropped: ['已放弃', 'Dropped'],
  expired: ['已过期，自动再试', 'Expired, tried once more'],
};

// biome-ignore format: a table is read in lines
const TYPES = {
  document: ['整条记录', 'The whole record'],
  open: ['开办件', 'Open a case'],
  act: ['办理一步', 'An act on a case'],
  note: ['记一笔', 'A note on a case'],
};

/** What goes wrong in the page itself, and what the console says in words of its own. */
// biome-ignore format: a table is read in lines
const FAULTS = {
  OFFLINE: ['连接不上网关，请稍后再试。', 'The gateway cannot be reached. Try again later.'],
  PLATFORM_TOKEN: ['这是业务平台的令牌，控制台供人员使用。', 'This is a token of a platform; the console is for people.'],
  MAPPING_FAILED: ['字段映射看不懂', 'The mapping does not understand it'],
  UNAUTHORIZED: ['令牌无效或已过期。', 'The token is not valid, or has expired.'],
  NOT_FOUND: ['没有这条消息，或者已经不在了。', 'There is no such message, or it is gone.'],
};

export const t = (key) => said(WORDS[key]);
export const roleWord = (role) => wordIn(ROLES, role);
export const queueWord = (queue) => wordIn(QUEUES, queue);
export const outcomeWord = (outcome) => wordIn(OUTCOMES, outcome);
/** Types of envelopes and events have names of the wire, which are the same in every language. */
export const typeWord = (type) => wordIn(TYPES, type);
export const proofWord = (factor) => (factor === 'otp' ? t('factorCode') : factor ? t('factorCertificate') : t('none'));

/** Why something is parked, in a word or two; what a platform hands in is refused by ourselves. */
export function reasonWord({ queue, reason }) {
  if (queue === 'intake' && reason === 'refused') return t('refusedHere');
  return both(REASONS[reason]) ?? reason;
}

/** What a code of the registry means. */
export function codeWord(code) {
  return Object.hasOwn(FAULTS, code) ? said(FAULTS[code]) : (both(CODES[code]) ?? code);
}

/** What the gateway says beside a code; undefined where that is only what the code means. */
export function beside(code, message) {
  return message && message !== CODES[code]?.en ? halfOf(message) : undefined;
}

/** A text in the language that is shown, of `{zh, en}` or `[zh, en]`. */
export function said([zh, en]) {
  return language.value === 'zh' ? zh : en;
}

/** Of a text in both languages, `中文 / English`, the half of the language that is shown; any other text as it is. */
export function halfOf(text) {
  const parts = text.split(' / ');
  const isBoth = parts.length === 2 && /\p{Script=Han}/u.test(parts[0]) && !/\p{Script=Han}/u.test(parts[1]);
  return isBoth ? said(parts) : text;
}

/** Milliseconds as `2026-11-22 15:04:05`, in China. */
export function chinaTime(ms) {
  return new Date(ms).toLocaleString('sv-SE', { timeZone: 'Asia/Shanghai' });
}

function wordIn(table, key) {
  return Object.hasOwn(table, key) ? said(table[key]) : key;
}

/** The registry's English begins small, since it follows a code. */
function both(words) {
  if (!words) return undefined;
  const text = said([words.zh, words.en]);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { chinaTime } from '../format.ts';
import { type Finding, fine, warning, wrong } from './finding.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Days before the end at which somebody should plan, act this week, act today. */
const PLAN_DAYS = 30;
const WEEK_DAYS = 7;
const LAST_DAYS = 1;

/** Something with an end, and what to do before it. */
export interface Validity {
  readonly what: string;
  readonly zh: string;
  readonly en: string;
  /** Milliseconds; a beginning in the future is wrong too. */
  readonly notBefore?: number;
  /** Milliseconds. */
  readonly notAfter: number;
  readonly remedy: { readonly zh: string; readonly en: string };
}

/** Says how long something is still good. @param now milliseconds */
export function judgeValidity({ what, zh, en, notBefore, notAfter, remedy }: Validity, now: number): Finding {
  const until = chinaTime(notAfter);
  if (notBefore !== undefined && now < notBefore)
    return wrong(what, `${zh}尚未生效;请核对本机时钟`, `${en} is not valid yet; check the clock of this machine`);
  const days = Math.floor((notAfter - now) / DAY_MS);
  const left = { zh: `${zh}有效期至 ${until},还剩 ${days} 天`, en: `${en} is valid until ${until}, ${days} days left` };
  if (now >= notAfter)
    return wrong(what, `${zh}已于 ${until} 过期;${remedy.zh}`, `${en} expired at ${until}; ${remedy.en}`);
  if (days <= LAST_DAYS) return wrong(what, `${left.zh};今天就要处理:${remedy.zh}`, `${left.en}; today: ${remedy.en}`);
  if (days <= WEEK_DAYS)
    return warning(what, `${left.zh};本周处理:${remedy.zh}`, `${left.en}; this week: ${remedy.en}`);
  if (days <= PLAN_DAYS) return warning(what, `${left.zh};请安排:${remedy.zh}`, `${left.en}; plan to: ${remedy.en}`);
  return fine(what, left.zh, left.en);
}

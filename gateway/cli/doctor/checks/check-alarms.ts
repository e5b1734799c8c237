import { type AlarmKind, type StoredAlarm, storedAlarms } from '../../../evidence/witness/log-alarms.ts';
import { DAY_MS } from '../../../standing/validity.ts';
import type { Sql } from '../../../store/store.ts';
import { chinaTime } from '../../format.ts';
import { type Finding, type Remedy, type Words, warning, wrong } from '../finding.ts';

const what = 'log alarm';
/** Milliseconds after which a contradiction that was not seen again counts as dealt with; it stays on record. */
const FRESH_MS = 7 * DAY_MS;

const KINDS: Readonly<Record<AlarmKind, Words>> = {
  shortened: { zh: '比以前变短了', en: 'became shorter' },
  rewritten: { zh: '历史被改写', en: 'was rewritten' },
  unproven: { zh: '一再被问仍不能证明延续以前的内容', en: 'does not prove, however often asked, that it continues' },
  'split-view': { zh: '向不同地区出示不同内容', en: 'is shown differently to different regions' },
  restarted: { zh: '重新开了头,且未说明接续哪个状态', en: 'began anew and does not say after which state' },
  restored: { zh: '由备份恢复后开了新序', en: 'began a new epoch after a restore from a backup' },
};

const CALL: Remedy = {
  zh: '电话联系该地区问明原因,保存双方检查点',
  en: 'telephone that region and ask why; keep both checkpoints',
  page: 'log-alarm',
};

/** Contradictions in evidence logs, ours and those of the peers, that the gateway noticed (存证日志告警). */
export async function checkAlarms(read: Sql, now: number): Promise<Finding[]> {
  return (await storedAlarms(read)).map((alarm) => judge(alarm, now));
}

function judge({ region, kind, via, last_at, times }: StoredAlarm, now: number): Finding {
  const is = KINDS[kind];
  const words = {
    zh: `地区 ${region} 的存证日志${is.zh}(经 ${via} 发现 ${times} 次,最近 ${chinaTime(last_at)})`,
    en: `the evidence log of ${region} ${is.en} (noticed ${times} times through ${via}, last at ${chinaTime(last_at)})`,
  };
  // A restore that says what it follows is no contradiction.
  const fresh = now - last_at < FRESH_MS && kind !== 'restored';
  return fresh ? wrong(what, words, CALL) : warning(what, words, CALL);
}

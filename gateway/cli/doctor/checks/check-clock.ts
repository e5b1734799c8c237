import { LIMITS } from '#proto';
import { chinaTime } from '../../format.ts';
import { type Finding, fine, wrong } from '../finding.ts';

/** A clock far off makes peers refuse our seals. @param times moments that lie behind us, milliseconds */
export function checkClock(now: number, times: readonly (number | undefined)[]): Finding {
  const what = 'clock';
  const latest = Math.max(...times.map((time) => time ?? 0));
  const clock = chinaTime(now);
  if (now < latest - LIMITS.sealSkewMs)
    return wrong(
      what,
      {
        zh: `本机时钟 ${clock}(北京时间),早于已有记录 ${chinaTime(latest)}`,
        en: `the clock says ${clock} (China), before what was recorded at ${chinaTime(latest)}`,
      },
      {
        zh: '校准本机时钟并启用 NTP(timedatectl)',
        en: 'set the clock of this machine and switch NTP on (timedatectl)',
        page: 'clock',
      },
    );
  return fine(what, {
    zh: `本机时钟 ${clock}(北京时间),不早于已有记录`,
    en: `the clock says ${clock} (China), not before what was recorded`,
  });
}

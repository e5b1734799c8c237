import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CodedError } from '#proto';
import { readAuthorities, readTimestampResponse, type Timestamp, timestampRequest } from '#trust';
import type { TimestampConfig } from '../../../config/timestamp-config.ts';
import { askAuthority } from '../../../evidence/timestamps/authority-client.ts';
import { chinaTime } from '../../format.ts';
import { type Finding, fine, type Remedy, type Words, warning, wrong, wrongBecause } from '../finding.ts';

const what = 'timestamp authority';
/** Milliseconds of difference at which somebody should look: a fifth of what peers tolerate. */
const OFFSET_WARNING_MS = 60_000;
const NONCE_BYTES = 8;
/** The client has a limit of time of its own. */
const NEVER = new AbortController().signal;

const REMEDY: Remedy = {
  zh: '检查到该服务的网络;能到而被拒的,问时间戳服务单位(账号、额度、证书)',
  en: 'check the network to it; if it is reached but refuses, ask the authority (account, quota, certificate)',
  page: 'timestamp-authority',
};
const CERTIFICATES: Remedy = {
  zh: '服务换了证书的,向其索取新证书,核对后更新 evidence.timestamps.ca_file;核对不了的不要换',
  en: 'if it changed its certificate, get the new one from it, compare it and update evidence.timestamps.ca_file; otherwise do not',
  page: 'timestamp-authority',
};
const CLOCK: Remedy = {
  zh: '核对本机时钟和 NTP(timedatectl)',
  en: 'check the clock of this machine and NTP (timedatectl)',
  page: 'clock',
};

/**
 * Has the authority (可信时间戳) of the config stamp something of no meaning, and holds its time against our clock.
 *
 * @param failingSince milliseconds: since when the gateway gets no timestamp; undefined while it does
 */
export async function checkTimestamps(
  config: TimestampConfig,
  failingSince: number | undefined,
  clock: { now(): number },
): Promise<Finding[]> {
  const began = clock.now();
  try {
    const { at } = await stampOnce(config);
    const done = clock.now();
    const host = new URL(config.url).host;
    const works = fine(what, {
      zh: `时间戳服务 ${host} 给出有效时间戳,用时 ${done - began} 毫秒`,
      en: `the timestamp authority ${host} gave a valid timestamp in ${done - began} ms`,
    });
    return [works, ...judgeOffset(at, began, done)];
  } catch (error) {
    return [failed(error, config, failingSince, began)];
  }
}

/** @throws CodedError CONFIG_INVALID, TIMESTAMP_UNAVAILABLE, TIMESTAMP_INVALID */
async function stampOnce({ url, caFile, authorityPolicy }: TimestampConfig): Promise<Timestamp> {
  const pem = await readFile(caFile, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CodedError('CONFIG_INVALID', `cannot read ${caFile} (${cause.code})`, [], { cause });
  });
  const authorities = readAuthorities(pem);
  const bytes = randomBytes(32);
  const nonce = randomBytes(NONCE_BYTES);
  const answer = await askAuthority(url, timestampRequest(bytes, nonce, authorityPolicy), NEVER);
  return readTimestampResponse(answer, bytes, nonce, authorities, authorityPolicy);
}

function failed(
  error: unknown,
  { policy, graceMs }: TimestampConfig,
  failingSince: number | undefined,
  now: number,
): Finding {
  if (!(error instanceof CodedError)) throw error;
  const { code, message } = error;
  if (code !== 'TIMESTAMP_UNAVAILABLE')
    return wrongBecause(what, { zh: '得不到有效的时间戳', en: 'no valid timestamp' }, error, CERTIFICATES);
  const since = sinceWords(failingSince);
  const words = {
    zh: `时间戳服务不可用${since.zh};代码 ${code}`,
    en: `${message}${since.en}; code ${code}`,
  };
  if (policy === 'warn') return warning(what, words, REMEDY);
  const until = (failingSince ?? now) + graceMs;
  const refusing = now > until;
  return wrong(
    what,
    {
      zh: `${words.zh};${refusing ? '宽限期已过,网关不再收新件' : `${chinaTime(until)} 起网关将不再收新件`}`,
      en: `${words.en}; ${refusing ? 'the grace time is over and nothing new is accepted' : `from ${chinaTime(until)} on nothing new will be accepted`}`,
    },
    REMEDY,
  );
}

function sinceWords(failingSince: number | undefined): Words {
  if (failingSince === undefined) return { zh: '', en: '' };
  const at = chinaTime(failingSince);
  return { zh: `,网关自 ${at} 起没有得到时间戳`, en: `; the gateway has had no timestamp since ${at}` };
}

/** The authority's time lies between the question and the answer; how far outside of that it is, is our error or its own. */
function judgeOffset(at: number, asked: number, answered: number): Finding[] {
  const offset = at < asked ? at - asked : Math.max(0, at - answered);
  if (Math.abs(offset) < OFFSET_WARNING_MS) return [];
  const seconds = Math.round(Math.abs(offset) / 1000);
  return [
    warning(
      'clock',
      {
        zh: `本机时钟比时间戳服务${offset < 0 ? '快' : '慢'}约 ${seconds} 秒`,
        en: `our clock is about ${seconds} seconds ${offset < 0 ? 'ahead of' : 'behind'} that of the timestamp authority`,
      },
      CLOCK,
    ),
  ];
}

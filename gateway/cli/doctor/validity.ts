import { DAY_MS, urgencyOf, type Validity } from '../../standing/validity.ts';
import type { ValiditySubject } from '../../telemetry/subjects.ts';
import { chinaTime } from '../format.ts';
import { type Finding, fine, type Remedy, type Words, warning, wrong } from './finding.ts';

/** Whose ends are judged, and what to do about each of them. */
export interface Owner {
  /** Short name of the findings. */
  readonly what: string;
  /** Put before the name of the subject: empty for ours. */
  readonly of: Words;
  readonly remedy: (subject: ValiditySubject) => Remedy;
}

const NAMES: Readonly<Record<ValiditySubject, Words>> = {
  statement: { zh: '地区声明', en: 'the region statement' },
  identity: { zh: '身份密钥', en: 'the identity key' },
  signing: { zh: '签名密钥', en: 'the signing key' },
  certificate: { zh: '证照密钥', en: 'the certificate key' },
  seal: { zh: '印章密钥', en: 'the seal key' },
  log: { zh: '日志密钥', en: 'the log key' },
  tls: { zh: 'TLS 证书', en: 'the TLS certificate' },
};

const CLOCK: Remedy = {
  zh: '核对本机时钟(timedatectl)',
  en: 'check the clock of this machine (timedatectl)',
  page: 'clock',
};

/** A finding for each end that somebody must deal with; when there is none, one that says when the first will come. */
export function judgeValidities(owner: Owner, validities: readonly Validity[], now: number): Finding[] {
  const findings = validities.flatMap((validity) => judge(owner, validity, now) ?? []);
  if (findings.length > 0) return findings;
  const first = validities.toSorted((a, b) => a.notAfter - b.notAfter)[0];
  if (!first) return [];
  const until = chinaTime(first.notAfter);
  const days = daysLeft(first, now);
  const name = NAMES[first.subject];
  return [
    fine(owner.what, {
      zh: `${owner.of.zh}声明、密钥、证书都在有效期内,最先到期的是${name.zh}:${until},还剩 ${days} 天`,
      en: `${owner.of.en}statement, keys and certificates are in date; the first to end is ${name.en}, ${until}, ${days} days left`,
    }),
  ];
}

function judge({ what, of, remedy }: Owner, validity: Validity, now: number): Finding | undefined {
  const { subject, notBefore, notAfter } = validity;
  const name = { zh: `${of.zh}${NAMES[subject].zh}`, en: `${of.en}${NAMES[subject].en}` };
  const until = chinaTime(notAfter);
  if (now < notBefore)
    return wrong(
      what,
      {
        zh: `${name.zh}尚未生效,自 ${chinaTime(notBefore)} 起`,
        en: `${name.en} is valid from ${chinaTime(notBefore)} only`,
      },
      CLOCK,
    );
  const days = daysLeft(validity, now);
  const left = { zh: `${name.zh} ${until} 到期,还剩 ${days} 天`, en: `${name.en} ends at ${until}, ${days} days left` };
  switch (urgencyOf(notAfter, now)) {
    case 'fine':
      return undefined;
    case 'ended':
      return wrong(what, { zh: `${name.zh}已于 ${until} 过期`, en: `${name.en} expired at ${until}` }, remedy(subject));
    case 'today':
      return wrong(what, left, urgently({ zh: '今天就办', en: 'today' }, remedy(subject)));
    case 'week':
      return warning(what, left, urgently({ zh: '本周内办', en: 'this week' }, remedy(subject)));
    case 'plan':
      return warning(what, left, urgently({ zh: '请安排', en: 'plan it' }, remedy(subject)));
  }
}

function urgently(when: Words, { zh, en, page }: Remedy): Remedy {
  return { zh: `${when.zh}:${zh}`, en: `${when.en}: ${en}`, page };
}

function daysLeft({ notAfter }: Validity, now: number): number {
  return Math.max(0, Math.floor((notAfter - now) / DAY_MS));
}

import type { KeyInfo, RevocationReason } from '#trust';
import type { Words } from '../../standing/runbooks.ts';

/** What the keys of each purpose are called. */
export const KEY_NAMES: Readonly<Record<KeyInfo['purpose'], Words>> = {
  identity: { zh: '身份密钥', en: 'identity key' },
  signing: { zh: '签名密钥', en: 'signing key' },
  certificate: { zh: '证照密钥', en: 'certificate key' },
  seal: { zh: '印章密钥', en: 'seal key' },
  log: { zh: '日志密钥', en: 'log key' },
  tls: { zh: 'TLS 密钥', en: 'TLS key' },
};

export const REASON_NAMES: Readonly<Record<RevocationReason, Words>> = {
  compromised: { zh: '已泄露', en: 'compromised' },
  superseded: { zh: '已被取代', en: 'superseded' },
  unspecified: { zh: '未说明', en: 'unspecified' },
};

/** As much of a key id as people read out; commands take it in place of the whole. */
export function shortKid(kid: string): string {
  return kid.slice(0, 8);
}

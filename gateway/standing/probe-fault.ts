import type { ErrorCode } from '#proto';
import type { Runbook, Words } from './runbooks.ts';

/** Where on the way to a peer a probe got stuck. */
export type ProbeStage = 'statement' | 'connect' | 'tls' | 'hello' | 'echo';

/** What went wrong there: finer than a code of the registry, since each needs another hand. */
export type ProbeFault = keyof typeof PROBE_FAULTS;

interface Entry {
  readonly stage: ProbeStage;
  /** Nearest code of the registry, where the peer did not name one itself. */
  readonly code: ErrorCode;
  readonly page: Runbook;
  /** What it is. */
  readonly is: Words;
  /** What to do about it. */
  readonly todo: Words;
}

/** Every way in which a probe fails, with the words for whoever has to act. */
export const PROBE_FAULTS = {
  'peer-statement-expired': entry('statement', 'STATEMENT_EXPIRED', 'statement-expiry', {
    zh: '对端的地区声明已过期',
    en: 'the statement of the peer has expired',
    doZh: '请对端续签声明,电话核对指纹后用 tongban peer add 登记',
    doEn: 'ask the peer to renew it, compare fingerprints by telephone, then: tongban peer add',
  }),
  'name-unknown': entry('connect', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '对端地址的域名无法解析',
    en: 'the name of its address cannot be resolved',
    doZh: '检查本机 DNS 或 /etc/hosts;对端改过域名的,请其续签声明',
    doEn: 'check DNS or /etc/hosts here; if the peer changed its name, it must renew its statement',
  }),
  refused: entry('connect', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '连接被拒绝,机器可达而端口上没有程序',
    en: 'connection refused: the machine is there, but nothing listens on the port',
    doZh: '请对端启动网关,或核对端口转发',
    doEn: 'ask the peer to start its gateway, or check how the port is forwarded',
  }),
  'no-route': entry('connect', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '没有到对端的路由',
    en: 'there is no route to it',
    doZh: '请网络管理员检查路由和专线',
    doEn: 'ask the network administrator about the route and the line',
  }),
  timeout: entry('connect', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '连接超时,多半被防火墙丢弃',
    en: 'no answer in time, most likely dropped by a firewall',
    doZh: '请两边网络管理员放行本机到该地址和端口的 TCP',
    doEn: 'ask the network administrators of both sides to let TCP from here to this address and port through',
  }),
  'connection-lost': entry('connect', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '连接建立时被中断',
    en: 'the connection broke while it was made',
    doZh: '检查中间的防火墙和网闸',
    doEn: 'check the firewalls and gaps in between',
  }),
  'not-tls': entry('tls', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '端口已通,但 TLS 握手失败',
    en: 'the port is open, but the TLS handshake fails',
    doZh: '核对端口是否为网关的对端端口;中间设备只能透传 TCP,不能解 TLS',
    doEn: 'check that it is the port of the gateway for peers; what is in between may only pass TCP through, not end TLS',
  }),
  'certificate-not-pinned': entry('tls', 'PEER_CERTIFICATE', 'peer-unreachable', {
    zh: '对方出示的 TLS 证书不在其已登记的声明中',
    en: 'the TLS certificate shown there is not in the pinned statement',
    doZh: '先确认中间没有设备解 TLS;对端换过证书的,取其新声明并电话核对指纹后登记',
    doEn:
      'first make sure that nothing in between ends TLS; if the peer changed its certificate, get its new statement, ' +
      'compare fingerprints by telephone and pin it',
  }),
  'certificate-expired': entry('tls', 'PEER_CERTIFICATE', 'key-expiry', {
    zh: '对端的 TLS 证书不在有效期内',
    en: 'the TLS certificate of the peer is outside its validity',
    doZh: '请对端更换 TLS 证书;也请核对本机时钟',
    doEn: 'ask the peer to replace its TLS certificate; check the clock of this machine too',
  }),
  'unknown-there': entry('hello', 'PEER_UNKNOWN', 'peer-unreachable', {
    zh: '对端不认识本地区:没有登记我们,或登记的声明里没有我们现用的 TLS 证书',
    en: 'the peer does not know us: it did not pin us, or a statement without our present TLS certificate',
    doZh: '把 tongban statement --out 得到的声明交给对端,请其核对指纹后登记',
    doEn: 'give the peer our statement (tongban statement --out) to compare fingerprints and pin it',
  }),
  'our-statement-expired-there': entry('hello', 'STATEMENT_EXPIRED', 'statement-expiry', {
    zh: '对端登记的本地区声明已过期',
    en: 'the statement by which the peer knows us has expired',
    doZh: '续签本地区声明并交给对端登记;声明未到期的,请对端核对时钟',
    doEn: 'renew our statement and give it to the peer; if it is still in date, the clock of the peer is wrong',
  }),
  'turned-away': entry('hello', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '对端网关没有接受连接',
    en: 'the gateway of the peer did not take the connection',
    doZh: '按代码查 docs/lifecycle.md;稍后再试,仍不行请联系对端',
    doEn: 'look the code up in docs/lifecycle.md; try later, then call the peer',
  }),
  clock: entry('echo', 'SEAL_TIME', 'clock', {
    zh: '两地时钟相差超过 5 分钟,报文全部被拒收',
    en: 'the clocks are more than five minutes apart, so that nothing is taken',
    doZh: '先核对本机时钟(timedatectl),再请对端核对;校正后积压报文自动送出',
    doEn: 'check the clock here first (timedatectl), then theirs; what waits goes out by itself afterwards',
  }),
  'key-refused': entry('echo', 'KEY_UNKNOWN', 'key-expiry', {
    zh: '对端不接受我们的签名密钥',
    en: 'the peer does not take our signing key',
    doZh: '多半登记的是旧声明:把本地区最新声明交给对端登记,并用 tongban key list 核对密钥是否到期、吊销',
    doEn:
      'most likely it holds an old statement: give it our newest one, and look with tongban key list whether a key ' +
      'expired or was revoked',
  }),
  'echo-refused': entry('echo', 'PROTOCOL_VIOLATION', 'peer-unreachable', {
    zh: '测试报文没有被接受',
    en: 'the test envelope was not taken',
    doZh: '按代码查 docs/lifecycle.md,与对端一起看两边日志',
    doEn: 'look the code up in docs/lifecycle.md and read both logs together with the peer',
  }),
  'echo-timeout': entry('echo', 'PEER_UNREACHABLE', 'peer-unreachable', {
    zh: '连得上对端,但测试报文迟迟没有签名回执',
    en: 'the peer is reached, but no signed receipt of the test envelope came in time',
    doZh: '一分钟后再试(网关最迟 30 秒重连一次);仍不行请对端看其日志和磁盘',
    doEn: 'try again in a minute (the gateway dials anew within 30 seconds); then ask the peer to look at its log and disk',
  }),
} as const satisfies Record<string, Entry>;

/** A probe that got stuck. The code is the peer's own where it named one. */
export class ProbeFailure extends Error {
  readonly fault: ProbeFault;
  readonly code: ErrorCode;

  constructor(fault: ProbeFault, code: ErrorCode = PROBE_FAULTS[fault].code) {
    super(PROBE_FAULTS[fault].is.en);
    this.name = 'ProbeFailure';
    this.fault = fault;
    this.code = code;
  }
}

function entry<S extends ProbeStage>(
  stage: S,
  code: ErrorCode,
  page: Runbook,
  { zh, en, doZh, doEn }: Words & { doZh: string; doEn: string },
): Entry {
  return { stage, code, page, is: { zh, en }, todo: { zh: doZh, en: doEn } };
}

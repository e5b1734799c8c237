import { encode, LIMITS } from '#proto';
import type { ConformanceModule } from '../check.ts';
import { refusalCheck } from './traces.ts';

const MINUTE_MS = 60 * 1000;

/** Step 3, the envelope itself: payload, version, extensions, times. */
export const envelope: ConformanceModule = [
  refusalCheck({
    id: 'envelope.altered-payload',
    clause: 'Envelope',
    code: 'PAYLOAD_MISMATCH',
    title: { zh: '正文被改动', en: 'the payload was altered' },
    forge: ({ peer }) => ({ envelope: { ...peer.ping(), payload: encode('Ping', { note: 'altered' }) } }),
  }),
  refusalCheck({
    id: 'envelope.altered-salt',
    clause: 'Envelope',
    code: 'PAYLOAD_MISMATCH',
    title: { zh: '盐值长度不是 32 字节', en: 'the salt does not have 32 bytes' },
    forge: ({ peer }) => {
      const honest = peer.ping();
      return { envelope: { ...honest, payloadSalt: honest.payloadSalt.subarray(1) } };
    },
  }),
  refusalCheck({
    id: 'envelope.version',
    clause: 'Envelope',
    code: 'VERSION_UNSUPPORTED',
    title: { zh: '未知的报文版本', en: 'a version that does not exist' },
    forge: ({ peer }) => ({ envelope: peer.ping({ version: 2 }) }),
  }),
  refusalCheck({
    id: 'envelope.extension',
    clause: 'Envelope',
    code: 'EXTENSION_UNKNOWN',
    title: { zh: '无法理解的关键扩展', en: 'a critical extension that nobody understands' },
    forge: ({ peer }) => ({ envelope: peer.ping({ critical: ['conformance-extension'] }) }),
  }),
  refusalCheck({
    id: 'envelope.expired',
    clause: 'Time',
    code: 'EXPIRED',
    title: { zh: '已过期的报文', en: 'an envelope that expired' },
    forge: ({ peer, now }) => ({
      envelope: peer.ping({ sentAt: now() - 2 * MINUTE_MS, expiresAt: now() - MINUTE_MS }),
    }),
  }),
  refusalCheck({
    id: 'envelope.sent-in-future',
    clause: 'Time',
    code: 'SENT_IN_FUTURE',
    title: { zh: '发送时间晚于封装时间', en: 'sent long after it was sealed' },
    forge: ({ peer, now }) => ({ envelope: peer.ping({ sentAt: now() + 30 * MINUTE_MS }) }),
  }),
  refusalCheck({
    id: 'envelope.expiry',
    clause: 'Time',
    code: 'EXPIRY_INVALID',
    title: { zh: '有效期超过 30 天', en: 'a life of more than 30 days' },
    forge: ({ peer, now }) => ({ envelope: peer.ping({ expiresAt: now() + LIMITS.lifetimeMs + MINUTE_MS }) }),
  }),
];

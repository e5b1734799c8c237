import { LIMITS } from '#proto';
import type { ConformanceModule } from '../check.ts';
import { refusalCheck } from './traces.ts';

const clause = 'Answers 1';

/** Step 1: the header can be read and fits the connection. */
export const address: ConformanceModule = [
  refusalCheck({
    id: 'address.sender',
    clause,
    code: 'PEER_MISMATCH',
    title: { zh: '报文头的发送方不是连接方', en: 'the header names another sender than the connected region' },
    forge: ({ peer, target }) => ({ envelope: peer.ping({ sender: target.region }) }),
  }),
  refusalCheck({
    id: 'address.recipient',
    clause,
    code: 'WRONG_RECIPIENT',
    title: { zh: '报文发给其他地区', en: 'the envelope is for another region' },
    forge: ({ peer, own }) => ({ envelope: peer.ping({ recipient: own.region }) }),
  }),
  refusalCheck({
    id: 'address.truncated-header',
    clause,
    code: 'MALFORMED',
    title: { zh: '被截断的报文头', en: 'a header that was cut off' },
    forge: ({ peer }) => {
      const honest = peer.ping();
      return { envelope: peer.withHeader(honest, honest.header.subarray(0, honest.header.length - 5)) };
    },
  }),
  refusalCheck({
    id: 'address.oversized',
    clause,
    code: 'MESSAGE_TOO_LARGE',
    title: { zh: '超过 1 MiB 的报文', en: 'an envelope of more than 1 MiB' },
    forge: ({ peer }) => ({ envelope: peer.ping({}, 'x'.repeat(LIMITS.messageBytes)) }),
  }),
  refusalCheck({
    id: 'address.suite',
    clause,
    code: 'SUITE_MISMATCH',
    title: { zh: '未知的算法套件', en: 'a suite that does not exist' },
    forge: ({ peer }) => ({ envelope: peer.ping({ suite: 'none' }) }),
  }),
];

import { type Static, Type } from '@fastify/type-provider-typebox';
import { STATUS_WORDS } from '#trust';
import type { ReceivedNotice } from '../../certificate/notice/received-table.ts';
import type { SentNotice } from '../../certificate/notice/sent-table.ts';
import { GROUNDS } from '../../certificate/notice/words.ts';
import { Digest, instant, words } from './schemas.ts';

const Decision = {
  status: words(STATUS_WORDS, '新状态 / new status'),
  ground: words(GROUNDS, '变更原因 / ground'),
  reason: Type.String({ description: '事由 / why' }),
  decidedAt: instant('签发地区决定的时间 / when its issuer decided it'),
};
const Carried = {
  conversation: Type.String({
    description: '与该地区关于该证照的会话 / conversation of the notices about it with this region',
  }),
  envelope: Type.String({ description: '报文编号,未能发出则为空 / envelope, empty while it could not be sent' }),
};
const STATES = ['accepted', 'rejected', 'waiting', 'untold'] as const;

/** That a region was told how a certificate of ours stands. */
export const SentNoticeJson = Type.Object({
  peer: Type.String({ description: '被告知地区 / region' }),
  ...Decision,
  state: words(
    STATES,
    'accepted: 已签收,有签名回执 / taken, its signed receipt is here; rejected: 被拒 / not taken; waiting: 等待回执 / its receipt is awaited; untold: 未能告知 / could not be sent',
  ),
  code: Type.Optional(Type.String({ description: '被拒或未能告知的代码 / why it was not taken or not sent' })),
  ...Carried,
  settledAt: Type.Optional(instant('收到回执 / when the receipt came')),
});

/** What a region told us of a certificate of its own. */
export const ReceivedNoticeJson = Type.Object({
  issuer: Type.String({ description: '签发地区 / region whose key signed the certificate' }),
  digest: Digest,
  ...Decision,
  authority: Type.String({ description: '颁发机构 / issuing authority' }),
  ...Carried,
  receivedAt: instant('收到 / received'),
});

/** @param isPinned whether the region is pinned now: while it is not, nothing reaches it */
export function sentNoticeJson(notice: SentNotice, isPinned: boolean): Static<typeof SentNoticeJson> {
  const { peer, status, ground, reason, decidedAt, conversation, envelope, settledAt } = notice;
  const state = stateOf(notice);
  const code = state === 'waiting' && !isPinned ? 'PEER_NOT_PINNED' : notice.code;
  return {
    peer,
    status,
    ground,
    reason,
    decidedAt,
    state,
    ...(code && { code }),
    conversation,
    envelope,
    ...(settledAt !== null && { settledAt }),
  };
}

export function receivedNoticeJson(notice: ReceivedNotice): Static<typeof ReceivedNoticeJson> {
  const { issuer, digest, status, ground, reason, decidedAt, authority, conversation, envelope, receivedAt } = notice;
  return {
    issuer,
    digest: digest.toString('hex'),
    status,
    ground,
    reason,
    decidedAt,
    authority,
    conversation,
    envelope,
    receivedAt,
  };
}

function stateOf({ envelope, code }: SentNotice): (typeof STATES)[number] {
  if (envelope === '') return 'untold';
  if (code === null) return 'waiting';
  return code === '' ? 'accepted' : 'rejected';
}

import { type JointNews, WHOLE_NEWS } from '../case/joint/joint-news.ts';
import { NOTES, type NoteName } from '../case/notes/notes.ts';
import { EVENTS, type Event } from '../case/transitions.ts';
import type { LetterReason } from '../dead-letter/letter.ts';
import type { ExaminedNews } from '../document/examinations.ts';
import { INQUIRY_NEWS, type InquiryNews } from '../inquiry/inquiry-news.ts';
import type { CertificateEventData, CertificateEventType } from './certificate-news.ts';
import type { NoticeEventData } from './notice-news.ts';

interface Label {
  readonly zh: string;
  readonly en: string;
}

type CaseEventName =
  | Event
  | NoteName
  | 'rejected'
  | 'limit-warning'
  | 'limit-overdue'
  | 'direct-outcome'
  | 'paper-issued'
  | 'false-materials';
export type CaseEventType = `cn.tongban.case.${CaseEventName}.v1`;
export type JointEventType = `cn.tongban.${'joint' | 'bundle'}-case.${JointNews['event']}.v1`;
export type InquiryEventType = `cn.tongban.inquiry.${InquiryNews['event']}.v1`;
export type PlatformEventType =
  | CaseEventType
  | JointEventType
  | InquiryEventType
  | CertificateEventType
  | 'cn.tongban.authorization.changed.v1'
  | 'cn.tongban.authorization.ending.v1'
  | 'cn.tongban.material.examined.v1'
  | 'cn.tongban.catalogue.received.v1'
  | 'cn.tongban.envelope.dead-lettered.v1';

/**
 * What a platform learns of a case (办件) from an event. Never more than it needs to see whether the case concerns it:
 * nothing about the applicant, the form or the materials. It reads those by the API, where its role is checked and its
 * access is recorded; an event lies around in queues and folders.
 */
export interface CaseEventData {
  readonly conversation: string;
  /** Our own case number (办件编号). */
  readonly number: string;
  /** Region on the other side of the case. */
  readonly peer: string;
  /** Name of the event in the state machine, of what was noted, or `rejected`. */
  readonly event: string;
  /** Region that acted. */
  readonly actor: string;
  /** State of the case after the event. */
  readonly state: string;
  /** When it was done, ms since 1970. */
  readonly at: number;
  /** Why the other region rejected our act; only with `rejected`. */
  readonly code?: string;
  /** Name of the time limit; only with `limit-warning` and `limit-overdue`. */
  readonly limit?: string;
  /** When it runs out, ms since 1970. */
  readonly dueAt?: number;
  /** Why the result was taken back; only with `revoke` and `false-materials`. */
  readonly ground?: string;
}

/** An authorization (互授权) moved to another state. The platform reads the document by the API. */
export interface AuthorizationEventData {
  readonly authorization: string;
  /** The other region of the agreement. */
  readonly peer: string;
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An authorization ends within a number of days, 30, 7 or 1, and nothing follows it yet. */
export interface AuthorizationEndingData {
  readonly authorization: string;
  /** The other region of the agreement. */
  readonly peer: string;
  readonly days: number;
  /** Milliseconds since 1970. */
  readonly validUntil: number;
  readonly at: number;
}

/** A peer published its catalogue of items (事项目录) to us. The platform reads the items by the API. */
export interface CatalogueEventData {
  readonly peer: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An envelope of ours left its queue undelivered (死信); its conversation may stand still. Nothing of its content. */
export interface DeadLetterEventData {
  readonly conversation: string;
  readonly peer: string;
  readonly envelope: string;
  /** Type of the payload. */
  readonly payload: string;
  readonly reason: LetterReason;
  /** What the peer said last. */
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An event as a room of the gateway reports it, before it has an id and a place. */
export type PlatformNews =
  | { readonly type: 'cn.tongban.material.examined.v1'; readonly subject: string; readonly data: ExaminedNews }
  | { readonly type: CaseEventType; readonly subject: string; readonly data: CaseEventData }
  | { readonly type: JointEventType; readonly subject: string; readonly data: JointNews }
  | { readonly type: InquiryEventType; readonly subject: string; readonly data: InquiryNews }
  | {
      readonly type: CertificateEventType;
      readonly subject: string;
      readonly data: CertificateEventData | NoticeEventData;
    }
  | {
      readonly type: 'cn.tongban.authorization.changed.v1';
      readonly subject: string;
      readonly data: AuthorizationEventData;
    }
  | {
      readonly type: 'cn.tongban.authorization.ending.v1';
      readonly subject: string;
      readonly data: AuthorizationEndingData;
    }
  | {
      readonly type: 'cn.tongban.envelope.dead-lettered.v1';
      readonly subject: string;
      readonly data: DeadLetterEventData;
    }
  | {
      readonly type: 'cn.tongban.catalogue.received.v1';
      readonly subject: string;
      readonly data: CatalogueEventData;
    };

/** Every type of event that a platform can receive, with its meaning. */
export const EVENT_TYPES: ReadonlyMap<PlatformEventType, Label> = new Map<PlatformEventType, Label>([
  ...Object.entries(EVENTS).map(([event, label]): [CaseEventType, Label] => [caseEventType(event as Event), label]),
  ...Object.entries(NOTES).map(([name, { label }]): [CaseEventType, Label] => [caseEventType(name as NoteName), label]),
  ...wholeEvents('joint', { zh: '联办件', en: 'a joint case' }),
  ...wholeEvents('bundle', { zh: '一件事', en: 'the case of a bundle' }),
  ...Object.entries(INQUIRY_NEWS).map(([event, label]): [InquiryEventType, Label] => [
    `cn.tongban.inquiry.${event as InquiryNews['event']}.v1`,
    label,
  ]),
  ['cn.tongban.case.limit-warning.v1', { zh: '办理时限即将届满', en: 'a time limit of a case runs out soon' }],
  ['cn.tongban.case.limit-overdue.v1', { zh: '办理时限已届满', en: 'a time limit of a case has run out' }],
  [
    'cn.tongban.case.paper-issued.v1',
    { zh: '文书已出具,可以取用', en: 'a notice of a case is there to be handed out' },
  ],
  [
    'cn.tongban.case.direct-outcome.v1',
    { zh: '属地告知：外地直接办结', en: 'another region decided a case of our people' },
  ],
  [
    'cn.tongban.case.false-materials.v1',
    { zh: '材料虚假,办理结果已撤销', en: 'a result was taken back since its materials were false' },
  ],
  ['cn.tongban.case.rejected.v1', { zh: '对端未接受我方办理动作', en: 'the other region rejected our act' }],
  ['cn.tongban.authorization.changed.v1', { zh: '互授权状态变化', en: 'an authorization moved to another state' }],
  ['cn.tongban.authorization.ending.v1', { zh: '互授权即将到期', en: 'an authorization ends soon' }],
  ['cn.tongban.certificate.issued.v1', { zh: '本地区签发了证照', en: 'we issued a certificate' }],
  [
    'cn.tongban.certificate.received.v1',
    { zh: '收到外地证照', en: 'a certificate of another region came with a case' },
  ],
  ['cn.tongban.certificate.status-changed.v1', { zh: '证照状态变更', en: 'the status of a certificate changed' }],
  [
    'cn.tongban.certificate.false-materials.v1',
    { zh: '材料虚假,证照已撤销', en: 'revoked since its materials were false' },
  ],
  ['cn.tongban.material.examined.v1', { zh: '材料电子印章核验完毕', en: 'the seals of a material were examined' }],
  [
    'cn.tongban.envelope.dead-lettered.v1',
    {
      zh: '发往外地的报文成为死信,需人工处理',
      en: 'an envelope of ours became a dead letter and waits for an operator',
    },
  ],
  ['cn.tongban.catalogue.received.v1', { zh: '收到对端事项目录', en: 'a peer published its catalogue to us' }],
]);

/**
 * The news of a case as an event; its subject is the conversation. Takes over only the fields of {@link CaseEventData},
 * whatever else the object has.
 *
 * @throws TypeError when there is no such event
 */
export function caseNews(data: CaseEventData): PlatformNews {
  const type = caseEventType(data.event as CaseEventName);
  if (!EVENT_TYPES.has(type)) throw new TypeError('a case has no such event');
  const { conversation, number, peer, event, actor, state, at, code, limit, dueAt, ground } = data;
  return {
    type,
    subject: conversation,
    data: {
      conversation,
      number,
      peer,
      event,
      actor,
      state,
      at,
      ...(code !== undefined && { code }),
      ...(limit !== undefined && { limit, dueAt }),
      ...(ground !== undefined && { ground }),
    },
  };
}

/** The news of a joint case or of the case of a bundle as an event; its subject is the conversation. */
export function jointNews(data: JointNews): PlatformNews {
  const kind = data.bundle === undefined ? 'joint' : 'bundle';
  return { type: `cn.tongban.${kind}-case.${data.event}.v1`, subject: data.conversation, data };
}

function wholeEvents(kind: 'joint' | 'bundle', whole: Label): [JointEventType, Label][] {
  return Object.entries(WHOLE_NEWS).map(([event, { zh, en }]) => [
    `cn.tongban.${kind}-case.${event as JointNews['event']}.v1`,
    { zh: `${whole.zh}${zh}`, en: `${whole.en} ${en}` },
  ]);
}

/** The news of an inquiry as an event; its subject is the conversation. */
export function inquiryNews(data: InquiryNews): PlatformNews {
  return { type: `cn.tongban.inquiry.${data.event}.v1`, subject: data.conversation, data };
}

function caseEventType(event: CaseEventName): CaseEventType {
  return `cn.tongban.case.${event}.v1`;
}

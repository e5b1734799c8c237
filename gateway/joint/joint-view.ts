import { type EndingKind, type JointContent, type JointState, longestWay, stagesOf } from '#trust';
import { endingOf, type JointPartyRecord, type JointRecord, jointStateAt } from './joint-table.ts';

/** A party of a joint-handling agreement, as far as these books know. Times are milliseconds. */
export interface JointPartyView {
  readonly region: string;
  /** Whether we pinned it; a party that we did not pin is believed because the document names its identity. */
  readonly pinned: boolean;
  readonly signedAt: number | undefined;
  /** When its receipt of the complete document came; only the lead knows. */
  readonly acknowledgedAt: number | undefined;
}

/** A joint-handling agreement as people and programs look at it. Times are milliseconds. */
export interface JointView {
  readonly id: string;
  /** Hex of the SHA-256 of what every party signs. */
  readonly digest: string;
  readonly lead: string;
  /** Now: `expired` when the validity has ended. */
  readonly state: JointState;
  readonly content: JointContent;
  readonly parties: readonly JointPartyView[];
  /** Parts step by step: those of one step run side by side. */
  readonly stages: readonly (readonly string[])[];
  /** What an operator should know before signing; nothing of it forbids to sign. */
  readonly advice: readonly { readonly pointer: string; readonly message: string }[];
  /** The newest document as it is signed. */
  readonly document: string;
  /** Why something that was sent about it failed, and at which party; empty when nothing did. */
  readonly code: string;
  readonly failedBy: string;
  readonly activatedAt: number | undefined;
  readonly ending:
    | {
        readonly kind: EndingKind;
        readonly by: string;
        readonly forCause: boolean;
        readonly reason: string;
        readonly at: number;
        /** Signed by the region that ended it. */
        readonly proof: string;
      }
    | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * @param content of the record's document
 * @param isPinned whether a region is pinned here, or is our own
 * @param now milliseconds
 */
export function jointView(
  record: JointRecord,
  content: JointContent,
  parties: readonly JointPartyRecord[],
  isPinned: (region: string) => boolean,
  now: number,
): JointView {
  const ending = endingOf(record);
  return {
    id: record.id,
    digest: record.digest.toString('hex'),
    lead: record.lead,
    state: jointStateAt(record, now),
    content,
    parties: parties.map(({ region, signed_at, acknowledged_at }) => {
      const [signedAt, acknowledgedAt] = [signed_at ?? undefined, acknowledged_at ?? undefined];
      return { region, pinned: isPinned(region), signedAt, acknowledgedAt };
    }),
    stages: stagesOf(content.parts),
    advice: adviceOf(content),
    document: record.document,
    code: record.code,
    failedBy: record.failed_by,
    activatedAt: record.activated_at ?? undefined,
    ending: ending && {
      kind: ending.kind,
      by: ending.by,
      forCause: ending.for_cause,
      reason: ending.reason,
      at: ending.ended_at,
      proof: ending.text,
    },
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  };
}

/** The whole takes in principle no longer than its longest item (原则上), and can hardly be shorter than its longest way. */
function adviceOf({ parts, working_days }: JointContent): JointView['advice'] {
  const longestPart = Math.max(...parts.map((part) => part.working_days));
  const way = longestWay(parts);
  const advice = (message: string) => [{ pointer: '/working_days', message }];
  return [
    ...(working_days > longestPart
      ? advice(
          `总时限长于最长的单项时限 ${longestPart} 个工作日 / longer than the longest part, ${longestPart} working days`,
        )
      : []),
    ...(working_days < way
      ? advice(`各项用满时限时共需 ${way} 个工作日 / the parts take ${way} working days if each uses all of its time`)
      : []),
  ];
}

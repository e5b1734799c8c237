import type { Mode, messages } from '#proto';
import type { JointContent } from '#trust';
import type { CaseLimit } from './limits/limit-names.ts';
import type { LegalBasis } from './personal/legal-basis.ts';
import type { Event, Role, State } from './transitions.ts';

/** A person or organisation that applies. */
export type Applicant = messages.Applicant;

/** A file of a case, as the case file keeps it. */
export interface CaseMaterial {
  readonly name: string;
  /** SHA-256, hex. */
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  /** Trust grade A, B, C or D. */
  readonly grade: string;
  readonly checkedBy?: messages.Handler;
  /** Milliseconds. */
  readonly checkedAt?: number;
}

/** A notice of what is missing. */
export interface GivenNotice {
  readonly event: Event;
  /** Materials that it names. */
  readonly names: readonly string[];
  /** Digests of the materials that lay there. */
  readonly seen: readonly string[];
  /** Materials that an earlier notice could have named. */
  readonly violations: readonly string[];
  /** Milliseconds. */
  readonly at: number;
}

/** Something that was noted with a case (随件事项). */
export interface KeptNote {
  /** Name of the kind. */
  readonly kind: string;
  /** Region that noted it, and its part in the case. */
  readonly region: string;
  readonly by: Role;
  readonly handler: messages.Handler;
  /** Milliseconds. */
  readonly at: number;
  /** What its kind says. */
  readonly data: object;
  /** Envelope that carried it; empty when the other region is not told. */
  readonly envelope: string;
  /** Code with which the other region refused it; it then stands with us alone. */
  readonly code?: string;
}

/** What the item (事项) promises and demands, where that moves time limits. */
export interface CaseTerms {
  readonly promisedWorkingDays: number;
  /** 0 where the item names none. */
  readonly statutoryWorkingDays: number;
  /** For deciding on acceptance; 0 for the general five days (行政许可法第三十二条). */
  readonly acceptanceWorkingDays: number;
  /** Whether originals on paper must follow. */
  readonly paperOriginals: boolean;
  /** P6 逾期视为受理: whether silence until the limit of acceptance counts as acceptance. */
  readonly silenceAccepts: boolean;
}

/** A material that the applicant promised to hand in later. Moments in milliseconds. */
export interface PromisedMaterial {
  readonly material: string;
  readonly dueAt: number;
  readonly handedInAt?: number;
}

/** What the applicant signed (告知承诺), so that his case was accepted without it (容缺受理). */
export interface KeptCommitment {
  readonly materials: readonly PromisedMaterial[];
  readonly text: string;
  readonly signedAt: number;
  /** SHA-256 in hex of the signed commitment among the materials; empty where it is none of them. */
  readonly document: string;
  /** Why he was trusted though nobody could say whether he is in good credit; empty where he is. */
  readonly creditWaived: string;
}

/** M3, B6: the part (分工) of a joint case, or of the case of a bundle (一件事), that a case is. */
export interface JointPlace {
  /** Id of the joint-handling agreement (联办协议); empty in a bundle. */
  readonly agreement: string;
  /** Its name in the whole; empty in a bundle of another region, which tells us no more than the number. */
  readonly part: string;
  /** Number of the joint case (联办件编号) at the lead region. */
  readonly number: string;
  /** Who delivers, as the agreement has it. */
  readonly handover: JointContent['handover'];
}

/** Everything about a case beyond its row: what was handed in, and what each step brought. */
export interface CaseDocument {
  readonly applicant: Applicant;
  /** On what the handling of its personal data rests; absent in cases from before it was recorded. */
  readonly legalBasis?: LegalBasis;
  readonly form: Readonly<Record<string, string>>;
  readonly materials: readonly CaseMaterial[];
  readonly identityCheck?: messages.IdentityCheck;
  /** The first window, which stays responsible (首问负责). */
  readonly handler: messages.Handler;
  /** Number of the receipt notice (收件通知书) and when it was given. */
  readonly receiptNotice?: string;
  readonly receivedAt?: number;
  /** SHA-256 in hex of the version of the item (事项版本) that the case began under, and goes on under. */
  readonly itemDigest?: string;
  /** The item's terms in the version that the case began under. */
  readonly terms: CaseTerms;
  readonly limits: readonly CaseLimit[];
  /** Payload of the last message or act of each event, so that the file can be read without its history. */
  readonly steps: Readonly<Partial<Record<Event, object>>>;
  /** What was noted beside its course (随件事项), in the order in which we learned of it. */
  readonly notes?: readonly KeptNote[];
  /** Notices of what is missing, those at the window and those that ask for a supplement, oldest first. */
  readonly notices?: readonly GivenNotice[];
  /** P8: against what the case was accepted though materials were missing. */
  readonly commitment?: KeptCommitment;
  /** M3, B6: absent unless the case is a part of a whole. */
  readonly joint?: JointPlace;
  /** By which the applicant asks how far his case is (查询码). */
  readonly queryCode: string;
  /** Identifier of the certificate that the case produced. */
  readonly certificate?: string;
  /** Code of our last act that the other region rejected. */
  readonly rejected?: { readonly event: string; readonly code: string };
}

/** A case (办件) as one region keeps it. */
export interface CaseFile {
  readonly conversation: string;
  /** Our own case number (办件编号). */
  readonly number: string;
  readonly role: Role;
  readonly peer: string;
  readonly peerNumber: string;
  readonly item: string;
  readonly mode: Mode;
  readonly state: State;
  /** Our act that waits for its receipt. */
  readonly pending: { readonly event: Event; readonly settled: boolean } | undefined;
  readonly authorizationId: string;
  /** Counts every change; also the number of the next event. */
  readonly version: number;
  readonly document: CaseDocument;
  /** When it ended, and when what is personal in it was erased; absent before. Milliseconds. */
  readonly endedAt?: number;
  readonly erasedAt?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A case without what was handed in. */
export type CaseHead = Omit<CaseFile, 'document'>;

/** One line of a case's history. */
export interface CaseEvent {
  readonly n: number;
  readonly event: string;
  /** Region that acted. */
  readonly actor: string;
  readonly at: number;
  /** State afterwards. */
  readonly state: string;
  readonly envelope: string;
  readonly data: object;
}

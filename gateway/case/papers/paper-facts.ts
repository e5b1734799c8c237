import {
  boolean,
  fields,
  instant,
  integer,
  list,
  MODES,
  type Mode,
  oneOf,
  optional,
  optionalText,
  PAPER_KINDS,
  type PaperKind,
  type Problem,
  text,
} from '#proto';
import { VerificationError } from '#trust';

/** Name of the form below; another one would be another format. */
const FORMAT = 'tongban-paper-1';

/** A time limit that a notice names. Moments in milliseconds. */
export interface NamedLimit {
  readonly name: 'hand-over' | 'acceptance' | 'promised' | 'statutory';
  /** Working days; absent for a limit in hours. */
  readonly days?: number;
  /** When it runs out, where that is known already. */
  readonly dueAt?: number;
}

/** What belongs to one kind of notice or another. */
export interface PaperDetails {
  /** Files that were taken in, with their trust grade. */
  readonly materials?: readonly { readonly name: string; readonly grade: string }[];
  /** What is missing. */
  readonly items?: readonly { readonly material: string; readonly reason: string; readonly legalBasis: string }[];
  readonly reason?: string;
  readonly legalBasis?: string;
  /** Until when a supplement is to be handed in, milliseconds. */
  readonly deadline?: number;
  /** How it is handed in. */
  readonly way?: string;
  readonly limits?: readonly NamedLimit[];
  /** 逾期视为受理. */
  readonly deemed?: boolean;
  readonly commitment?: {
    readonly materials: readonly { readonly material: string; readonly dueAt: number }[];
    readonly text: string;
    readonly signedAt: number;
    /** SHA-256 in hex of what he signed; empty where that is no material of the case. */
    readonly document: string;
  };
  /** What was handed over, and how. */
  readonly served?: {
    readonly what: 'certificate' | 'denial';
    readonly name: string;
    readonly identifier: string;
    readonly way: 'window' | 'post' | 'online' | 'locker';
  };
}

/** Everything that a notice of a case says (文书内容). It is attached to the PDF, so that its English form is made from it. */
export interface PaperFacts {
  readonly format: typeof FORMAT;
  readonly kind: PaperKind;
  readonly number: string;
  /** When the act was done, milliseconds. */
  readonly at: number;
  /** Region that acted and signs. */
  readonly issuer: string;
  readonly receiving: string;
  readonly handling: string;
  readonly mode: Mode;
  /** Case numbers (办件编号); empty while it is not known. */
  readonly receivingNumber: string;
  readonly handlingNumber: string;
  /** Empty in a masked copy. */
  readonly queryCode: string;
  readonly item: { readonly code: string; readonly name: string };
  readonly applicant: {
    readonly kind: 'person' | 'legal-person';
    readonly name: string;
    readonly documentType: string;
    /** Of a person it is masked. */
    readonly documentNumber: string;
  };
  /** In whose name the notice is given (事权部门); the code may be empty. */
  readonly authority: { readonly name: string; readonly code: string };
  readonly handler: { readonly organisation: string; readonly window: string; readonly staff: string };
  readonly details: PaperDetails;
}

const remark = text(2000, { lines: true });

const details = fields({
  materials: optional(list(fields({ name: text(200), grade: oneOf('A', 'B', 'C', 'D') }), 100)),
  items: optional(list(fields({ material: text(200), reason: text(500), legalBasis: optionalText(500) }), 100)),
  reason: optional(remark),
  legalBasis: optional(remark),
  deadline: optional(instant),
  way: optional(text(200)),
  limits: optional(
    list(
      fields({
        name: oneOf('hand-over', 'acceptance', 'promised', 'statutory'),
        days: optional(integer(0, 1000)),
        dueAt: optional(instant),
      }),
      4,
    ),
  ),
  deemed: optional(boolean),
  commitment: optional(
    fields({
      materials: list(fields({ material: text(200), dueAt: instant }), 100),
      text: remark,
      signedAt: instant,
      document: optionalText(64),
    }),
  ),
  served: optional(
    fields({
      what: oneOf('certificate', 'denial'),
      name: optionalText(100),
      identifier: optionalText(200),
      way: oneOf('window', 'post', 'online', 'locker'),
    }),
  ),
});

const region = text(12, { pattern: /^\d+$/, hint: 'must be a region code' });
const paper = fields({
  format: oneOf(FORMAT),
  kind: oneOf(...PAPER_KINDS),
  number: text(64),
  at: instant,
  issuer: region,
  receiving: region,
  handling: region,
  mode: oneOf(...MODES),
  receivingNumber: optionalText(64),
  handlingNumber: optionalText(64),
  queryCode: optionalText(20),
  item: fields({ code: text(64), name: text(200) }),
  applicant: fields({
    kind: oneOf('person', 'legal-person'),
    name: text(200),
    documentType: text(40),
    documentNumber: text(40),
  }),
  authority: fields({ name: text(100), code: optionalText(18) }),
  handler: fields({ organisation: text(100), window: optionalText(50), staff: text(50) }),
  details,
});

/** The facts as they are attached to a PDF. */
export function writeFacts(facts: Omit<PaperFacts, 'format'>): string {
  return JSON.stringify({ format: FORMAT, ...facts });
}

/**
 * Reads what is attached to a PDF.
 *
 * @throws VerificationError RENDITION_ALTERED when it is not what regions attach
 */
export function readFacts(attached: string): PaperFacts {
  const problems: Problem[] = [];
  const facts = parsed(attached);
  paper(facts, '', problems);
  if (problems.length > 0)
    throw new VerificationError('RENDITION_ALTERED', 'the PDF holds no notice of a case as regions write it', problems);
  return facts as PaperFacts;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

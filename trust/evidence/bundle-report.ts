import { CodedError, type ErrorCode } from '#proto';
import { MESSAGE_PARTS, type ProvenCheck } from './bundle-check.ts';
import { ENVELOPE_PARTS, type ProvenEnvelope } from './bundle-envelope.ts';
import type { CheckEvidence, EvidenceBundle } from './bundle-format.ts';

const FRAME = ['format', 'statements', 'authorizations', 'checkpoint', 'witnessed'] as const;
/** The demands on the bundle of a case, in the order in which they are judged. */
const OF_CASE = [...FRAME, ...ENVELOPE_PARTS, 'order'] as const;
/** Those on the bundle of a check. */
const OF_CHECK = [...FRAME, ...MESSAGE_PARTS, 'answer', 'log'] as const;
export type CheckName = (typeof OF_CASE | typeof OF_CHECK)[number];

const MAX_FAULTS = 1000;

/** One thing that is wrong with a bundle. */
export interface BundleFault {
  /** Place in the file: `envelopes/3/receipt`, `checkpoint`. Empty for the file as a whole. */
  readonly where: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Something that a reader should know although nothing is wrong. */
export interface BundleNote {
  readonly where: string;
  readonly what: 'payload-erased' | 'statement-differs' | 'revoked-key' | 'not-counted';
  readonly message: string;
}

/** One proven act of the case, by the clocks of the regions. */
export interface TimelineEntry {
  /** Milliseconds: the sender's time of sending. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** Full name of the payload message. */
  readonly type: string;
  readonly sequence: number;
  readonly outcome: 'accepted' | 'rejected';
  /** Why it was rejected; empty when accepted. */
  readonly code: string;
  /** Milliseconds: the recipient's time of the verdict. */
  readonly decidedAt: number;
}

/** Result of verifying a bundle. Only when `verified` is true does the bundle prove what the timeline or the check says. */
export interface BundleReport {
  readonly verified: boolean;
  /** Conversation of the case; empty for the bundle of a check. */
  readonly case: string;
  readonly exportedBy: string;
  /** Milliseconds; the exporter's word, covered by no signature. */
  readonly exportedAt: number;
  readonly regions: readonly string[];
  readonly envelopes: number;
  readonly receipts: number;
  readonly logEntries: number;
  readonly checks: readonly { readonly what: CheckName; readonly ok: boolean }[];
  readonly faults: readonly BundleFault[];
  readonly notes: readonly BundleNote[];
  /** By time; holds only envelopes that passed every check. */
  readonly timeline: readonly TimelineEntry[];
  /** What was asked and answered; only in a verified bundle of a check. */
  readonly check?: ProvenCheck;
}

/** Collects what the checks find. */
export class Findings {
  readonly #faults: BundleFault[] = [];
  readonly #notes: BundleNote[] = [];
  readonly #failed = new Set<CheckName>();
  readonly #done = new Set<CheckName>();

  /** Says that a check was reached, though there may be nothing to check. */
  reached(what: CheckName): void {
    this.#done.add(what);
  }

  /** Runs one check; its fault is kept and undefined returned. */
  attempt<T>(what: CheckName, where: string, check: () => T): T | undefined {
    this.reached(what);
    try {
      return check();
    } catch (error) {
      this.fault(what, where, error);
      return undefined;
    }
  }

  /** Keeps the fault that a check threw. An error that is not about the bundle is thrown on. */
  fault(what: CheckName, where: string, error: unknown): void {
    if (!(error instanceof CodedError)) throw error;
    this.#failed.add(what);
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ where, code: error.code, message: error.message });
  }

  note(where: string, what: BundleNote['what'], message: string): void {
    this.#notes.push({ where, what, message });
  }

  /** Of the bundle of a case, or of what is no bundle. */
  report(bundle: EvidenceBundle | undefined, proven: readonly ProvenEnvelope[]): BundleReport {
    const envelopes = bundle?.envelopes ?? [];
    return {
      ...this.#result(OF_CASE, bundle),
      case: bundle?.case ?? '',
      regions: [...new Set(proven.flatMap(({ header }) => [header.sender, header.recipient]))].sort(),
      envelopes: envelopes.length,
      receipts: envelopes.length,
      logEntries: envelopes.reduce((sum, { log }) => sum + log.length, 0),
      timeline: proven.map(entryOf).sort((a, b) => a.at - b.at),
    };
  }

  /** Of the bundle of a check. @param proven when everything about question and answer is good */
  reportCheck(bundle: CheckEvidence, proven: ProvenCheck | undefined): BundleReport {
    const result = this.#result(OF_CHECK, bundle);
    return {
      ...result,
      case: '',
      regions: proven ? [proven.from, proven.to].sort() : [],
      envelopes: 2,
      receipts: 0,
      logEntries: bundle.log.length,
      timeline: [],
      ...(result.verified && proven && { check: proven }),
    };
  }

  #result(names: readonly CheckName[], bundle: EvidenceBundle | CheckEvidence | undefined) {
    const checks = names.map((what) => ({ what, ok: this.#done.has(what) && !this.#failed.has(what) }));
    return {
      verified: checks.every(({ ok }) => ok),
      exportedBy: bundle?.exported_by ?? '',
      exportedAt: bundle?.exported_at ?? 0,
      checks,
      faults: this.#faults,
      notes: this.#notes,
    };
  }
}

function entryOf({ header, receipt }: ProvenEnvelope): TimelineEntry {
  return {
    at: header.sentAt,
    from: header.sender,
    to: header.recipient,
    type: header.type,
    sequence: header.sequence,
    outcome: receipt.code === '' ? 'accepted' : 'rejected',
    code: receipt.code,
    decidedAt: receipt.decidedAt,
  };
}

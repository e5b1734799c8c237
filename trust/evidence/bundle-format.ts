import {
  absentOr,
  both,
  fields,
  integer,
  isRegionCode,
  LIMITS,
  list,
  type messages,
  oneOf,
  type Problem,
  type Rule,
  text,
  UUID,
} from '#proto';
import { LOG_PROOF_MAX } from './log.ts';
import { TIMESTAMP_BYTES } from './timestamp.ts';

/** Evidence of a case. */
const CASE_FORMAT = 'tongban-evidence/1';
/** Evidence of one check. */
export const CHECK_FORMAT = 'tongban-check-evidence/1';

/** Largest bundle that a verifier reads. */
const BUNDLE_BYTES = 256 * 1024 * 1024;
const MAX_ENVELOPES = 10_000;
/** Earlier states of the log in one bundle. */
export const WITNESSED_MAX = 256;

/** Seal of a bundle's envelope or receipt: always with its path, so that it can be judged alone. */
export interface BundleSeal {
  /** Compact JWS. */
  readonly signed_root: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  /** Base64url hashes. */
  readonly inclusion_path: readonly string[];
}

export interface BundleLogEntry {
  /** Base64url of the encoded LogEntry. */
  readonly entry: string;
  readonly index: number;
  readonly inclusion_path: readonly string[];
}

/** One envelope with its verdict and its places in the exporter's log. */
export interface BundleEnvelope {
  /** Base64url of the encoded EnvelopeHeader. */
  readonly header: string;
  /** Base64url; absent, together with the salt, once it was erased. */
  readonly payload?: string;
  readonly payload_salt?: string;
  readonly seal: BundleSeal;
  readonly receipt: { readonly body: string; readonly seal: BundleSeal };
  readonly log: readonly BundleLogEntry[];
}

/** An earlier state of the exporter's log, and who saw it when. */
export interface WitnessedCheckpoint {
  /** Signed note with the lines of witnesses below that of the log. */
  readonly checkpoint: string;
  /** Base64url hashes: from this state to the checkpoint of the bundle. */
  readonly consistency: readonly string[];
  /** Base64url of an RFC 3161 TimeStampToken over the note without the lines of witnesses. */
  readonly timestamp?: string;
}

/** What bundles of every kind have. */
interface BundleFrame {
  /** Region whose log and checkpoint are inside. */
  readonly exported_by: string;
  /** Milliseconds. */
  readonly exported_at: number;
  /** Compact JWTs; copies for convenience that nobody may trust. */
  readonly statements: readonly string[];
  /** Authorization documents: JWS general serialization (RFC 7515, 7.2.1). */
  readonly authorizations: readonly object[];
  /** Signed note. */
  readonly checkpoint: string;
  /** What shows the age of the entries when a key is revoked later; absent when nobody witnessed the log yet. */
  readonly witnessed?: readonly WitnessedCheckpoint[];
}

/** The evidence bundle (存证包) of a case as its JSON file holds it; see proto/README.md. */
export interface EvidenceBundle extends BundleFrame {
  readonly format: typeof CASE_FORMAT;
  /** Conversation of the case. */
  readonly case: string;
  readonly envelopes: readonly BundleEnvelope[];
}

/** A question or an answer. */
type BundleMessage = Pick<BundleEnvelope, 'header' | 'payload' | 'payload_salt' | 'seal'>;

/** The evidence bundle of one check (核验存证包). */
export interface CheckEvidence extends BundleFrame {
  readonly format: typeof CHECK_FORMAT;
  /** Id of the question. */
  readonly check: string;
  readonly question: BundleMessage;
  readonly answer: BundleMessage;
  readonly log: readonly BundleLogEntry[];
}

interface Sealed {
  readonly header: Uint8Array;
  readonly seal: messages.Seal;
}

interface Logged {
  readonly entry: Uint8Array;
  readonly index: number;
  readonly inclusionPath: readonly Uint8Array[];
}

/** What a gateway puts into a bundle of any kind. Nothing is checked here: the verifier judges. */
interface FrameInput {
  readonly exportedBy: string;
  /** Milliseconds. */
  readonly exportedAt: number;
  /** Statement JWTs of all regions concerned. */
  readonly statements: readonly string[];
  /** Authorization documents as JSON text, each that an envelope cites. */
  readonly authorizations: readonly string[];
  readonly checkpoint: string;
  readonly witnessed?: readonly {
    /** Signed note with the lines of its witnesses. */
    readonly checkpoint: string;
    readonly consistency: readonly Uint8Array[];
    /** DER of a TimeStampToken. */
    readonly timestamp?: Uint8Array;
  }[];
}

/** Payload and salt are both absent when nobody is to read them. */
type MessageInput = Sealed & { readonly payload?: Uint8Array; readonly payloadSalt?: Uint8Array };

export interface BundleInput extends FrameInput {
  readonly conversation: string;
  readonly envelopes: readonly (MessageInput & {
    readonly receipt: { readonly body: Uint8Array; readonly seal: messages.Seal };
    /** Sent: ENVELOPE_SENT and RECEIPT_RECEIVED, in this order. Received: VERDICT_GIVEN. */
    readonly log: readonly Logged[];
  })[];
}

export interface CheckBundleInput extends FrameInput {
  /** Id of the question. */
  readonly check: string;
  readonly question: MessageInput;
  readonly answer: MessageInput;
  /** Asked: CHECK_ASKED and ANSWER_RECEIVED, in this order. Answered: CHECK_ANSWERED. */
  readonly log: readonly Logged[];
}

/** Writes the JSON text of the bundle of a case. */
export function writeBundle(input: BundleInput): string {
  const { frame, end } = writeFrame(input);
  return textOf({
    format: CASE_FORMAT,
    case: input.conversation,
    ...frame,
    envelopes: input.envelopes.map(({ receipt, log, ...message }) => ({
      ...writeMessage(message),
      receipt: { body: base64url(receipt.body), seal: writeSeal(receipt.seal) },
      log: log.map(writeLogged),
    })),
    ...end,
  });
}

/** Writes the JSON text of the bundle of a check. */
export function writeCheckBundle(input: CheckBundleInput): string {
  const { frame, end } = writeFrame(input);
  const [question, answer] = [input.question, input.answer].map(writeMessage) as [BundleMessage, BundleMessage];
  const log = input.log.map(writeLogged);
  return textOf({ format: CHECK_FORMAT, check: input.check, ...frame, question, answer, log, ...end });
}

/** Reads the JSON text of a bundle of either kind: the bundle, or everything that is wrong with its shape. */
export function parseBundle(bundleText: string): EvidenceBundle | CheckEvidence | Problem[] {
  if (bundleText.length > BUNDLE_BYTES) return [shapeless(`is larger than ${BUNDLE_BYTES} bytes`)];
  let value: unknown;
  try {
    value = JSON.parse(bundleText);
  } catch {
    return [shapeless('is not JSON')];
  }
  const problems: Problem[] = [];
  const isCheck = (value as { format?: unknown } | null)?.format === CHECK_FORMAT;
  (isCheck ? checkRule : bundleRule)(value, '', problems);
  return problems.length === 0 ? (value as EvidenceBundle | CheckEvidence) : problems;
}

/** Bytes of a base64url text that `parseBundle` accepted. */
export function bytesOf(base64urlText: string): Buffer {
  return Buffer.from(base64urlText, 'base64url');
}

const hash = base64urlRule(32, 32);
const path = list(hash, LOG_PROOF_MAX);
const jws = text(LIMITS.jwsBytes, { pattern: /^[\w-]+\.[\w-]+\.[\w-]+$/, hint: 'must be a compact JWS' });

const seal = fields({
  signed_root: jws,
  leaf_index: integer(0),
  tree_size: integer(1),
  inclusion_path: path,
});

const log = list(fields({ entry: base64urlRule(1, 1024), index: integer(0), inclusion_path: path }), 2, 1);

const MESSAGE = {
  header: base64urlRule(1, LIMITS.messageBytes),
  payload: absentOr(base64urlRule(0, LIMITS.messageBytes)),
  payload_salt: absentOr(hash),
  seal,
};
const message = both(fields(MESSAGE), erasedTogether);
const envelope = both(
  fields({ ...MESSAGE, receipt: fields({ body: base64urlRule(1, LIMITS.messageBytes), seal }), log }),
  erasedTogether,
);

const FRAME = {
  exported_by: (value, pointer, problems) => {
    if (typeof value !== 'string' || !isRegionCode(value))
      problems.push({ pointer, code: 'IDENTIFIER', message: 'is not a region code of the table' });
  },
  exported_at: integer(0),
  statements: list(jws, 100),
  authorizations: list(anyObject, 100),
  checkpoint: text(4096, { lines: true }),
  witnessed: absentOr(
    list(
      fields({
        checkpoint: text(4096, { lines: true }),
        consistency: path,
        timestamp: absentOr(base64urlRule(1, TIMESTAMP_BYTES)),
      }),
      WITNESSED_MAX,
      1,
    ),
  ),
} satisfies Record<string, Rule>;
const uuid = text(36, { pattern: UUID, hint: 'must be a lower-case UUID' });

const bundleRule = fields({
  format: oneOf(CASE_FORMAT, CHECK_FORMAT),
  case: uuid,
  ...FRAME,
  envelopes: list(envelope, MAX_ENVELOPES, 1),
});

const checkRule = fields({
  format: oneOf(CHECK_FORMAT),
  check: uuid,
  ...FRAME,
  question: message,
  answer: message,
  log,
});

function erasedTogether(value: unknown, pointer: string, problems: Problem[]): void {
  const { payload, payload_salt } = value as BundleMessage;
  if ((payload === undefined) !== (payload_salt === undefined))
    problems.push({ pointer, code: 'REQUIRED', message: 'has only one of payload and payload_salt' });
}

/** An authorization document has a strict reader of its own. */
function anyObject(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    problems.push({ pointer, code: 'TYPE', message: 'must be an object' });
}

/** Canonical base64url (RFC 4648, 5; no padding) of `min` to `max` bytes. */
function base64urlRule(min: number, max: number): Rule {
  return (value, pointer, problems) => {
    if (typeof value !== 'string') return void problems.push({ pointer, code: 'TYPE', message: 'must be text' });
    const bytes = bytesOf(value);
    if (bytes.toString('base64url') !== value)
      problems.push({ pointer, code: 'FORMAT', message: 'is not canonical base64url' });
    else if (bytes.length < min || bytes.length > max)
      problems.push({ pointer, code: 'LENGTH', message: `must have ${min} to ${max} bytes` });
  };
}

/** What stands before the envelopes, and after them. */
function writeFrame(input: FrameInput) {
  const { exportedBy, exportedAt, statements, authorizations, checkpoint, witnessed } = input;
  return {
    frame: {
      exported_by: exportedBy,
      exported_at: exportedAt,
      statements,
      authorizations: authorizations.map((document) => JSON.parse(document) as object),
    },
    end: { checkpoint, ...(witnessed?.length ? { witnessed: witnessed.map(writeWitnessed) } : {}) },
  };
}

function writeMessage({ header, payload, payloadSalt, seal }: MessageInput): BundleMessage {
  return {
    header: base64url(header),
    ...(payload && payloadSalt ? { payload: base64url(payload), payload_salt: base64url(payloadSalt) } : {}),
    seal: writeSeal(seal),
  };
}

function writeLogged({ entry, index, inclusionPath }: Logged): BundleLogEntry {
  return { entry: base64url(entry), index, inclusion_path: inclusionPath.map(base64url) };
}

function textOf(bundle: EvidenceBundle | CheckEvidence): string {
  return `${JSON.stringify(bundle, undefined, 1)}\n`;
}

function writeWitnessed(one: NonNullable<FrameInput['witnessed']>[number]): WitnessedCheckpoint {
  return {
    checkpoint: one.checkpoint,
    consistency: one.consistency.map(base64url),
    ...(one.timestamp ? { timestamp: base64url(one.timestamp) } : {}),
  };
}

function writeSeal(seal: messages.Seal): BundleSeal {
  return {
    signed_root: Buffer.from(seal.signedRoot).toString('latin1'),
    leaf_index: seal.leafIndex,
    tree_size: seal.treeSize,
    inclusion_path: seal.inclusionPath.map(base64url),
  };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function shapeless(message: string): Problem {
  return { pointer: '', code: 'FORMAT', message: `the file ${message}` };
}

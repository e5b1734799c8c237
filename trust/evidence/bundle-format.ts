import {
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

export const BUNDLE_FORMAT = 'tongban-evidence/1';

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

/** The evidence bundle (存证包) of a case as its JSON file holds it; see proto/README.md. */
export interface EvidenceBundle {
  readonly format: typeof BUNDLE_FORMAT;
  /** Conversation of the case. */
  readonly case: string;
  /** Region whose log and checkpoint are inside. */
  readonly exported_by: string;
  /** Milliseconds. */
  readonly exported_at: number;
  /** Compact JWTs; copies for convenience that nobody may trust. */
  readonly statements: readonly string[];
  /** Authorization documents: JWS general serialization (RFC 7515, 7.2.1). */
  readonly authorizations: readonly object[];
  readonly envelopes: readonly BundleEnvelope[];
  /** Signed note. */
  readonly checkpoint: string;
  /** What shows the age of the entries when a key is revoked later; absent when nobody witnessed the log yet. */
  readonly witnessed?: readonly WitnessedCheckpoint[];
}

/** What a gateway puts into a bundle. Nothing is checked here: the verifier judges. */
export interface BundleInput {
  readonly conversation: string;
  readonly exportedBy: string;
  /** Milliseconds. */
  readonly exportedAt: number;
  /** Statement JWTs of all regions of the case. */
  readonly statements: readonly string[];
  /** Authorization documents as JSON text, each that an envelope cites. */
  readonly authorizations: readonly string[];
  readonly envelopes: readonly {
    readonly header: Uint8Array;
    /** Both absent once erased. */
    readonly payload?: Uint8Array;
    readonly payloadSalt?: Uint8Array;
    readonly seal: messages.Seal;
    readonly receipt: { readonly body: Uint8Array; readonly seal: messages.Seal };
    /** Sent: ENVELOPE_SENT and RECEIPT_RECEIVED, in this order. Received: VERDICT_GIVEN. */
    readonly log: readonly {
      readonly entry: Uint8Array;
      readonly index: number;
      readonly inclusionPath: readonly Uint8Array[];
    }[];
  }[];
  readonly checkpoint: string;
  readonly witnessed?: readonly {
    /** Signed note with the lines of its witnesses. */
    readonly checkpoint: string;
    readonly consistency: readonly Uint8Array[];
    /** DER of a TimeStampToken. */
    readonly timestamp?: Uint8Array;
  }[];
}

/** Writes the JSON text of a bundle. */
export function writeBundle(input: BundleInput): string {
  const bundle: EvidenceBundle = {
    format: BUNDLE_FORMAT,
    case: input.conversation,
    exported_by: input.exportedBy,
    exported_at: input.exportedAt,
    statements: input.statements,
    authorizations: input.authorizations.map((document) => JSON.parse(document) as object),
    envelopes: input.envelopes.map(({ header, payload, payloadSalt, seal, receipt, log }) => ({
      header: base64url(header),
      ...(payload && payloadSalt ? { payload: base64url(payload), payload_salt: base64url(payloadSalt) } : {}),
      seal: writeSeal(seal),
      receipt: { body: base64url(receipt.body), seal: writeSeal(receipt.seal) },
      log: log.map(({ entry, index, inclusionPath }) => ({
        entry: base64url(entry),
        index,
        inclusion_path: inclusionPath.map(base64url),
      })),
    })),
    checkpoint: input.checkpoint,
    ...(input.witnessed?.length ? { witnessed: input.witnessed.map(writeWitnessed) } : {}),
  };
  return `${JSON.stringify(bundle, undefined, 1)}\n`;
}

/** Reads the JSON text of a bundle: the bundle, or everything that is wrong with its shape. */
export function parseBundle(bundleText: string): EvidenceBundle | Problem[] {
  if (bundleText.length > BUNDLE_BYTES) return [shapeless(`is larger than ${BUNDLE_BYTES} bytes`)];
  let value: unknown;
  try {
    value = JSON.parse(bundleText);
  } catch {
    return [shapeless('is not JSON')];
  }
  const problems: Problem[] = [];
  bundleRule(value, '', problems);
  return problems.length === 0 ? (value as EvidenceBundle) : problems;
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

const envelope = both(
  fields({
    header: base64urlRule(1, LIMITS.messageBytes),
    payload: absentOr(base64urlRule(0, LIMITS.messageBytes)),
    payload_salt: absentOr(hash),
    seal,
    receipt: fields({ body: base64urlRule(1, LIMITS.messageBytes), seal }),
    log: list(fields({ entry: base64urlRule(1, 1024), index: integer(0), inclusion_path: path }), 2, 1),
  }),
  (value, pointer, problems) => {
    const { payload, payload_salt } = value as BundleEnvelope;
    if ((payload === undefined) !== (payload_salt === undefined))
      problems.push({ pointer, code: 'REQUIRED', message: 'has only one of payload and payload_salt' });
  },
);

const bundleRule = fields({
  format: oneOf(BUNDLE_FORMAT),
  case: text(36, { pattern: UUID, hint: 'must be a lower-case UUID' }),
  exported_by: (value, pointer, problems) => {
    if (typeof value !== 'string' || !isRegionCode(value))
      problems.push({ pointer, code: 'IDENTIFIER', message: 'is not a region code of the table' });
  },
  exported_at: integer(0),
  statements: list(jws, 100),
  authorizations: list(anyObject, 100),
  envelopes: list(envelope, MAX_ENVELOPES, 1),
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
});

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

function absentOr(rule: Rule): Rule {
  return (value, pointer, problems) => {
    if (value !== undefined) rule(value, pointer, problems);
  };
}

function writeWitnessed(one: NonNullable<BundleInput['witnessed']>[number]): WitnessedCheckpoint {
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

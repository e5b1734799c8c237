import { type AuthorizationDocument, UUID } from './documents.ts';
import type { Seal } from './exchange.ts';
import { bytes, isObject, list, matching, object, oneOf, region, text, whole } from './shape.ts';
import { demand, json, Refused } from './wire.ts';

/** The text of an evidence bundle: its shape, and nothing about what it proves. */

const MIB = 1024 * 1024;
const PATH = list(bytes(32, 32), 0, 54);
const JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const SEAL = object({ signed_root: matching(JWS), leaf_index: whole(), tree_size: whole(1), inclusion_path: PATH });
const LOG = list(object({ entry: bytes(1, 1024), index: whole(), inclusion_path: PATH }), 1, 2);
const FRAME = {
  exported_by: region,
  exported_at: whole(),
  statements: list(matching(JWS), 0, 100),
  authorizations: list(object({}, true), 0, 100),
  checkpoint: text(1, 4096),
  'witnessed?': list(
    object({ checkpoint: text(1, 4096), consistency: PATH, 'timestamp?': bytes(1, 64 * 1024) }),
    1,
    256,
  ),
};
const BUNDLE = object({
  format: oneOf('tongban-evidence/1'),
  case: matching(UUID),
  ...FRAME,
  envelopes: list(
    object({
      header: bytes(1, MIB),
      'payload?': bytes(0, MIB),
      'payload_salt?': bytes(32, 32),
      seal: SEAL,
      receipt: object({ body: bytes(1), seal: SEAL }),
      log: LOG,
    }),
    1,
    10_000,
  ),
});
const MESSAGE = object({
  header: bytes(1, MIB),
  'payload?': bytes(0, MIB),
  'payload_salt?': bytes(32, 32),
  seal: SEAL,
});
const CHECK_FORMAT = 'tongban-check-evidence/1';
const CHECK = object({
  format: oneOf(CHECK_FORMAT),
  check: matching(UUID),
  ...FRAME,
  question: MESSAGE,
  answer: MESSAGE,
  log: LOG,
});

interface SealText {
  readonly signed_root: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly inclusion_path: readonly string[];
}

export interface EnvelopeText {
  readonly header: string;
  readonly payload?: string;
  readonly payload_salt?: string;
  readonly seal: SealText;
  readonly receipt: { readonly body: string; readonly seal: SealText };
  readonly log: readonly LogText[];
}

export interface LogText {
  readonly entry: string;
  readonly index: number;
  readonly inclusion_path: readonly string[];
}

/** What bundles of both kinds have. */
interface Frame {
  readonly exported_by: string;
  readonly exported_at: number;
  readonly statements: readonly string[];
  readonly authorizations: readonly AuthorizationDocument[];
  readonly checkpoint: string;
  readonly witnessed?: readonly {
    readonly checkpoint: string;
    readonly consistency: readonly string[];
    readonly timestamp?: string;
  }[];
}

/** The bundle of a case. */
export interface CaseBundle extends Frame {
  readonly case: string;
  readonly envelopes: readonly EnvelopeText[];
}

type MessageText = Pick<EnvelopeText, 'header' | 'payload' | 'payload_salt' | 'seal'>;

/** The bundle of a check. */
export interface CheckBundle extends Frame {
  readonly check: string;
  readonly question: MessageText;
  readonly answer: MessageText;
  readonly log: readonly LogText[];
}

export type Bundle = CaseBundle | CheckBundle;

/** Bytes of a base64url text that was found to be canonical. */
export const raw = (base64url: string) => Buffer.from(base64url, 'base64url');

export const sealOf = (seal: SealText): Seal => ({
  signedRoot: seal.signed_root,
  leafIndex: seal.leaf_index,
  treeSize: seal.tree_size,
  path: seal.inclusion_path.map(raw),
});

/** The bundle, if its text has the shape that the page says. */
export function readBundle(bundleText: string): Bundle {
  const code = 'BUNDLE_INVALID';
  demand(Buffer.byteLength(bundleText) <= 256 * MIB, code, 'the bundle is larger than 256 MiB');
  const value = json(bundleText);
  if (isObject(value) && value['format'] === CHECK_FORMAT) {
    CHECK(value, code);
    const bundle = value as unknown as CheckBundle;
    for (const side of ['question', 'answer'] as const) demandErasedTogether(bundle[side], [side]);
    return bundle;
  }
  BUNDLE(value, code);
  const bundle = value as CaseBundle;
  for (const [index, envelope] of bundle.envelopes.entries())
    demandErasedTogether(envelope, ['envelopes', String(index)]);
  return bundle;
}

function demandErasedTogether({ payload, payload_salt: salt }: MessageText, path: readonly string[]): void {
  if ((payload === undefined) !== (salt === undefined))
    throw new Refused('BUNDLE_INVALID', 'payload and salt are erased together', path);
}

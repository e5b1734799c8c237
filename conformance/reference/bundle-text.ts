import { type AuthorizationDocument, UUID } from './documents.ts';
import type { Seal } from './exchange.ts';
import { bytes, list, matching, object, oneOf, region, text, whole } from './shape.ts';
import { demand, json, Refused } from './wire.ts';

/** The text of an evidence bundle: its shape, and nothing about what it proves. */

const MIB = 1024 * 1024;
const PATH = list(bytes(32, 32), 0, 54);
const JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const SEAL = object({ signed_root: matching(JWS), leaf_index: whole(), tree_size: whole(1), inclusion_path: PATH });
const BUNDLE = object({
  format: oneOf('tongban-evidence/1'),
  case: matching(UUID),
  exported_by: region,
  exported_at: whole(),
  statements: list(matching(JWS), 0, 100),
  authorizations: list(object({}, true), 0, 100),
  envelopes: list(
    object({
      header: bytes(1, MIB),
      'payload?': bytes(0, MIB),
      'payload_salt?': bytes(32, 32),
      seal: SEAL,
      receipt: object({ body: bytes(1), seal: SEAL }),
      log: list(object({ entry: bytes(1, 1024), index: whole(), inclusion_path: PATH }), 1, 2),
    }),
    1,
    10_000,
  ),
  checkpoint: text(1, 4096),
  'witnessed?': list(
    object({ checkpoint: text(1, 4096), consistency: PATH, 'timestamp?': bytes(1, 64 * 1024) }),
    1,
    256,
  ),
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
  readonly log: readonly {
    readonly entry: string;
    readonly index: number;
    readonly inclusion_path: readonly string[];
  }[];
}

export interface Bundle {
  readonly case: string;
  readonly exported_by: string;
  readonly exported_at: number;
  readonly statements: readonly string[];
  readonly authorizations: readonly AuthorizationDocument[];
  readonly envelopes: readonly EnvelopeText[];
  readonly checkpoint: string;
  readonly witnessed?: readonly {
    readonly checkpoint: string;
    readonly consistency: readonly string[];
    readonly timestamp?: string;
  }[];
}

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
  BUNDLE(value, code);
  const bundle = value as Bundle;
  for (const [index, { payload, payload_salt: salt }] of bundle.envelopes.entries())
    if ((payload === undefined) !== (salt === undefined))
      throw new Refused(code, 'payload and salt are erased together', ['envelopes', String(index)]);
  return bundle;
}

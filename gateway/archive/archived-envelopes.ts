import type { ArchivedEnvelope } from '../evidence/bundle-export.ts';

/** A seal as a bundle writes it. */
interface Seal {
  readonly signed_root: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly inclusion_path: readonly string[];
}

interface CaseBundle {
  readonly envelopes: readonly {
    readonly header: string;
    readonly seal: Seal;
    readonly receipt: { readonly body: string; readonly seal: Seal };
    readonly log: readonly { readonly index: number }[];
  }[];
}

/** The envelopes of an archived bundle (存证包) of a case, for a newer bundle of the same case. */
export function envelopesIn(bundleText: string): ArchivedEnvelope[] {
  const { envelopes } = JSON.parse(bundleText) as CaseBundle;
  return envelopes.map(({ header, seal, receipt, log }) => ({
    header: bytes(header),
    seal: sealOf(seal),
    receipt: { body: bytes(receipt.body), seal: sealOf(receipt.seal) },
    log: log.map(({ index }) => ({ index })),
  }));
}

function sealOf({ signed_root, leaf_index: leafIndex, tree_size: treeSize, inclusion_path }: Seal) {
  const signedRoot = Buffer.from(signed_root, 'latin1');
  return { signedRoot, leafIndex, treeSize, inclusionPath: inclusion_path.map(bytes) };
}

function bytes(base64url: string): Buffer {
  return Buffer.from(base64url, 'base64url');
}

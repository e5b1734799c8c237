import { type EntrustmentContent, readEntrustment, readRevocation } from '#trust';
import type { EntrustmentRecord, ShownRecord } from './entrustment-table.ts';
import type { Standing } from './standing.ts';

/** An entrustment as people and programs look at it. Times are milliseconds. */
export interface EntrustmentView {
  readonly id: string;
  /** Hex of the SHA-256 of the signed text. */
  readonly digest: string;
  readonly region: string;
  readonly content: EntrustmentContent;
  /** Compact JWS of every link, the region's own first, this one last. */
  readonly chain: readonly string[];
  /** Compact JWS of every revocation of a link of the chain. */
  readonly revocations: readonly string[];
  /** Who stands in the chain, from the region down. */
  readonly holders: readonly string[];
  readonly standing: Standing;
  readonly revocation: { readonly reason: string; readonly at: number; readonly proof: string } | undefined;
  /** Peers to which it was shown; of another region's, the one that showed it. */
  readonly shown: readonly {
    readonly peer: string;
    readonly authorization: string;
    readonly at: number;
    /** Verdict of the peer: undefined while it is awaited, empty when it took it. */
    readonly code: string | undefined;
  }[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** @param chain the region's own link first, the one to look at last */
export function entrustmentView(
  chain: readonly EntrustmentRecord[],
  standing: Standing,
  shown: readonly ShownRecord[],
): EntrustmentView {
  const record = chain.at(-1)!;
  const contents = chain.map(({ document }) => readEntrustment(document).content);
  return {
    id: record.id,
    digest: record.digest,
    region: record.region,
    content: contents.at(-1)!,
    chain: chain.map(({ document }) => document),
    revocations: chain.map(({ revocation }) => revocation).filter((revocation) => revocation !== ''),
    holders: [contents[0]!.issuer.name, ...contents.map(({ holder }) => holder.name)],
    standing,
    revocation: revocationIn(record),
    shown: shown.map(({ peer, authorization_id, shown_at, code }) => {
      return { peer, authorization: authorization_id, at: shown_at, code: code ?? undefined };
    }),
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  };
}

function revocationIn({ revocation }: EntrustmentRecord): EntrustmentView['revocation'] {
  if (revocation === '') return undefined;
  const { reason, revoked_at } = readRevocation(revocation);
  return { reason, at: revoked_at, proof: revocation };
}

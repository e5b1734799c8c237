import { hash } from 'node:crypto';
import { fields, type Rule, text } from '#proto';

/**
 * A catalogue (通办清单) that a grant names instead of its items: what the grantor offered under a scope when the
 * agreement was written. The digest fixes the list, so nothing that is added to the catalogue later is covered.
 */
export interface GrantedCatalogue {
  /** 跨省通办, 全市通办 …: as the grantor publishes it. */
  readonly scope: string;
  /** Base64url of the list's SHA-256, as `listDigest` makes it. */
  readonly digest: string;
}

/** The item codes behind the digests of an agreement's catalogues. They travel beside the document. */
export type CatalogueLists = ReadonlyMap<string, readonly string[]>;

export const grantedCatalogue: Rule = fields({
  scope: text(50),
  // The last character has two bits left over, which are zero in the canonical text.
  digest: text(43, {
    min: 43,
    pattern: /^[\w-]{42}[AEIMQUYcgkosw048]$/,
    hint: 'must be the canonical base64url of 32 bytes',
  }),
});

/** SHA-256 of a list, base64url: its codes in the order of their characters, a line feed after each. */
export function listDigest(items: readonly string[]): string {
  const lines = [...items].sort().map((code) => `${code}\n`);
  return hash('sha256', Buffer.from(lines.join('')), 'base64url');
}

/** Lists by their digest. */
export function catalogueLists(lists: Iterable<readonly string[]>): CatalogueLists {
  return new Map(Array.from(lists, (items) => [listDigest(items), [...items].sort()]));
}

import { CodedError, type Problem } from '#proto';
import { type AgreementContent, listDigest } from '#trust';

/**
 * The items of a department that a region last published to another under a scope (通办清单); undefined when it
 * published none under it.
 */
export type CatalogueItems = (
  publisher: string,
  recipient: string,
  scope: string,
  department: string,
) => Promise<readonly string[] | undefined>;

/** A draft whose catalogues are fixed, and the lists behind their digests. */
export interface FixedCatalogues {
  readonly draft: object;
  readonly lists: readonly (readonly string[])[];
}

/**
 * Replaces the scope that a grant names by the list that it stands for now: the items of the grantor's department in
 * the catalogue that the grantor published to the grantee.
 *
 * @param draft an agreement as an operator wrote it; what is wrong with it elsewhere is left for others to say
 * @throws CodedError VALIDATION_FAILED with every catalogue that stands for nothing
 */
export async function fixCatalogues(draft: object, itemsOf: CatalogueItems): Promise<FixedCatalogues> {
  const { grants } = draft as { grants?: unknown };
  if (!Array.isArray(grants)) return { draft, lists: [] };
  const problems: Problem[] = [];
  const lists = new Map<string, readonly string[]>();
  const fixed: unknown[] = [];
  for (const [index, grant] of grants.entries()) {
    const wanted = wantedIn(grant);
    const items = wanted && (await itemsOf(wanted.grantor, wanted.grantee, wanted.scope, wanted.department));
    if (wanted && (!items || items.length === 0)) {
      const message = `${wanted.grantor} has published no items of department ${wanted.department} to ${wanted.grantee} under it`;
      problems.push({ pointer: `/grants/${index}/catalogue/scope`, code: 'NOT_PUBLISHED', message });
    }
    if (!wanted || !items) {
      fixed.push(grant);
      continue;
    }
    const digest = listDigest(items);
    lists.set(digest, items);
    fixed.push({ items: [], ...(grant as object), catalogue: { scope: wanted.scope, digest } });
  }
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'a catalogue is not published', problems);
  return { draft: { ...draft, grants: fixed }, lists: [...lists.values()] };
}

/** Whether the lists are those that the digests of a document ask for, each once and no others. */
export function listsFit({ grants }: AgreementContent, lists: readonly (readonly string[])[]): boolean {
  const asked = new Set(grants.flatMap(({ catalogue }) => catalogue?.digest ?? []));
  const given = new Set(lists.map(listDigest));
  return given.size === lists.length && given.size === asked.size && [...asked].every((digest) => given.has(digest));
}

interface Wanted {
  readonly grantor: string;
  readonly grantee: string;
  readonly department: string;
  readonly scope: string;
}

function wantedIn(grant: unknown): Wanted | undefined {
  const { grantor, grantee, department, catalogue } = (grant ?? {}) as Record<string, unknown>;
  const code = (department as { code?: unknown } | null | undefined)?.code;
  const scope = (catalogue as { scope?: unknown } | null | undefined)?.scope;
  const texts = [grantor, grantee, code, scope];
  if (!texts.every((one): one is string => typeof one === 'string')) return undefined;
  return { grantor: texts[0]!, grantee: texts[1]!, department: texts[2]!, scope: texts[3]! };
}

import type { Problem } from '#proto';

/**
 * How one region stands to another in the hierarchy of GB/T 2260: above it (上级), below it (下级), the same one, or with
 * neither above the other (互不隶属), however far apart.
 */
export type Relation = 'same' | 'superior' | 'subordinate' | 'peer';

/** What a grant rests on: 授权 from above, 委托 from below, 相互委托 where neither is above. */
export const BASES = ['authorization', 'entrustment', 'mutual'] as const;
export type Basis = (typeof BASES)[number];

interface Word {
  readonly zh: string;
  readonly en: string;
}

/** The basis that each relation of grantor to grantee allows, and what it is called. A region grants itself nothing. */
const RULES: Readonly<Record<Exclude<Relation, 'same'>, { readonly basis: Basis; readonly word: Word }>> = {
  superior: { basis: 'authorization', word: { zh: '上级授权下级', en: 'a superior authorizes a subordinate' } },
  subordinate: { basis: 'entrustment', word: { zh: '下级委托上级', en: 'a subordinate entrusts a superior' } },
  peer: {
    basis: 'mutual',
    word: { zh: '互不隶属的地区相互委托', en: 'regions of which neither is above entrust each other' },
  },
};

/** Digits that name a province, a prefecture, a county, a township and a village. */
const CUTS = [2, 4, 6, 9, 12] as const;

/**
 * What `a` is to `b`, from their region codes alone.
 *
 * @param a six to twelve digits, as `b`; `150600` and `150600000000` are the same region
 */
export function relationOf(a: string, b: string): Relation {
  const [one, other] = [significant(a), significant(b)];
  if (one === other) return 'same';
  if (other.startsWith(one)) return 'superior';
  return one.startsWith(other) ? 'subordinate' : 'peer';
}

/**
 * Whether a grant rests on what the levels of its regions allow. A grant that names no basis is not judged.
 *
 * @returns problems with pointers from the root of the grant
 */
export function checkRelation(grant: {
  readonly grantor: string;
  readonly grantee: string;
  readonly basis?: Basis;
}): Problem[] {
  const { grantor, grantee, basis } = grant;
  const relation = relationOf(grantor, grantee);
  if (basis === undefined || relation === 'same') return [];
  const { basis: allowed, word } = RULES[relation];
  if (basis === allowed) return [];
  return [{ pointer: '/basis', code: 'RELATION', message: `must be ${allowed}: ${word.zh} / ${word.en}` }];
}

/** The code without the zeros that only fill it up to the levels below. */
function significant(code: string): string {
  return code.slice(
    0,
    CUTS.find((cut) => /^0*$/.test(code.slice(cut))),
  );
}

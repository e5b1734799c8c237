import {
  checkItemCode,
  checkSocialCreditCode,
  identifier,
  MODES,
  type Mode,
  oneOf,
  type Problem,
  type Rule,
  text,
} from '#proto';
import { type GrantedCatalogue, grantedCatalogue } from './catalogue-list.ts';
import { BASES, type Basis, checkRelation } from './levels.ts';
import { isObject, membersOf, region, uniqueList } from './member-rules.ts';
import { RIGHTS, type Right } from './rights.ts';

/** Trust grades of materials (材料可信等级), the highest first. */
export const GRADES = ['A', 'B', 'C', 'D'] as const;
export type Grade = (typeof GRADES)[number];

/** A department or a window's organisation. */
export interface Organisation {
  readonly name: string;
  /** Unified social credit code (GB 32100). */
  readonly code: string;
  /** Number by which its e-seal (电子印章) is found. */
  readonly seal?: string;
}

/** What one region allows the other for a group of items. */
export interface Grant {
  /** Region whose department has power over the items: the handling region. */
  readonly grantor: string;
  /** Region that may use the rights: the receiving region. */
  readonly grantee: string;
  /** Department with power over the items (事权部门). */
  readonly department: Organisation;
  /** Organisation that alone may use the rights (受托窗口); any of the grantee's when it is left out. */
  readonly window?: Organisation;
  readonly rights: readonly Right[];
  /** Item codes (事项编码); empty when the catalogue says everything. */
  readonly items: readonly string[];
  /** A catalogue whose items are covered beside those listed. */
  readonly catalogue?: GrantedCatalogue;
  readonly modes: readonly Mode[];
  /** Lowest trust grade of the materials that the grantee hands over; any when it is left out. */
  readonly grade?: Grade;
  /** What it rests on across levels (授权、委托、相互委托); where it is named, the levels of the two regions must allow it. */
  readonly basis?: Basis;
}

const organisation = membersOf(
  { name: text(100), code: identifier(checkSocialCreditCode) },
  { seal: text(64, { pattern: /^[\w.:-]+$/, hint: 'must be the number of a seal: letters, digits, . _ : -' }) },
);

const items = uniqueList(identifier(checkItemCode), 2000);

const members = membersOf(
  {
    grantor: region,
    grantee: region,
    department: organisation,
    rights: uniqueList(oneOf(...RIGHTS), RIGHTS.length, 1),
    items,
    modes: uniqueList(oneOf(...MODES), MODES.length, 1),
  },
  { window: organisation, catalogue: grantedCatalogue, grade: oneOf(...GRADES), basis: oneOf(...BASES) },
);

/** The rule of one grant, whatever the parties are. */
export const grant: Rule = (value, pointer, problems) => {
  members(value, pointer, problems);
  if (!isObject(value) || !Array.isArray(value.items) || value.items.length > 0 || 'catalogue' in value) return;
  problems.push({ pointer: `${pointer}/items`, code: 'REQUIRED', message: 'needs at least 1, or a catalogue' });
};

/** The members in their fixed order, and no others. */
export function orderedGrant(one: Grant): Grant {
  const { grantor, grantee, department, window, rights, items, catalogue, modes, grade, basis } = one;
  return {
    grantor,
    grantee,
    department: orderedOrganisation(department),
    ...(window && { window: orderedOrganisation(window) }),
    rights,
    items,
    ...(catalogue && { catalogue: { scope: catalogue.scope, digest: catalogue.digest } }),
    modes,
    ...(grade && { grade }),
    ...(basis && { basis }),
  };
}

/** Whether the grants are between the parties, and rest on what the levels of the regions allow. */
export function checkGrants({ parties, grants }: Record<string, unknown>): Problem[] {
  const problems: Problem[] = [];
  if (!Array.isArray(parties) || !Array.isArray(grants)) return problems;
  grants.forEach((entry: unknown, index) => {
    if (!isObject(entry)) return;
    for (const role of ['grantor', 'grantee'] as const) {
      if (typeof entry[role] === 'string' && !parties.includes(entry[role])) {
        const pointer = `/grants/${index}/${role}`;
        problems.push({ pointer, code: 'NOT_A_PARTY', message: 'must be one of the two parties' });
      }
    }
    if (entry.grantor === entry.grantee) {
      const pointer = `/grants/${index}/grantee`;
      problems.push({ pointer, code: 'SAME_REGION', message: 'must be another region than the grantor' });
    }
    problems.push(...checkBasis(entry).map((one) => ({ ...one, pointer: `/grants/${index}${one.pointer}` })));
  });
  return problems;
}

function checkBasis({ grantor, grantee, basis }: Record<string, unknown>): Problem[] {
  if (typeof grantor !== 'string' || typeof grantee !== 'string') return [];
  const named = BASES.find((one) => one === basis);
  return named ? checkRelation({ grantor, grantee, basis: named }) : [];
}

function orderedOrganisation({ name, code, seal }: Organisation): Organisation {
  return { name, code, ...(seal !== undefined && { seal }) };
}

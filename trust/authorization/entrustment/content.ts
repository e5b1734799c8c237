import type { JWK } from 'jose';
import {
  checkItemCode,
  checkSocialCreditCode,
  fields,
  identifier,
  integer,
  LIMITS,
  oneOf,
  type Problem,
  type Rule,
  text,
} from '#proto';
import { suiteOfKey } from '../../suites.ts';
import { parseDateTime } from '../date-time.ts';
import { dateTime, membersOf, region, uniqueList, uuid } from '../member-rules.ts';
import { RIGHT_NAMES } from '../rights.ts';

/**
 * What can be entrusted (授权委托书): the rights that regions grant each other, and the power over the decision itself that a
 * department gives its chief representative.
 */
export const ENTRUSTED_RIGHTS = {
  ...RIGHT_NAMES,
  D1: '审批决定权, decide',
  D2: '审核上报权, examine and report upwards',
  D3: '组织协调权, organise and coordinate',
  D4: '电子印章使用权, use the e-seal',
} as const;
export type EntrustedRight = keyof typeof ENTRUSTED_RIGHTS;

/** Who entrusts and is entrusted: 地区, 部门, 窗口机构, 首席代表. */
export const HOLDER_KINDS = ['region', 'department', 'window', 'representative'] as const;
export type HolderKind = (typeof HOLDER_KINDS)[number];

/** Somebody in a chain. */
export interface EntrustedParty {
  readonly kind: HolderKind;
  readonly name: string;
  /** Region code; social credit code of a department or an organisation; staff number (工号) of a representative. */
  readonly code: string;
}

/** Who is entrusted. */
export interface Holder extends EntrustedParty {
  /** Public key with which a department or an organisation signs by itself; without one its region signs for it. */
  readonly key?: JWK;
}

/** One link of a chain of entrustments (授权委托书): the payload that is signed, member for member. */
export interface EntrustmentContent {
  /** UUID, lower case. */
  readonly id: string;
  readonly version: 1;
  /** Region to which the power belongs; its own link begins every chain. */
  readonly region: string;
  /** Who entrusts (委托方): the holder of the link above, or the region. */
  readonly issuer: EntrustedParty;
  /** Who is entrusted (受托方). */
  readonly holder: Holder;
  readonly rights: readonly EntrustedRight[];
  /** Item codes (事项编码). */
  readonly items: readonly string[];
  /** Links that may follow (转委托); 0 if it may not be passed on. */
  readonly depth: number;
  /** Date-time with offset (RFC 3339), inclusive. */
  readonly valid_from: string;
  /** Date-time with offset (RFC 3339), exclusive. */
  readonly valid_until: string;
  /** Text of the letter. */
  readonly terms: string;
  readonly created_at: string;
  /** Base64url of the SHA-256 of the link above; absent in the region's own. */
  readonly parent?: string;
}

/** Whom each kind may entrust. Only a region begins a chain, and a representative passes nothing on. */
const MAY_ENTRUST: Readonly<Record<HolderKind, readonly HolderKind[]>> = {
  region: ['department'],
  department: ['department', 'window', 'representative'],
  window: ['window', 'representative'],
  representative: [],
};

/** Acceptance and decision stay apart (受理与审批相分离): a window holds no power over the decision. */
const RIGHTS_OF_WINDOWS: readonly string[] = Object.keys(RIGHT_NAMES);

const MAX_VALIDITY_MS = (5 * 365 + 2) * 24 * 60 * 60 * 1000;

const CODE_RULES: Readonly<Record<HolderKind, Rule>> = {
  region,
  department: identifier(checkSocialCreditCode),
  window: identifier(checkSocialCreditCode),
  representative: text(50),
};

const party = { kind: oneOf(...HOLDER_KINDS), name: text(100), code: text(50) };
const publicKey: Rule = (value, pointer, problems) => {
  const { kty, crv, x, y, ...others } = Object(value) as JWK;
  const complete =
    [kty, crv, x].every((member) => typeof member === 'string') && (y === undefined || typeof y === 'string');
  if (!complete || Object.keys(others).length > 0 || !suiteOfKey({ kty: kty!, crv: crv!, x: x! })) {
    problems.push({
      pointer,
      code: 'FORMAT',
      message: 'must be a public JWK of a known suite: kty, crv, x and y only',
    });
  }
};

const digest = text(43, { min: 43, pattern: /^[\w-]+$/, hint: 'must be the base64url of 32 bytes' });

const MEMBERS = {
  id: uuid,
  version: integer(1, 1),
  region,
  issuer: fields(party),
  holder: membersOf(party, { key: publicKey }),
  rights: uniqueList(oneOf(...Object.keys(ENTRUSTED_RIGHTS)), Object.keys(ENTRUSTED_RIGHTS).length, 1),
  items: uniqueList(identifier(checkItemCode), 2000, 1),
  depth: integer(0, LIMITS.entrustmentLinks - 1),
  valid_from: dateTime,
  valid_until: dateTime,
  terms: text(10_000, { lines: true }),
  created_at: dateTime,
};

const shape = membersOf(MEMBERS, { parent: digest });

/** Every wrong member of a content, with its pointer; nothing is added when it is an EntrustmentContent. */
export const entrustmentContent: Rule = (value, pointer, problems) => {
  const before = problems.length;
  shape(value, pointer, problems);
  // How the members fit together is judged once each of them is right.
  if (problems.length > before) return;
  const content = value as EntrustmentContent;
  problems.push(
    ...[...checkParties(content), ...checkRights(content), ...checkTimes(content)].map((problem) => {
      return { ...problem, pointer: pointer + problem.pointer };
    }),
  );
};

/** The members in their fixed order, and no others. The argument must have passed the rule. */
export function orderedEntrustment(content: EntrustmentContent): EntrustmentContent {
  const { kind, name, code, key } = content.holder;
  return {
    id: content.id,
    version: 1,
    region: content.region,
    issuer: { kind: content.issuer.kind, name: content.issuer.name, code: content.issuer.code },
    holder: { kind, name, code, ...(key && { key }) },
    rights: content.rights,
    items: content.items,
    depth: content.depth,
    valid_from: content.valid_from,
    valid_until: content.valid_until,
    terms: content.terms,
    created_at: content.created_at,
    ...(content.parent === undefined ? {} : { parent: content.parent }),
  };
}

function checkParties({ region, issuer, holder, parent }: EntrustmentContent): Problem[] {
  const problems: Problem[] = [];
  CODE_RULES[issuer.kind](issuer.code, '/issuer/code', problems);
  CODE_RULES[holder.kind](holder.code, '/holder/code', problems);
  if (!MAY_ENTRUST[issuer.kind].includes(holder.kind)) {
    const message = `a ${issuer.kind} entrusts ${MAY_ENTRUST[issuer.kind].join(' or ') || 'nobody'}`;
    problems.push({ pointer: '/holder/kind', code: 'KIND', message });
  }
  if (holder.key && holder.kind === 'representative') {
    problems.push({ pointer: '/holder/key', code: 'KIND', message: 'a representative signs no letters' });
  }
  if ((issuer.kind === 'region') !== (parent === undefined)) {
    problems.push({
      pointer: '/parent',
      code: 'KIND',
      message: 'is absent in the link of the region and nowhere else',
    });
  }
  if (issuer.kind === 'region' && issuer.code !== region) {
    problems.push({ pointer: '/issuer/code', code: 'OTHER_REGION', message: 'must be the region itself' });
  }
  return problems;
}

function checkRights({ holder, rights }: EntrustmentContent): Problem[] {
  if (holder.kind !== 'window') return [];
  return rights.flatMap((right, index) =>
    RIGHTS_OF_WINDOWS.includes(right)
      ? []
      : [{ pointer: `/rights/${index}`, code: 'NOT_FOR_WINDOWS', message: 'windows accept, departments decide' }],
  );
}

function checkTimes(content: EntrustmentContent): Problem[] {
  const [from, until] = [parseDateTime(content.valid_from)!, parseDateTime(content.valid_until)!];
  const late = (message: string) => [{ pointer: '/valid_until', code: 'RANGE', message }];
  if (until <= from) return late('must be after valid_from');
  return until - from > MAX_VALIDITY_MS ? late('must be at most five years after valid_from') : [];
}

import type { CatalogueLists } from '../catalogue-list.ts';
import type { AgreementContent } from '../content.ts';
import { type GrantChangeKind, grantChanges } from './grant-changes.ts';
import { counted, fieldWords, regionWords, type Words } from './words.ts';

/** What can be different between two versions, what matters most to the persons concerned first. */
export const CHANGE_KINDS = [
  'parties',
  'fields-added',
  'items-added',
  'rights-added',
  'grant-terms',
  'validity',
  'fields-removed',
  'items-removed',
  'rights-removed',
  'terms',
  'origin',
  'wording',
] as const satisfies readonly (GrantChangeKind | string)[];
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One difference between two versions of an agreement, in words. */
export interface Change extends Words {
  readonly kind: ChangeKind;
  /** Lines of the text that were taken out (`- …`) or put in (`+ …`), at most 20. */
  readonly lines?: readonly string[];
}

const MAX_LINES = 10;
const NO_LISTS: CatalogueLists = new Map();

/**
 * What is different in `after` from `before`, one sentence each: first the fields that may newly travel, then what else
 * is added, then what is taken away. Two documents always have different ids, and times at which they were written;
 * everything else that differs is said.
 *
 * @param lists what stands behind the digests of catalogues; without its list a catalogue is named as a whole
 */
export function describeChanges(
  before: AgreementContent,
  after: AgreementContent,
  lists: CatalogueLists = NO_LISTS,
): readonly Change[] {
  const changes: Change[] = [
    ...partyChanges(before, after),
    ...fieldChanges(before, after),
    ...grantChanges(before, after, lists),
    ...validityChanges(before, after),
    ...termChanges(before, after),
    ...originChanges(before, after),
  ];
  const rank = ({ kind }: Change) => CHANGE_KINDS.indexOf(kind);
  return [...changes, ...wordingChanges(before, after, changes)].sort((a, b) => rank(a) - rank(b));
}

function partyChanges({ parties: before }: AgreementContent, { parties: after }: AgreementContent): Change[] {
  if (before.every((party) => after.includes(party))) return [];
  const [older, newer] = [before, after].map((parties) => parties.map(regionWords).join('、'));
  return [{ kind: 'parties', zh: `双方变更:${older} → ${newer}`, en: `other parties: ${older} → ${newer}` }];
}

function fieldChanges({ fields: before }: AgreementContent, { fields: after }: AgreementContent): Change[] {
  const added = after.filter((path) => !allows(before, path)).map(fieldWords);
  const removed = before.filter((path) => !allows(after, path)).map(fieldWords);
  const changes: Change[] = [];
  if (added.length > 0) {
    const zh = `以下个人信息今后可以传递。${counted(added.map((one) => one.zh)).zh}`;
    const en = `these personal fields may newly travel; ${counted(added.map((one) => one.en)).en}`;
    changes.push({ kind: 'fields-added', zh, en });
  }
  if (removed.length > 0) {
    const zh = `以下个人信息今后不再传递。${counted(removed.map((one) => one.zh)).zh}`;
    const en = `these personal fields may no longer travel; ${counted(removed.map((one) => one.en)).en}`;
    changes.push({ kind: 'fields-removed', zh, en });
  }
  return changes;
}

function validityChanges(before: AgreementContent, after: AgreementContent): Change[] {
  const words = { valid_from: { zh: '生效时间', en: 'begin' }, valid_until: { zh: '终止时间', en: 'end' } } as const;
  return (['valid_from', 'valid_until'] as const).flatMap((member): Change[] => {
    const [older, newer] = [before[member], after[member]];
    if (Date.parse(older) === Date.parse(newer)) return [];
    const { zh, en } = words[member];
    return [{ kind: 'validity', zh: `${zh}变更:${older} → ${newer}`, en: `another ${en}: ${older} → ${newer}` }];
  });
}

function termChanges({ terms: before }: AgreementContent, { terms: after }: AgreementContent): Change[] {
  if (before === after) return [];
  const [older, newer] = [before.split('\n'), after.split('\n')];
  const removed = older.filter((line) => !newer.includes(line));
  const added = newer.filter((line) => !older.includes(line));
  const lines = [
    ...removed.slice(0, MAX_LINES).map((line) => `- ${line}`),
    ...added.slice(0, MAX_LINES).map((line) => `+ ${line}`),
  ];
  if (lines.length === 0) {
    return [
      {
        kind: 'terms',
        zh: '协议正文各行的次序或重复变更',
        en: 'the same lines of the text in another order or number',
      },
    ];
  }
  const zh = `协议正文变更:删去 ${removed.length} 行,新增 ${added.length} 行`;
  const en = `another text: ${removed.length} lines taken out, ${added.length} put in`;
  return [{ kind: 'terms', zh, en, lines }];
}

function originChanges(before: AgreementContent, after: AgreementContent): Change[] {
  const words = {
    supersedes: { zh: '续签的原协议', en: 'agreement that it renews' },
    counters: { zh: '所答复的提案', en: 'proposal that it answers' },
  } as const;
  return (['supersedes', 'counters'] as const).flatMap((member): Change[] => {
    const [older, newer] = [before[member], after[member]];
    if (older === newer) return [];
    const change = `${older ?? '无 none'} → ${newer ?? '无 none'}`;
    const { zh, en } = words[member];
    return [{ kind: 'origin', zh: `${zh}:${change}`, en: `${en}: ${change}` }];
  });
}

/** What is written in another way and means the same, so that no difference of the bytes stays unsaid. */
function wordingChanges(before: AgreementContent, after: AgreementContent, said: readonly Change[]): Change[] {
  const members: readonly (readonly [keyof AgreementContent, Words, (kind: ChangeKind) => boolean])[] = [
    ['parties', { zh: '双方', en: 'parties' }, (kind) => kind === 'parties'],
    ['grants', { zh: '授权条目', en: 'grants' }, (kind) => /^(?:items|rights|grant)-/.test(kind)],
    ['fields', { zh: '字段清单', en: 'list of fields' }, (kind) => kind.startsWith('fields-')],
    ['valid_from', { zh: '生效时间', en: 'begin' }, (kind) => kind === 'validity'],
    ['valid_until', { zh: '终止时间', en: 'end' }, (kind) => kind === 'validity'],
  ];
  return members.flatMap(([member, { zh, en }, tellsOf]): Change[] => {
    if (JSON.stringify(before[member]) === JSON.stringify(after[member])) return [];
    if (said.some(({ kind }) => tellsOf(kind))) return [];
    return [
      {
        kind: 'wording',
        zh: `${zh}的写法变更,含义不变`,
        en: `the ${en} are written in another way, with the same meaning`,
      },
    ];
  });
}

function allows(fields: readonly string[], path: string): boolean {
  return fields.includes(path) || fields.includes(`${path.slice(0, path.indexOf('.'))}.*`);
}

import type { ErrorCode, Mode, messages, PayloadName, Problem } from '#proto';
import { AuthorizationError } from '../errors.ts';
import type { CatalogueLists } from './catalogue-list.ts';
import type { AgreementContent } from './content.ts';
import { parseDateTime } from './date-time.ts';
import { GRADES, type Grade } from './grant.ts';
import { type Permission, POLICY, type Requirement, type Side } from './policy.ts';
import { RIGHT_NAMES, type Right } from './rights.ts';

/** A message about to be sent or just received, with its place in the case it belongs to. */
export interface AuthorizedUse {
  readonly name: PayloadName;
  /** The payload as `decode` gives it. */
  readonly payload: object;
  /** Region that sends the message. */
  readonly sender: string;
  /** Item code of the case; for a question about a certificate, of the item that produced it; about data, that it serves. */
  readonly item: string;
  /** Undefined only for messages that belong to no case. */
  readonly mode: Mode | undefined;
  /** Region that took the case in (收件地); for a question, the region that asks. */
  readonly receiving: string;
  /** Region that has power over the item (办理地); for a question, the region that issued. */
  readonly handling: string;
  /** `sent_at` of the envelope, milliseconds. */
  readonly at: number;
}

/** What a window of the receiving region does by itself, without a message, such as a one-time notice (一次性告知). */
export interface LocalUse {
  readonly item: string;
  readonly mode: Mode;
  readonly receiving: string;
  readonly handling: string;
  readonly right: Right;
}

/** An agreement made ready for judging many messages. */
export interface CompiledAgreement {
  readonly content: AgreementContent;
  /**
   * Returns when the agreement permits the message. Whether the agreement is in force is for the books to say; here
   * only the validity that is written in it counts, and only for what opens a case or asks about a certificate.
   *
   * @throws AuthorizationError AUTHORIZATION_INACTIVE, ITEM_NOT_COVERED, MODE_NOT_COVERED, RIGHT_MISSING,
   *   MATERIAL_GRADE and FIELD_NOT_ALLOWED with the pointer of every such material or field
   */
  judge(use: AuthorizedUse): void;
  /** Whether a personal field may travel: `applicant.name`, `form.经营项目`, `certificate.holder_name`, `data.KIND.NAME`. */
  allowsField(path: string): boolean;
  /** Whether any grant covers an item, whichever of the two regions gave it. */
  covers(item: string): boolean;
  /** Whether the receiving region holds a right for what it does by itself. */
  grantsRight(use: LocalUse): boolean;
}

/** A grant with its lists as sets. */
interface CompiledGrant {
  readonly grantor: string;
  readonly grantee: string;
  readonly modes: ReadonlySet<string>;
  readonly rights: ReadonlySet<Right>;
  readonly window: string | undefined;
  readonly grade: Grade | undefined;
}

type AuthorizationNeed = Extract<Requirement, { needs: 'authorization' }>;

/** Fields that concern the applicant as a person; kind of applicant and type of document tell nothing about anybody. */
const PERSONAL = ['name', 'documentNumber', 'mobile', 'address'] as const;

const NO_LISTS: CatalogueLists = new Map();

/**
 * Prepares an agreement; `judge` then costs a few look-ups a message.
 *
 * @param lists what stands behind the digests of its catalogues; a catalogue without its list covers nothing
 */
export function compileAgreement(content: AgreementContent, lists: CatalogueLists = NO_LISTS): CompiledAgreement {
  const from = parseDateTime(content.valid_from)!;
  const until = parseDateTime(content.valid_until)!;
  const byItem = grantsByItem(content, lists);
  const allowsField = fieldTest(content.fields);

  function judge(use: AuthorizedUse): void {
    const need: Requirement = POLICY[use.name];
    if (need.needs === 'pinned') return;
    if (need.opens && (use.at < from || use.at >= until))
      deny('AUTHORIZATION_INACTIVE', 'the message is outside its validity');
    if (need.plain !== undefined && (use.payload as { kind?: string }).kind === need.plain) return;
    const covering = coveringGrants(byItem.get(use.item) ?? [], use, need);
    const grants = usableBy(covering, use);
    demandRights(grants, rightsUsed(use, need), use.sender);
    demandGrades(grants, use);
    demandFields(use, allowsField);
  }

  function grantsRight({ item, mode, receiving, handling, right }: LocalUse): boolean {
    const ofItem = byItem.get(item) ?? [];
    return ofItem.some(
      ({ grantor, grantee, modes, rights }) =>
        grantor === handling && grantee === receiving && modes.has(mode) && rights.has(right),
    );
  }
  return { content, judge, allowsField, covers: (item) => byItem.has(item), grantsRight };
}

function coveringGrants(
  ofItem: readonly CompiledGrant[],
  use: AuthorizedUse,
  need: AuthorizationNeed,
): CompiledGrant[] {
  const { handling, receiving, mode } = use;
  const directed = ofItem.filter(
    ({ grantor, grantee }) =>
      (grantor === handling && grantee === receiving) || (!need.mode && grantor === receiving && grantee === handling),
  );
  if (directed.length === 0) deny('ITEM_NOT_COVERED', `the authorization does not cover item ${use.item}`);
  if (!need.mode) return directed;
  const inMode = directed.filter(({ modes }) => mode !== undefined && modes.has(mode));
  if (inMode.length === 0)
    deny('MODE_NOT_COVERED', `the authorization does not cover mode ${mode} of item ${use.item}`);
  return inMode;
}

/** A grant to one window's organisation serves only messages that say they come from it. */
function usableBy(grants: readonly CompiledGrant[], use: AuthorizedUse): readonly CompiledGrant[] {
  const organisation = (use.payload as { handler?: messages.Handler | null }).handler?.organisation;
  if (sideOf(use) !== 'receiving' || organisation === undefined) return grants;
  const usable = grants.filter(
    ({ grantor, window }) => grantor === use.sender || window === undefined || window === organisation,
  );
  if (usable.length === 0) {
    const named = [...new Set(grants.map(({ window }) => window))].join('、');
    deny('RIGHT_MISSING', `the authorization is granted to ${named} only`);
  }
  return usable;
}

/** The rights that the sender uses by sending this: that of the message, and those that its content claims. */
function rightsUsed(use: AuthorizedUse, need: AuthorizationNeed): Right[] {
  const side = sideOf(use);
  const permission: Permission =
    need.from.find((candidate) => candidate.side === side) ??
    deny('RIGHT_MISSING', `${use.name} is not for the ${side ?? 'sending'} region to send`);
  const own = permission.right ? [permission.right] : [];
  return side === 'receiving' ? [...own, ...rightsClaimed(use.payload)] : own;
}

function sideOf({ sender, receiving, handling }: AuthorizedUse): Side | undefined {
  if (sender === receiving) return 'receiving';
  return sender === handling ? 'handling' : undefined;
}

function rightsClaimed(payload: Partial<messages.CaseTransfer>): Right[] {
  const verifiedOriginal = payload.materials?.some(({ grade, checkedBy }) => grade === 'B' || checkedBy);
  return [...(verifiedOriginal ? (['R3'] as const) : []), ...(payload.identityCheck ? (['R4'] as const) : [])];
}

/** Whoever grants has the right itself. */
function demandRights(grants: readonly CompiledGrant[], rights: readonly Right[], sender: string): void {
  for (const right of rights) {
    if (!grants.some((grant) => grant.grantor === sender || grant.rights.has(right))) {
      deny('RIGHT_MISSING', `the authorization does not grant ${right} (${RIGHT_NAMES[right]}) for this item and mode`);
    }
  }
}

/** Of several grants the one that asks for least counts, as with rights. */
function demandGrades(grants: readonly CompiledGrant[], use: AuthorizedUse): void {
  if (sideOf(use) !== 'receiving') return;
  const lowest = Math.max(...grants.map(({ grade }) => (grade ? GRADES.indexOf(grade) : GRADES.length)));
  const problems = ((use.payload as Partial<messages.CaseTransfer>).materials ?? []).flatMap(({ grade }, index) =>
    GRADES.indexOf(grade as Grade) <= lowest
      ? []
      : [
          {
            pointer: `/materials/${index}/grade`,
            code: 'MATERIAL_GRADE',
            message: `must be ${GRADES[lowest]} or better; have a window check the original`,
          },
        ],
  );
  if (problems.length > 0) deny('MATERIAL_GRADE', undefined, problems);
}

function demandFields(use: AuthorizedUse, allows: (path: string) => boolean): void {
  const problems = personalFields(use)
    .filter(([top, name]) => !allows(`${top}.${name}`))
    .map(([, name, pointer]) => ({
      pointer: `${pointer}/${name}`,
      code: 'FIELD_NOT_ALLOWED',
      message: 'is not on the allow-list of the authorization; leave it out',
    }));
  if (problems.length > 0) deny('FIELD_NOT_ALLOWED', undefined, problems);
}

/** The filled-in personal fields of a payload: group and name for the allow-list, and where the group stands. */
function personalFields({ name, payload }: AuthorizedUse): [group: string, name: string, pointer: string][] {
  if (name === 'CaseTransfer' || name === 'PreviewRequested' || name === 'DirectOutcome') {
    const { applicant, form } = payload as Partial<messages.CaseTransfer>;
    return [
      ...PERSONAL.filter((field) => applicant?.[field]).map(triple('applicant', '/applicant')),
      ...filled(form).map(triple('form', '/form')),
    ];
  }
  if (name === 'CertificateAnswer') {
    return filled((payload as Partial<messages.CertificateAnswer>).fields).map(triple('certificate', '/fields'));
  }
  if (name === 'InquiryAsked') {
    const { subject } = payload as Partial<messages.InquiryAsked>;
    return (['name', 'documentNumber'] as const)
      .filter((field) => subject?.[field])
      .map(triple('applicant', '/subject'));
  }
  // A field of one kind of data is not that of another: `data.real-estate.address`.
  if (name === 'DataQuestion') {
    const { kind = '', parameters = [] } = payload as Partial<messages.DataQuestion>;
    return parameters.map((parameter, index) => ['data', `${kind}.${parameter.name}`, `/parameters/${index}`]);
  }
  if (name === 'DataAnswer') {
    const { kind = '', fields } = payload as Partial<messages.DataAnswer>;
    return filled(fields).map((field) => ['data', `${kind}.${field}`, '/fields']);
  }
  return [];
}

function triple(group: string, pointer: string): (name: string) => [string, string, string] {
  return (name) => [group, name, pointer];
}

function filled(values: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(values).filter((name) => values[name] !== '');
}

function grantsByItem(
  { grants }: AgreementContent,
  lists: CatalogueLists,
): ReadonlyMap<string, readonly CompiledGrant[]> {
  const byItem = new Map<string, CompiledGrant[]>();
  for (const { grantor, grantee, modes, rights, items, catalogue, window, grade } of grants) {
    const sets = { modes: new Set<string>(modes), rights: new Set(rights) };
    const compiled = { grantor, grantee, ...sets, window: window?.name, grade };
    const listed = (catalogue && lists.get(catalogue.digest)) ?? [];
    for (const item of new Set([...items, ...listed])) byItem.set(item, [...(byItem.get(item) ?? []), compiled]);
  }
  return byItem;
}

function fieldTest(paths: readonly string[]): (path: string) => boolean {
  const allowed = new Set(paths);
  return (path) => allowed.has(path) || allowed.has(`${path.slice(0, path.indexOf('.'))}.*`);
}

function deny(code: ErrorCode, detail?: string, problems: readonly Problem[] = []): never {
  throw new AuthorizationError(code, detail, problems);
}

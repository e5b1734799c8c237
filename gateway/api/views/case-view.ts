import { type Mode, maskName, maskNumber } from '#proto';
import type { Applicant, CaseFile, CaseMaterial, KeptNote } from '../../case/case-file.ts';
import type { DirectOutcome } from '../../case/direct/direct-outcomes.ts';
import { type CaseLimit, holderOf, LIMIT_KINDS } from '../../case/limits/limit-names.ts';
import { machineOf } from '../../case/machines/machine-of.ts';
import { NOTES, type NoteName } from '../../case/notes/notes.ts';
import { isHeld } from '../../case/personal/erasure-notes.ts';
import { nextDue } from '../../case/search/case-keys.ts';
import { allowedEvents, STATES } from '../../case/transitions.ts';
import { SEAL_RESULTS, type SealResult } from '../../document/seal-result.ts';
import type { ScanResult } from '../../scan/scan-table.ts';
import type { CaseJson, CaseSummaryJson } from './case-schemas.ts';
import { hide, hideTexts, hideValues } from './privacy.ts';

/** What somebody who reads a case is shown. */
interface CaseReader {
  readonly isOpen: boolean;
  readonly hasCode: boolean;
}

/** By digest in hex. */
interface FoundAboutMaterials {
  readonly seals: ReadonlyMap<string, SealResult>;
  readonly scans: ReadonlyMap<string, ScanResult>;
}

type Outline = Omit<CaseSummaryJson, 'applicant' | 'dueAt'>;

/**
 * A case as the API shows it.
 *
 * @param now milliseconds, for the time limit
 * @param reader whether he is shown personal data in full (`isOpen`), and the query code, which tells nothing about anybody
 * @param found what was found about materials when they came
 */
export function caseJson(
  file: CaseFile,
  now: number,
  { isOpen, hasCode }: CaseReader,
  found: FoundAboutMaterials = { seals: new Map(), scans: new Map() },
): CaseJson {
  const { document, endedAt, erasedAt } = file;
  const texts = isOpen ? <T>(value: T) => value : hideTexts;
  return {
    ...outlineOf(file),
    masked: !isOpen,
    allowed: file.pending ? [] : allowedEvents(machineOf(file), file.state, file.role),
    authorization: file.authorizationId,
    applicant: isOpen ? document.applicant : maskedApplicant(document.applicant),
    ...(document.legalBasis && { legalBasis: document.legalBasis }),
    form: isOpen ? document.form : hideValues(document.form),
    materials: document.materials.map((material) =>
      materialJson(material, sealsFor(found.seals.get(material.digest), isOpen), found.scans.get(material.digest)),
    ),
    ...(document.identityCheck && { identityCheck: texts(document.identityCheck) }),
    handler: document.handler,
    ...(document.receiptNotice && { receiptNotice: document.receiptNotice, receivedAt: document.receivedAt }),
    limits: document.limits.map((limit) => limitJson(limit, file.mode, now)),
    steps: texts(document.steps),
    notes: (document.notes ?? []).map((note) => noteJson(note, texts(note.data))),
    repeatedNotices: (document.notices ?? []).flatMap(({ event, at, violations }) =>
      violations.length > 0 ? [{ event, at, materials: violations }] : [],
    ),
    ...(document.joint && { joint: document.joint }),
    queryCode: hasCode ? document.queryCode : '',
    ...(document.commitment && { commitment: texts(document.commitment) }),
    ...(document.certificate && { certificate: document.certificate }),
    ...(document.rejected && { rejected: document.rejected }),
    isHeld: isHeld(file),
    ...(endedAt !== undefined && { endedAt }),
    ...(erasedAt !== undefined && { erasedAt }),
  } as CaseJson;
}

/** A case in a list, for any reader. */
export function caseSummary(file: CaseFile): CaseSummaryJson {
  const { kind, name, documentType, documentNumber } = maskedApplicant(file.document.applicant);
  const dueAt = nextDue(file.document.limits);
  const applicant = { kind, name, documentType, documentNumber };
  return { ...outlineOf(file), ...(dueAt !== null && { dueAt }), applicant } as CaseSummaryJson;
}

/** What an applicant is told of his case: nothing personal. @param now milliseconds */
export function progressJson(file: CaseFile, now: number) {
  const { number, item, mode, state, updatedAt, document } = file;
  const running = document.limits.filter((limit) => limit.state === 'running' && limit.dueAt !== undefined);
  const limits = running.map(({ name, dueAt }) => ({
    label: LIMIT_KINDS[name].label,
    dueAt: dueAt!,
    isLate: now > dueAt!,
  }));
  return { number, item, mode, state, stateLabel: STATES[state], updatedAt, limits };
}

/** How another region decided a case of ours, for any reader. */
export function directOutcomeJson({ applicant, certificate, ...outcome }: DirectOutcome) {
  const { kind, name, documentType, documentNumber } = maskedApplicant(applicant);
  const masked = { kind: kind as 'person' | 'legal-person', name, documentType, documentNumber };
  return { ...outcome, applicant: masked, ...(certificate && { certificate }) };
}

export function materialJson(material: CaseMaterial, found?: SealResult, scan?: ScanResult) {
  const seals = found && { ...found, ...SEAL_RESULTS[found.result], by: [...found.by] };
  const grade = material.grade as 'A' | 'B' | 'C' | 'D';
  return { ...material, grade, ...(seals && { seals }), ...(scan && { scan }) };
}

/** A limit that ran out a moment ago is late, even if nobody has looked yet. */
function limitJson(limit: CaseLimit, mode: Mode, now: number) {
  const { label } = LIMIT_KINDS[limit.name];
  const holder = holderOf(limit.name, mode);
  const isOver = limit.state === 'running' && limit.dueAt !== undefined && now > limit.dueAt;
  return { ...limit, label, holder, isLate: limit.isLate === true || isOver };
}

/** A seal may be a person's. */
function sealsFor(found: SealResult | undefined, isOpen: boolean): SealResult | undefined {
  return found && (isOpen ? found : { ...found, by: found.by.map(hide) });
}

function noteJson({ kind, region, handler, at, code }: KeptNote, data: object) {
  return { kind, label: NOTES[kind as NoteName].label, region, handler, at, data, ...(code && { code }) };
}

function outlineOf(file: CaseFile): Outline {
  const { conversation, number, role, peer, peerNumber, item, mode, state, version, createdAt, updatedAt } = file;
  return {
    conversation,
    number,
    role,
    peer,
    peerNumber,
    item,
    mode,
    state,
    stateLabel: STATES[state],
    pending: file.pending?.event ?? null,
    version,
    createdAt,
    updatedAt,
  };
}

/** What may be seen of an applicant by anybody. */
export function maskedApplicant(applicant: Applicant): Applicant {
  return {
    ...applicant,
    name: maskName(applicant.name),
    documentNumber: maskNumber(applicant.documentNumber),
    mobile: maskNumber(applicant.mobile),
    address: hide(applicant.address),
  };
}

import { maskNumber, type messages } from '#proto';
import type { Office } from '../../calendar/office.ts';
import { ACCEPTANCE_DAYS, sidesOf } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import type { ActPaper, ActRecord } from './act-papers.ts';
import type { NamedLimit, PaperDetails, PaperFacts } from './paper-facts.ts';

/** The neighbouring rooms, as notices see them. */
export interface PaperSources {
  readonly office: Office;
  /** An item by the region that decides and its version; undefined when it is not there any more. */
  readonly itemOf: (
    region: string,
    code: string,
    digest?: string,
  ) => Promise<Pick<messages.Item, 'name' | 'departmentCode' | 'result'> | undefined>;
  /** The department with power over an item (事权部门), as the authorization of the case names it. */
  readonly departmentOf: (
    authorizationId: string,
    use: { readonly item: string; readonly mode: string; readonly grantor: string },
  ) => Promise<PaperFacts['authority'] | undefined>;
}

/** Notices that are given in the name of the department, whoever gives them. */
const BY_DEPARTMENT: ReadonlySet<string> = new Set(['acceptance', 'commitment', 'refusal', 'supplement']);

/** What a notice of our own act says. The same case and act always give the same. */
export async function factsOf(
  file: CaseFile,
  paper: ActPaper,
  us: string,
  sources: PaperSources,
): Promise<Omit<PaperFacts, 'format'>> {
  const { number, at, kind, issuer, record } = paper;
  const { mode, peerNumber, document } = file;
  const sides = mode === 'direct' ? { receiving: us, handling: us } : sidesOf(file, us);
  const item = await sources.itemOf(sides.handling, file.item, document.itemDigest);
  const handler = { ...document.handler, ...record.handler };
  const isReceiving = file.role === 'receiving';
  return {
    kind,
    number,
    at,
    issuer,
    ...sides,
    mode,
    receivingNumber: isReceiving ? file.number : peerNumber,
    handlingNumber: isReceiving && mode !== 'direct' ? peerNumber : file.number,
    queryCode: document.queryCode,
    item: { code: file.item, name: item?.name ?? file.item },
    applicant: applicantOf(file),
    authority: BY_DEPARTMENT.has(kind)
      ? await authorityOf(file, paper, sides.handling, { sources, code: item?.departmentCode ?? '' })
      : { name: handler.organisation, code: '' },
    handler,
    details: DETAILS[kind](file, paper, { office: sources.office, result: item?.result ?? '', record }),
  };
}

function applicantOf({ document: { applicant } }: CaseFile): PaperFacts['applicant'] {
  const { kind, name, documentType, documentNumber } = applicant;
  const isPerson = kind !== 'legal-person';
  const shown = isPerson ? maskNumber(documentNumber) : documentNumber;
  return { kind: isPerson ? 'person' : 'legal-person', name, documentType, documentNumber: shown };
}

/** The department to which the case was passed on last, else that of the agreement, else whoever acted. */
async function authorityOf(
  file: CaseFile,
  { at, record }: ActPaper,
  grantor: string,
  { sources, code }: { readonly sources: PaperSources; readonly code: string },
): Promise<PaperFacts['authority']> {
  const passed = (file.document.notes ?? []).findLast((note) => note.kind === 'passed-on' && note.at <= at)?.data as
    | { readonly department: string; readonly departmentCode: string }
    | undefined;
  if (passed) return { name: passed.department, code: passed.departmentCode };
  const { item, mode, authorizationId } = file;
  const granted = mode === 'direct' ? undefined : await sources.departmentOf(authorizationId, { item, mode, grantor });
  return granted ?? { name: record.handler?.organisation ?? file.document.handler.organisation, code };
}

interface Known {
  readonly office: Office;
  /** Name of the certificate that the item produces. */
  readonly result: string;
  readonly record: ActRecord;
}

type Detailed = (file: CaseFile, paper: ActPaper, known: Known) => PaperDetails;

const missing: Detailed = (_file, { record }) => ({
  items: (record.items ?? []).map(({ material, reason, legalBasis = '' }) => ({ material, reason, legalBasis })),
});

const committed: Detailed = (_file, { record }) => {
  const { materials, text, signedAt, document } = record.commitment as NonNullable<PaperDetails['commitment']>;
  const promised = materials.map(({ material, dueAt }) => ({ material, dueAt }));
  return { commitment: { materials: promised, text, signedAt, document } };
};

const DETAILS: Readonly<Record<PaperFacts['kind'], Detailed>> = {
  receipt: ({ mode, document }, { at, record }, { office }) => {
    // What was added later is not part of it.
    const taken = record.materials && new Set(record.materials);
    const materials = document.materials.filter(({ digest }) => taken?.has(digest) ?? true);
    const days = document.terms.acceptanceWorkingDays || ACCEPTANCE_DAYS;
    const handOver = document.limits.find(({ name }) => name === 'hand-over')?.dueAt;
    return {
      materials: materials.map(({ name, grade }) => ({ name, grade })),
      limits:
        mode === 'direct'
          ? [{ name: 'acceptance', days, dueAt: office.after(at, days) }]
          : [
              { name: 'hand-over', ...(handOver !== undefined && { dueAt: handOver }) },
              { name: 'acceptance', days },
            ],
    };
  },
  'one-time-notice': missing,
  acceptance: (file, paper, { office, record }) => {
    const { promisedWorkingDays, statutoryWorkingDays } = file.document.terms;
    const limit = (name: NamedLimit['name'], days: number) => ({ name, days, dueAt: office.after(paper.at, days) });
    const promised = limit('promised', record.promisedWorkingDays ?? promisedWorkingDays);
    const statutory = statutoryWorkingDays > 0 ? [limit('statutory', statutoryWorkingDays)] : [];
    return {
      limits: [promised, ...statutory],
      ...(record.deemed && { deemed: true }),
      ...(record.commitment && committed(file, paper, { office, result: '', record })),
    };
  },
  commitment: committed,
  refusal: (_file, { record: { reason = '', legalBasis = '' } }) => ({ reason, legalBasis }),
  supplement: (file, paper, known) => {
    const { deadline, way } = paper.record;
    return { ...missing(file, paper, known), ...(deadline !== undefined && { deadline }), ...(way && { way }) };
  },
  delivery: ({ document: { steps, certificate } }, { record }, { result }) => {
    const { typeName = result } = (steps.issue ?? {}) as { readonly typeName?: string };
    const way = record.way as NonNullable<PaperDetails['served']>['way'];
    return {
      served: certificate
        ? { what: 'certificate', name: typeName, identifier: certificate, way }
        : { what: 'denial', name: '', identifier: '', way },
    };
  },
};

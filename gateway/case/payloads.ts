import type { messages, PayloadName } from '#proto';
import type { CaseFile, CaseMaterial, JointPlace, KeptCommitment } from './case-file.ts';
import { commitmentMessage, keptCommitment } from './tolerance/commitment.ts';
import type { Event } from './transitions.ts';

/** What the gateway itself knows when an act becomes a message. */
export interface ActFacts {
  readonly file: CaseFile;
  /** Milliseconds. */
  readonly now: number;
  /** Makes a number for a notice, e.g. 受-… */
  readonly notice: (prefix: string) => string;
  readonly promisedWorkingDays: number;
  readonly itemDigest: Buffer;
  /** The certificate that was signed for this act. */
  readonly certificate?: { readonly text: string; readonly identifier: string; readonly typeName: string };
}

type Input = Record<string, unknown> & { readonly handler: messages.Handler };
type Builder = (input: Input, facts: ActFacts) => object;

/** How each act becomes the payload of its message. */
const BUILDERS: Readonly<Partial<Record<Event, Builder>>> = {
  'request-preview': ({ handler }, facts) => ({ ...applicationOf(facts), handler }),
  'give-preview': ({ handler, opinions, summary }, { now }) => ({ opinions, summary, givenAt: now, handler }),
  transfer: (_input, facts) => ({ ...applicationOf(facts), ...takenIn(facts) }),
  accept: ({ handler, commitment, deemed = false }, { file, notice, promisedWorkingDays }) => ({
    caseNumber: file.number,
    notice: notice('受'),
    handler,
    promisedWorkingDays,
    commitment: commitment ? commitmentMessage(commitment as KeptCommitment) : null,
    deemed,
  }),
  refuse: ({ handler, reason, legalBasis }, { notice }) => ({ notice: notice('不予受'), reason, legalBasis, handler }),
  return: ({ handler, reason }) => ({ reason, handler }),
  'request-supplement': ({ handler, items, deadline, way }, { notice }) => ({
    notice: notice('补'),
    items,
    deadline,
    way,
    handler,
  }),
  'submit-supplement': ({ handler }, { file }) => ({
    materials: addedSinceTransfer(file).map(materialMessage),
    handler,
  }),
  'start-special': ({ handler, kind, reason }, { now }) => ({ kind, reason, startedAt: now, handler }),
  'end-special': ({ handler, result }, { file, now }) => ({ kind: specialKind(file), result, endedAt: now, handler }),
  approve: ({ handler, explanation }, { now }) => ({ decision: 'approved', explanation, decidedAt: now, handler }),
  deny: ({ handler, explanation }, { now }) => ({ decision: 'denied', explanation, decidedAt: now, handler }),
  issue: ({ handler }, { certificate }) => ({
    certificate: certificate!.text,
    certificateIdentifier: certificate!.identifier,
    typeName: certificate!.typeName,
    handler,
  }),
  revoke: ({ handler, ground, reason, legalBasis }, { now }) => ({
    ground,
    reason,
    legalBasis,
    revokedAt: now,
    handler,
  }),
  deliver: ({ handler, way }, { now }) => ({ way, deliveredAt: now, handler }),
  rate: ({ score, comment }, { now }) => ({ score, comment, ratedAt: now }),
  withdraw: ({ handler, reason }) => ({ reason, handler }),
};

/** What opens a case at the other region. */
function applicationOf({ file, itemDigest }: ActFacts) {
  const { item, mode, number, document } = file;
  const { applicant, form, materials, queryCode, legalBasis = null } = document;
  const handedIn = { applicant, form, materials: materials.map(materialMessage) };
  return { item, itemDigest, mode, caseNumber: number, ...handedIn, queryCode, legalBasis };
}

/** What the window that took it in adds. */
function takenIn({ file }: ActFacts) {
  const { identityCheck = null, receiptNotice = '', receivedAt = 0, handler, joint } = file.document;
  return { identityCheck, receiptNotice, receivedAt, handler, ...wholeOf(joint) };
}

/** Of a bundle the other region learns the number alone: it needs no more to leave the hand-over to us. */
function wholeOf(place: JointPlace | undefined) {
  if (!place) return { joint: null, bundleNumber: '' };
  const { agreement, part, number } = place;
  if (agreement === '') return { joint: null, bundleNumber: number };
  return { joint: { agreementId: agreement, part, jointNumber: number }, bundleNumber: '' };
}

/** Builds the payload of an act. The outbox holds it against the rules of its type. */
export function payloadOf(event: Event, input: object, facts: ActFacts): object {
  const build = BUILDERS[event];
  if (!build) throw new TypeError(`the act ${event} has no message`);
  return build(input as Input, facts);
}

/** Messages that name files; the files go before them. */
const WITH_FILES: ReadonlySet<PayloadName> = new Set([
  'PreviewRequested',
  'CaseTransfer',
  'SupplementSubmitted',
  'CaseNote',
]);
const NOTHING = { materials: [] };

/** Digests of the files that must be at the other side before the message, in hex. */
export function materialsOf(name: PayloadName, payload: object): string[] {
  const named = name === 'CaseNote' ? ((payload as Partial<messages.CaseNote>).restHandedIn ?? NOTHING) : payload;
  const { materials } = WITH_FILES.has(name) ? (named as { materials: readonly messages.Material[] }) : NOTHING;
  return [...new Set(materials.map((material) => material.digest.toString('hex')))];
}

/** What the case file remembers of an act that stays here; of taking in also what there was to take in. */
export function localRecord(event: Event, input: object, { document }: CaseFile): object {
  return event === 'receive' ? { ...input, materials: document.materials.map(({ digest }) => digest) } : input;
}

/** A payload as the case file remembers it: materials by their digest, the applicant not again. */
export function stepRecord(payload: object): object {
  const {
    materials,
    applicant: _applicant,
    form: _form,
    certificate: _certificate,
    itemDigest: _item,
    queryCode: _code,
    legalBasis,
    commitment,
    deemed,
    ...others
  } = payload as Record<string, unknown>;
  const rest = {
    ...others,
    // Of a decision the provision of law; that of an application stands in the document.
    ...(typeof legalBasis === 'string' ? { legalBasis } : {}),
    ...(commitment ? { commitment: keptCommitment(commitment as messages.Commitment) } : {}),
    ...(deemed ? { deemed } : {}),
  };
  if (!Array.isArray(materials)) return rest;
  return { ...rest, materials: (materials as messages.Material[]).map((material) => material.digest.toString('hex')) };
}

/** Materials of a message as the case file keeps them. */
export function keptMaterials(materials: readonly messages.Material[]): CaseMaterial[] {
  return materials.map(({ name, digest, size, mediaType, grade, checkedBy, checkedAt }) => ({
    name,
    digest: digest.toString('hex'),
    size,
    mediaType,
    grade,
    ...(checkedBy ? { checkedBy, checkedAt } : {}),
  }));
}

/** A material of the case file as it travels. */
export function materialMessage(material: CaseMaterial): messages.Material {
  const { name, digest, size, mediaType, grade, checkedBy, checkedAt } = material;
  return {
    name,
    digest: Buffer.from(digest, 'hex'),
    size,
    mediaType,
    grade,
    checkedBy: checkedBy ?? null,
    checkedAt: checkedAt ?? 0,
  };
}

/** What the window took in after the handling region asked for it. */
function addedSinceTransfer(file: CaseFile): readonly CaseMaterial[] {
  const { transfer, 'submit-supplement': supplement } = file.document.steps as Record<string, { materials?: string[] }>;
  const rest = (file.document.notes ?? []).flatMap(({ kind, data }) =>
    kind === 'rest-handed-in' ? (data as { materials: readonly CaseMaterial[] }).materials : [],
  );
  const sent = new Set([
    ...(transfer?.materials ?? []),
    ...(supplement?.materials ?? []),
    ...rest.map(({ digest }) => digest),
  ]);
  return file.document.materials.filter((material) => !sent.has(material.digest));
}

function specialKind(file: CaseFile): string {
  return (file.document.steps['start-special'] as { kind?: string } | undefined)?.kind ?? '';
}

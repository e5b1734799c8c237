import { CodedError, type messages } from '#proto';
import type { CaseDocument, CaseFile, KeptCommitment, PromisedMaterial } from '../case-file.ts';
import type { CaseLimit } from '../limits/limit-names.ts';
import { endLimit } from '../limits/move-limits.ts';
import type { Event } from '../transitions.ts';

/** What was promised and is not there yet. */
export function outstanding({ commitment }: Pick<CaseDocument, 'commitment'>): readonly PromisedMaterial[] {
  return (commitment?.materials ?? []).filter(({ handedInAt }) => handedInAt === undefined);
}

/** When the first thing that is outstanding is due, milliseconds; undefined when nothing is. */
export function earliestDue(document: Pick<CaseDocument, 'commitment'>): number | undefined {
  const moments = outstanding(document).map(({ dueAt }) => dueAt);
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

/**
 * P8: what was granted is handed over when the rest is in. A refusal keeps nobody waiting: it gives nothing away.
 *
 * @throws CodedError ILLEGAL_TRANSITION that names what is outstanding
 */
export function demandRestIn({ state, document }: CaseFile): void {
  const left = state === 'denied' ? [] : outstanding(document);
  if (left.length === 0) return;
  const names = left.map(({ material }) => material).join('、');
  throw new CodedError(
    'ILLEGAL_TRANSITION',
    `the result is handed over when the rest is in (容缺受理); still outstanding: ${names}`,
  );
}

/** The commitment of an acceptance, as the case file keeps it. */
export function keptCommitment(message: messages.Commitment): KeptCommitment {
  const { materials, text, signedAt, document, creditWaived } = message;
  return {
    materials: materials.map(({ material, dueAt }) => ({ material, dueAt })),
    text,
    signedAt,
    document: document.toString('hex'),
    creditWaived,
  };
}

/** A commitment as it travels. */
export function commitmentMessage({ materials, document, ...rest }: KeptCommitment): messages.Commitment {
  return {
    ...rest,
    materials: materials.map(({ material, dueAt }) => ({ material, dueAt })),
    document: Buffer.from(document, 'hex'),
  };
}

/**
 * What a step does to the commitment of a case and to its limit: an acceptance may bring one, and whatever is handed in
 * afterwards counts.
 *
 * @param record what the step brought
 * @param at milliseconds
 */
export function withCommitment(
  document: CaseDocument,
  event: Event,
  { record, at }: { readonly record: object; readonly at: number },
): Partial<CaseDocument> {
  if (event === 'submit-supplement') return countHandedIn(document, at);
  const { commitment } = record as { readonly commitment?: KeptCommitment };
  if (event !== 'accept' || !commitment) return {};
  return withLimit({ ...document, commitment }, at);
}

/** Takes note of every promised material that lies there by now. */
export function countHandedIn(document: CaseDocument, at: number): Partial<CaseDocument> {
  const { commitment } = document;
  if (!commitment) return {};
  const there = new Set(document.materials.map(({ name }) => name));
  const materials = commitment.materials.map((promised) =>
    promised.handedInAt === undefined && there.has(promised.material) ? { ...promised, handedInAt: at } : promised,
  );
  return withLimit({ ...document, commitment: { ...commitment, materials } }, at);
}

/** One limit for all that is outstanding: it runs out with the first of them. */
function withLimit(document: CaseDocument, at: number): Pick<CaseDocument, 'commitment' | 'limits'> {
  const { commitment, limits } = document;
  const dueAt = earliestDue(document);
  const kept = commitment ? { commitment } : {};
  const known = limits.find(({ name }) => name === 'commitment');
  if (dueAt === undefined) return { ...kept, limits: endLimit(limits, 'commitment', at) };
  if (known && (known.state === 'ended' || known.dueAt === dueAt)) return { ...kept, limits };
  const limit: CaseLimit = { name: 'commitment', state: 'running', since: at, used: 0, dueAt };
  return { ...kept, limits: [...limits.filter((other) => other !== known), limit] };
}

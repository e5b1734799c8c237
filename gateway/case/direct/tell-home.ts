import type { messages } from '#proto';
import { AuthorizationError } from '#trust';
import type { Outbox } from '../../outbound/outbox.ts';
import type { Transaction } from '../../store/store.ts';
import type { Applicant, CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import type { CaseNeighbours } from '../neighbours.ts';

/** What became of telling the home region: the envelope, or the code why it is not told. */
export type ToldHome = { readonly envelope: string } | { readonly code: string };

interface TellOptions {
  readonly region: string;
  readonly outbox: Outbox;
  readonly neighbours: Pick<CaseNeighbours, 'permit'>;
}

/** Personal fields of an applicant, as the problems of a judgement name them. */
const PERSONAL = /^\/applicant\/(name|documentNumber|mobile|address)$/;

/**
 * M4: tells the home region (属地) how a case of one of its people was decided, if an authorization in force says that it
 * is told: a grant of the item in the mode `direct`. Of the applicant only what the allow-list names goes along.
 *
 * @param at milliseconds
 */
export async function tellHome(
  tx: Transaction,
  file: CaseFile,
  handler: messages.Handler,
  at: number,
  { region, outbox, neighbours }: TellOptions,
): Promise<ToldHome> {
  const { peer, item, conversation, document } = file;
  const payload = {
    item,
    mode: 'direct',
    caseNumber: file.number,
    applicant: document.applicant,
    decision: file.state === 'denied' ? 'denied' : 'approved',
    certificateIdentifier: document.certificate ?? '',
    decidedAt: at,
    handler,
  };
  const permitted = permitLeast(payload);
  if (typeof permitted === 'string') return { code: permitted };
  const { authorization, applicant } = permitted;
  const told = { ...payload, applicant };
  const { id } = await outbox.enqueue(tx, { peer, conversation, name: 'DirectOutcome', payload: told, authorization });
  return { envelope: id };

  /** Leaves out what may not travel; gives the code where nothing is to be told at all. */
  function permitLeast(full: { readonly applicant: Applicant }) {
    let { applicant } = full;
    for (;;) {
      const judged = { ...full, applicant };
      const use = { name: 'DirectOutcome', payload: judged, sender: region, item, mode: 'direct' } as const;
      try {
        return { applicant, authorization: neighbours.permit({ ...use, receiving: region, handling: peer, at }) };
      } catch (error) {
        if (!(error instanceof AuthorizationError)) throw error;
        const named = error.code === 'FIELD_NOT_ALLOWED' ? error.problems : [];
        const hidden = named.flatMap(({ pointer }) => PERSONAL.exec(pointer)?.[1] ?? []);
        if (hidden.length === 0) return error.code;
        applicant = { ...applicant, ...Object.fromEntries(hidden.map((name) => [name, ''])) };
      }
    }
  }
}

/** Writes into the history of a case whether its home region is told, and why not. */
export async function writeTelling(
  tx: Transaction,
  file: CaseFile,
  told: ToldHome,
  { at, actor }: { readonly at: number; readonly actor: string },
): Promise<CaseFile> {
  const changed = { ...file, version: file.version + 1 };
  await caseRepository.update(tx, changed);
  const { envelope, data } = 'envelope' in told ? { envelope: told.envelope, data: {} } : { envelope: '', data: told };
  const event = 'envelope' in told ? 'home-told' : 'home-not-told';
  await caseRepository.addEvent(tx, file.conversation, {
    n: changed.version,
    event,
    actor,
    at,
    state: file.state,
    envelope,
    data,
  });
  return changed;
}

import { CodedError, type RevocationGround } from '#proto';
import type { Transaction } from '../store/store.ts';
import type { CaseFile } from './case-file.ts';
import type { CaseNeighbours } from './neighbours.ts';
import { earliestDue } from './tolerance/commitment.ts';

/** Why and on what ground a result is taken back. */
export interface TakenBack {
  readonly ground: RevocationGround;
  readonly reason: string;
}

/**
 * P13 撤销: only what was granted can be taken back.
 *
 * @throws CodedError ILLEGAL_TRANSITION
 */
export function demandGranted({ document }: CaseFile): void {
  if (!('deny' in document.steps)) return;
  throw new CodedError('ILLEGAL_TRANSITION', 'the application was denied: nothing was granted that can be taken back');
}

/**
 * P8: that a commitment was broken shows when its time is over and something is still outstanding.
 *
 * @param at milliseconds
 * @throws CodedError ILLEGAL_TRANSITION
 */
export function demandBroken({ document }: CaseFile, ground: RevocationGround, at: number): void {
  if (ground !== 'commitment-broken') return;
  const dueAt = earliestDue(document);
  if (dueAt === undefined)
    throw new CodedError('ILLEGAL_TRANSITION', 'nothing is outstanding that the applicant committed himself to');
  if (at <= dueAt)
    throw new CodedError('ILLEGAL_TRANSITION', 'the applicant still has time for what he committed himself to');
}

/**
 * What follows when the region that decided takes its decision back, in the unit of work of the act: the certificate of the
 * case is revoked, of which every region that knows it is told, and false materials are reported to the credit platform
 * (A13). The gateway keeps no list of its own.
 *
 * @param at milliseconds
 */
export async function takeBack(
  tx: Transaction,
  file: CaseFile,
  { ground, reason }: TakenBack,
  {
    region,
    at,
    neighbours,
  }: {
    readonly region: string;
    readonly at: number;
    readonly neighbours: Pick<CaseNeighbours, 'emit' | 'revokeCertificate'>;
  },
): Promise<void> {
  const { conversation, number, peer, state, document } = file;
  if (document.certificate !== undefined)
    await neighbours.revokeCertificate(tx, document.certificate, { ground, reason, by: number });
  if (ground === 'false-materials')
    await neighbours.emit(tx, {
      conversation,
      number,
      peer,
      event: 'false-materials',
      actor: region,
      state,
      at,
      ground,
    });
}

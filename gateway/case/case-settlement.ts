import type { PayloadName } from '#proto';
import type { Settled } from '../outbound/context.ts';
import type { Transaction } from '../store/store.ts';
import { writeMove, writeStep } from './case-changes.ts';
import type { CaseContext } from './case-context.ts';
import type { CaseFile } from './case-file.ts';
import { caseRepository } from './case-repository.ts';
import { movesLimits } from './limits/move-limits.ts';
import { MACHINES } from './machines/machines.ts';
import { answer, viewOf } from './receiving-view.ts';

/** What becomes of our acts when the other region has judged them. */
export class CaseSettlement {
  readonly #context: Pick<CaseContext, 'region' | 'now' | 'neighbours'>;

  constructor(context: Pick<CaseContext, 'region' | 'now' | 'neighbours'>) {
    this.#context = context;
  }

  /** The fate of a message that we sent about a case: our request is applied or dropped. */
  async settled(tx: Transaction, { conversation, id, code, name, sentAt }: Settled): Promise<void> {
    // A Skip only takes the place of a message whose fate was told; its receipt is no answer to a newer act.
    if (name === 'Skip') return;
    // A note is no act: nothing waits for its answer.
    if (name === 'CaseNote') return code === '' ? undefined : this.#noteRefused(tx, conversation, id, code);
    const found = await caseRepository.findHead(tx, conversation);
    if (!found) return;
    const { head, sent } = found;
    if (head.role === 'handling') {
      if (code !== '') await this.#noteRejection(tx, await caseRepository.demand(tx, conversation), name, code);
      return;
    }
    if (!head.pending) return;
    const { view, applied } = answer(MACHINES[head.mode], viewOf(head), code === '' ? 'accepted' : 'rejected');
    const { region, now, neighbours } = this.#context;
    const at = now();
    const moved = { rows: applied, state: view.state, pending: view.pending };
    const step = { ...moved, actor: region, at: sentAt, envelope: id, record: sent };
    if (code === '' && !applied.some(movesLimits)) return writeMove(tx, head, step, at, neighbours.emit);
    const file = await caseRepository.demand(tx, conversation);
    const rejected = code === '' ? undefined : { event: head.pending.event, code };
    await writeStep(tx, file, { ...step, document: rejected ? { rejected } : {} }, at, neighbours);
    if (rejected) await this.#emitRejected(tx, file, code);
  }

  async #noteRejection(tx: Transaction, file: CaseFile, name: PayloadName, code: string): Promise<void> {
    const document = { ...file.document, rejected: { event: name, code } };
    await caseRepository.update(tx, { ...file, document, updatedAt: this.#context.now() });
    tx.afterCommit(() => this.#context.neighbours.alarm(file.conversation, name, code));
    await this.#emitRejected(tx, file, code);
  }

  async #noteRefused(tx: Transaction, conversation: string, id: string, code: string): Promise<void> {
    const file = await caseRepository.find(tx, conversation);
    if (!file) return;
    const notes = (file.document.notes ?? []).map((kept) => (kept.envelope === id ? { ...kept, code } : kept));
    await this.#noteRejection(tx, { ...file, document: { ...file.document, notes } }, 'CaseNote', code);
  }

  #emitRejected(tx: Transaction, file: CaseFile, code: string): Promise<void> {
    const { conversation, number, peer, state } = file;
    const { neighbours, now } = this.#context;
    return neighbours.emit(tx, { conversation, number, peer, event: 'rejected', actor: peer, state, at: now(), code });
  }
}

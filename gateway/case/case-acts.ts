import type { messages, PayloadName } from '#proto';
import type { Transaction } from '../store/store.ts';
import { demandReady } from './act-demands.ts';
import { actMessage, useOf } from './act-message.ts';
import { deciderOf, type SaveCase, sidesOf, writeStep } from './case-changes.ts';
import type { CaseContext } from './case-context.ts';
import type { CaseFile } from './case-file.ts';
import { tellHome, writeTelling } from './direct/tell-home.ts';
import { machineOf } from './machines/machine-of.ts';
import type { Citation, ItemFacts, SignedCertificate } from './neighbours.ts';
import { localRecord, materialsOf, stepRecord } from './payloads.ts';
import { act as actOn, type ReceivingView, viewOf } from './receiving-view.ts';
import { apply, type Event, type Row, type State } from './transitions.ts';

/** What an act does to our view of a case. */
export interface ActResult {
  readonly rows: readonly Row[];
  readonly state: State;
  readonly pending: CaseFile['pending'];
  readonly message: PayloadName | undefined;
}

/** What the caller of an act knows already. */
export interface ActExtras {
  /** For the event `issue`. */
  readonly certificate?: SignedCertificate | undefined;
  /** The item of the case; read from the store when it is left out. */
  readonly item?: ItemFacts;
  /** The authorization that was found to permit the act in the same unit of work; looked up when it is left out. */
  readonly authorization?: Citation;
  /** How the case is written; an update when it is left out. */
  readonly save?: SaveCase;
  /** M3: done to every part of a joint case at once. */
  readonly withWhole?: boolean;
}

/** The acts of our part in a case: judged by the machine of its mode, written, and told to the other region. */
export class CaseActs {
  readonly #context: Pick<CaseContext, 'region' | 'now' | 'neighbours' | 'outbox'>;

  constructor(context: Pick<CaseContext, 'region' | 'now' | 'neighbours' | 'outbox'>) {
    this.#context = context;
  }

  /**
   * Does something with a case in a unit of work.
   *
   * @param input as the rule of the act has read it
   * @returns the case as it then is
   * @throws CodedError ILLEGAL_TRANSITION, what the act demands, and the authorization's codes
   */
  async act(
    tx: Transaction,
    file: CaseFile,
    event: Event,
    input: object,
    { certificate, save, item: known, authorization: found, withWhole }: ActExtras = {},
  ): Promise<CaseFile> {
    const { region, now, neighbours, outbox } = this.#context;
    const moved = this.judge(file, event);
    const at = now();
    const item = known ?? (await neighbours.itemOf(tx, deciderOf(file, region), file.item, file.document.itemDigest));
    demandReady(event, file, input, { item, at, withWhole });
    if (!moved.message) {
      this.demandRights(file, moved.rows);
      const extra = event === 'receive' ? { receiptNotice: `收${file.number}`, receivedAt: at } : {};
      if (certificate) await certificate.keep(tx);
      const issued = certificate ? { certificate: certificate.identifier } : {};
      const record = localRecord(event, input, file);
      const step = { ...moved, actor: region, at, envelope: '', record, document: { ...extra, ...issued } };
      const changed = await writeStep(tx, file, step, at, neighbours, save);
      return file.mode === 'direct' ? this.#tellHome(tx, changed, event, input) : changed;
    }
    const payload = actMessage(file, event, input, { at, item, certificate });
    const authorization =
      found ?? neighbours.permitUnder(file.authorizationId, useOf(file, moved.message, payload, region, at));
    if (certificate) await certificate.keep(tx);
    const sent = await outbox.enqueue(tx, {
      peer: file.peer,
      conversation: file.conversation,
      name: moved.message,
      payload,
      authorization,
      materials: materialsOf(moved.message, payload),
    });
    const record = stepRecord(payload);
    const document = {
      ...(certificate ? { certificate: certificate.identifier } : {}),
      // A request is remembered before it is applied, for the receipt and for what it already sent.
      ...(moved.rows.length === 0 ? { steps: { ...file.document.steps, [event]: record } } : {}),
    };
    // A draft may have been judged by an agreement that was renewed since: the case begins under the one that is cited.
    const authorizationId = authorization.id;
    const prepared = { ...file, authorizationId, document: { ...file.document, ...document } };
    const step = { ...moved, actor: region, at, envelope: sent.id, record, document: {} };
    return writeStep(tx, prepared, step, at, neighbours, save);
  }

  /** M4: the home region is told of the outcome where the authorization says so; whether it was stands in the history. */
  async #tellHome(tx: Transaction, file: CaseFile, event: Event, input: object): Promise<CaseFile> {
    // M3: our own part of a joint case concerns no home region.
    if ((event !== 'issue' && event !== 'deny') || file.document.joint) return file;
    const { now } = this.#context;
    const at = now();
    const { handler } = input as { handler: messages.Handler };
    const told = await tellHome(tx, file, handler, at, this.#context);
    return writeTelling(tx, file, told, { at, actor: this.#context.region });
  }

  /** What a window does by itself needs its right too; an act with a message is judged with it. */
  demandRights(file: CaseFile, rows: readonly Row[]): void {
    const { item, mode, authorizationId } = file;
    for (const { needs } of rows) {
      if (!needs) continue;
      const use = { item, mode, ...sidesOf(file, this.#context.region), right: needs };
      this.#context.neighbours.demandRight(authorizationId, use);
    }
  }

  /** What our act does to our view of the case. @throws CodedError ILLEGAL_TRANSITION */
  judge(file: CaseFile, event: Event): ActResult {
    const machine = machineOf(file);
    if (file.role === 'handling') {
      const { row, to } = apply(machine, file.state, event, 'handling', 'handling');
      return { rows: [row], state: to, pending: undefined, message: row.message };
    }
    const before: ReceivingView = viewOf(file);
    const { view, applied } = actOn(machine, before, event);
    const message = view.pending && apply(machine, file.state, event, 'receiving', 'receiving').row.message;
    return { rows: applied, state: view.state, pending: view.pending, message };
  }
}

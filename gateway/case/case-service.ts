import { CodedError, type messages, type PayloadName } from '#proto';
import type { AuthorizedUse } from '#trust';
import type { MaterialStore } from '../material/material-store.ts';
import type { Settled } from '../outbound/context.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { Store, Transaction } from '../store/store.ts';
import { deciderOf, nextNumber, type SaveCase, sidesOf, termsOf, writeMove, writeStep } from './case-changes.ts';
import type { CaseEvent, CaseFile, CaseHead, CaseMaterial } from './case-file.ts';
import { type CaseInput, readActInput, readCaseInput } from './case-input.ts';
import { CaseMaterials, type Upload } from './case-materials.ts';
import { caseRepository } from './case-repository.ts';
import { type DirectOutcome, listOutcomes } from './direct/direct-outcomes.ts';
import { tellHome, writeTelling } from './direct/tell-home.ts';
import { demandComplete, demandForm } from './formal-review.ts';
import { type Holding, holdingsOf } from './holders.ts';
import { movesLimits } from './limits/move-limits.ts';
import { MACHINES } from './machines/machines.ts';
import type { CaseNeighbours, CertificateWish, Citation, ItemFacts, SignedCertificate } from './neighbours.ts';
import { note, readNoteInput } from './notes/case-notes.ts';
import type { NoteName } from './notes/notes.ts';
import { demandEverythingNamed } from './one-time-notice.ts';
import { materialsOf, payloadOf, stepRecord } from './payloads.ts';
import { act, answer, type ReceivingView } from './receiving-view.ts';
import { apply, type Event, type Row, type State } from './transitions.ts';

export interface CaseServiceOptions {
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly newId: () => string;
  /** Makes a query code that nobody can guess. */
  readonly newCode: () => string;
  readonly outbox: Outbox;
  readonly materials: MaterialStore;
  readonly neighbours: CaseNeighbours;
}

/** What a caller wants done in the same unit of work, with the case as it then is. */
export type AlsoDone = (tx: Transaction, file: CaseFile) => Promise<void>;

interface ActResult {
  readonly rows: readonly Row[];
  readonly state: State;
  readonly pending: CaseFile['pending'];
  readonly message: PayloadName | undefined;
}

/** What the caller of an act knows already. */
interface ActExtras {
  /** For the event `issue`. */
  readonly certificate?: SignedCertificate | undefined;
  /** The item of the case; read from the store when it is left out. */
  readonly item?: ItemFacts;
  /** The authorization that was found to permit the act in the same unit of work; looked up when it is left out. */
  readonly authorization?: Citation;
  /** How the case is written; an update when it is left out. */
  readonly save?: SaveCase;
}

/** Cases (办件) of this region: taken in for others, and handled for others. */
export class CaseService {
  readonly #options: CaseServiceOptions;
  readonly #materials: CaseMaterials;

  constructor(options: CaseServiceOptions) {
    this.#options = options;
    this.#materials = new CaseMaterials(options);
  }

  /**
   * P1: opens a case at our window, as a draft.
   *
   * @param options.conversation case key to use instead of a fresh one; the caller has made sure that it is new
   * @throws CodedError VALIDATION_FAILED, PEER_NOT_PINNED, ITEM_UNKNOWN, and the authorization's codes
   */
  async create(
    input: unknown,
    options: { readonly conversation?: string; readonly also?: AlsoDone } = {},
  ): Promise<CaseFile> {
    const { read, item } = await this.#readInput(input);
    return this.#options.store.write(async (tx) => {
      const { draft } = await this.#draft(tx, read, item, options.conversation);
      await caseRepository.insert(tx, draft);
      await options.also?.(tx, draft);
      return draft;
    });
  }

  /**
   * P1 to P4 at once, for a case without materials: opens, takes in and hands over.
   *
   * @throws CodedError as `create` and `act`
   */
  async submit(input: unknown, options: { readonly also?: AlsoDone } = {}): Promise<CaseFile> {
    const { read, item } = await this.#readInput(input);
    return this.#options.store.write(async (tx) => {
      const { draft, authorization } = await this.#draft(tx, read, item);
      if (!authorization)
        throw new CodedError('VALIDATION_FAILED', 'a case that we decide ourselves is not handed over');
      const by = { handler: read.handler };
      // The item is read and the transfer judged once, and the case goes into the store once, as the last step leaves it.
      const received = await this.#actIn(tx, draft, 'receive', by, { item, save: saveLater });
      const transferred = await this.#actIn(tx, received, 'transfer', by, {
        item,
        authorization,
        save: caseRepository.insert,
      });
      await options.also?.(tx, transferred);
      return transferred;
    });
  }

  /**
   * Does something with a case, in the part that we have in it.
   *
   * @param key the conversation or our case number
   * @param version the version that the caller saw; undefined to act on whatever is there
   * @throws CodedError NOT_FOUND, CONFLICT, VALIDATION_FAILED, ILLEGAL_TRANSITION, and the authorization's codes
   */
  async act(key: string, event: Event, input: unknown, version?: number): Promise<CaseFile> {
    const read = readActInput<object>(event, input);
    const seen = await this.demand(key);
    this.#judgeState(seen, event);
    const certificate = event === 'issue' ? await this.#certificate(seen, read) : undefined;
    return this.#options.store.write(async (tx) => {
      const file = (await caseRepository.find(tx, seen.conversation))!;
      if (version !== undefined && version !== file.version)
        throw new CodedError('CONFLICT', 'the case has changed since it was read');
      return this.#actIn(tx, file, event, read, { certificate });
    });
  }

  /**
   * Notes something that belongs to a case and does not move it (随件事项).
   *
   * @param key the conversation or our case number
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED, ILLEGAL_TRANSITION, and the authorization's codes
   */
  async note(key: string, kind: NoteName, input: unknown): Promise<CaseFile> {
    const read = readNoteInput(kind, input);
    const { conversation } = await this.demand(key);
    return this.#options.store.write(async (tx) =>
      note(tx, await demandIn(tx, conversation), kind, read, this.#options),
    );
  }

  /**
   * Takes a file of a case in, in constant memory.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when the case takes no files now, MATERIAL_TOO_LARGE
   */
  async addMaterial(key: string, upload: Upload, bytes: AsyncIterable<Uint8Array>): Promise<CaseMaterial> {
    return this.#materials.add(await this.demand(key), upload, bytes);
  }

  /**
   * R3: a window compared a material with its original (原件核验); it becomes grade B.
   *
   * @throws CodedError NOT_FOUND, CONFLICT
   */
  checkOriginal(conversation: string, digest: string, checkedBy: messages.Handler): Promise<CaseMaterial> {
    return this.#materials.checkOriginal(conversation, digest, checkedBy);
  }

  /** P16: how far a case is, by the code that the applicant was given. @throws CodedError NOT_FOUND */
  async progress(code: string): Promise<CaseFile> {
    const file = await caseRepository.findByQueryCode(this.#options.store.read, code);
    if (!file) throw new CodedError('NOT_FOUND', 'no case has this query code');
    return file;
  }

  /** A case by its conversation, our number, or the number of the other region where only one case has it. @throws CodedError NOT_FOUND */
  async demand(key: string): Promise<CaseFile> {
    const { read } = this.#options.store;
    const file =
      (await caseRepository.find(read, key)) ??
      (await caseRepository.findByNumber(read, key)) ??
      (await caseRepository.findByPeerNumber(read, key));
    if (!file) throw new CodedError('NOT_FOUND', 'there is no case with this number');
    return file;
  }

  /** Newest first; see `caseRepository.list`. */
  list(
    ...query: Parameters<typeof caseRepository.list> extends [unknown, ...infer Rest] ? Rest : never
  ): Promise<CaseFile[]> {
    return caseRepository.list(this.#options.store.read, ...query);
  }

  events(conversation: string): Promise<CaseEvent[]> {
    return caseRepository.events(this.#options.store.read, conversation);
  }

  /** M4: how other regions decided cases of our people; see `listOutcomes`. */
  directOutcomes(
    limit: number,
    before?: readonly [receivedAt: number, conversation: string],
  ): Promise<DirectOutcome[]> {
    return listOutcomes(this.#options.store.read, limit, before);
  }

  /** P12: who held a case when, and who was late. @throws CodedError NOT_FOUND */
  async holdings(key: string): Promise<Holding[]> {
    const file = await this.demand(key);
    const { region, now, neighbours } = this.#options;
    return holdingsOf(file, await this.events(file.conversation), {
      us: region,
      now: now(),
      office: neighbours.office,
    });
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
      if (code !== '') await this.#noteRejection(tx, await demandIn(tx, conversation), name, code);
      return;
    }
    if (!head.pending) return;
    const { view, applied } = answer(MACHINES[head.mode], viewOf(head), code === '' ? 'accepted' : 'rejected');
    const { region, now, neighbours } = this.#options;
    const at = now();
    const moved = { rows: applied, state: view.state, pending: view.pending };
    const step = { ...moved, actor: region, at: sentAt, envelope: id, record: sent };
    if (code === '' && !applied.some(movesLimits)) return writeMove(tx, head, step, at, neighbours.emit);
    const file = await demandIn(tx, conversation);
    const rejected = code === '' ? undefined : { event: head.pending.event, code };
    await writeStep(tx, file, { ...step, document: rejected ? { rejected } : {} }, at, neighbours);
    if (rejected) await this.#emitRejected(tx, file, code);
  }

  async #readInput(input: unknown): Promise<{ read: CaseInput; item: ItemFacts }> {
    const read = readCaseInput(input);
    const { neighbours, store } = this.#options;
    if (read.mode === 'direct') return { read, item: await this.#ownItem(read) };
    neighbours.demandPeer(read.handlingRegion);
    const item = await neighbours.itemOf(store.read, read.handlingRegion, read.item);
    if (!item) throw new CodedError('ITEM_UNKNOWN', 'the handling region has not published this item to us');
    demandForm(read.form, item);
    return { read, item };
  }

  /** M4: an item that we decide ourselves, for somebody who belongs to another region. */
  async #ownItem({ item: code, handlingRegion, form }: CaseInput): Promise<ItemFacts> {
    const { region, neighbours, store } = this.#options;
    if (handlingRegion === region) {
      const message = 'must be another region: the home region of the applicant (属地)';
      throw new CodedError('VALIDATION_FAILED', undefined, [
        { pointer: '/handlingRegion', code: 'SAME_REGION', message },
      ]);
    }
    const item = await neighbours.itemOf(store.read, region, code);
    if (!item) throw new CodedError('ITEM_UNKNOWN', 'this region does not offer the item');
    demandForm(form, item);
    if (item.modes.includes('direct')) return item;
    throw new CodedError('MODE_NOT_COVERED', 'the item is not one that any region may decide (直接通办)');
  }

  async #draft(
    tx: Transaction,
    input: CaseInput,
    facts: ItemFacts,
    conversation?: string,
  ): Promise<{ readonly draft: CaseFile; readonly authorization?: Citation }> {
    const { region, now, newId, newCode } = this.#options;
    const at = now();
    const { handlingRegion, item, mode, applicant, form, handler, identityCheck } = input;
    const file: CaseFile = {
      conversation: conversation ?? newId(),
      number: await nextNumber(tx, region, at),
      role: 'receiving',
      peer: handlingRegion,
      peerNumber: '',
      item,
      mode,
      state: 'draft',
      pending: undefined,
      authorizationId: '',
      version: 0,
      document: {
        applicant,
        form,
        materials: [],
        ...(identityCheck ? { identityCheck } : {}),
        handler,
        itemDigest: facts.digest.toString('hex'),
        terms: termsOf(facts),
        limits: [],
        queryCode: newCode(),
        steps: {},
      },
      createdAt: at,
      updatedAt: at,
    };
    // Our own power is enough.
    if (mode === 'direct') return { draft: file };
    // The transfer as it would be sent now: judged before anybody waits at a window in vain.
    const transfer = this.#payload(file, 'transfer', {}, at, facts);
    const authorization = this.#options.neighbours.permit(this.#use(file, 'CaseTransfer', transfer));
    return { draft: { ...file, authorizationId: authorization.id }, authorization };
  }

  async #actIn(
    tx: Transaction,
    file: CaseFile,
    event: Event,
    input: object,
    { certificate, save, item: known, authorization: found }: ActExtras,
  ): Promise<CaseFile> {
    const { region, now, neighbours, outbox } = this.#options;
    const moved = this.#judgeState(file, event);
    const at = now();
    const item = known ?? (await neighbours.itemOf(tx, deciderOf(file, region), file.item, file.document.itemDigest));
    if (event === 'receive') demandComplete(file, item);
    if (event === 'one-time-notice') demandEverythingNamed(file, item, (input as NoticeInput).items);
    if (!moved.message) {
      this.#demandRights(file, moved.rows);
      const extra = event === 'receive' ? { receiptNotice: `收${file.number}`, receivedAt: at } : {};
      if (certificate) await certificate.keep(tx);
      const issued = certificate ? { certificate: certificate.identifier } : {};
      const step = { ...moved, actor: region, at, envelope: '', record: input, document: { ...extra, ...issued } };
      const changed = await writeStep(tx, file, step, at, neighbours, save);
      return file.mode === 'direct' ? this.#tellHome(tx, changed, event, input) : changed;
    }
    const payload = this.#payload(file, event, input, at, item, certificate);
    const authorization =
      found ?? neighbours.permitUnder(file.authorizationId, this.#use(file, moved.message, payload));
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
    if (event !== 'issue' && event !== 'deny') return file;
    const { now } = this.#options;
    const at = now();
    const { handler } = input as { handler: messages.Handler };
    const told = await tellHome(tx, file, handler, at, this.#options);
    return writeTelling(tx, file, told, { at, actor: this.#options.region });
  }

  /** What a window does by itself needs its right too; an act with a message is judged with it. */
  #demandRights(file: CaseFile, rows: readonly Row[]): void {
    const { item, mode, authorizationId } = file;
    for (const { needs } of rows) {
      if (!needs) continue;
      const use = { item, mode, ...sidesOf(file, this.#options.region), right: needs };
      this.#options.neighbours.demandRight(authorizationId, use);
    }
  }

  /** What our act does to our view of the case. @throws CodedError ILLEGAL_TRANSITION */
  #judgeState(file: CaseFile, event: Event): ActResult {
    const machine = MACHINES[file.mode];
    if (file.role === 'handling') {
      const { row, to } = apply(machine, file.state, event, 'handling', 'handling');
      return { rows: [row], state: to, pending: undefined, message: row.message };
    }
    const before: ReceivingView = viewOf(file);
    const { view, applied } = act(machine, before, event);
    const message = view.pending && apply(machine, file.state, event, 'receiving', 'receiving').row.message;
    return { rows: applied, state: view.state, pending: view.pending, message };
  }

  #payload(
    file: CaseFile,
    event: Event,
    input: object,
    now: number,
    item: ItemFacts | undefined,
    certificate?: SignedCertificate,
  ): object {
    return payloadOf(event, input, {
      file,
      now,
      notice: (prefix) => `${prefix}${file.number}-${file.version + 1}`,
      promisedWorkingDays: item?.promisedWorkingDays ?? 0,
      itemDigest: item?.digest ?? Buffer.alloc(0),
      ...(certificate ? { certificate } : {}),
    });
  }

  #use(file: CaseFile, name: PayloadName, payload: object): AuthorizedUse {
    const { region, now } = this.#options;
    return { name, payload, sender: region, item: file.item, mode: file.mode, ...sidesOf(file, region), at: now() };
  }

  async #certificate(file: CaseFile, input: object): Promise<SignedCertificate> {
    const { authority, validFrom, validUntil, number, fields, replaces } = input as Omit<CertificateWish, 'holder'>;
    const { applicant } = file.document;
    const { neighbours, region, store } = this.#options;
    const item = await neighbours.itemOf(store.read, region, file.item, file.document.itemDigest);
    if (!item) throw new CodedError('ITEM_UNKNOWN');
    return neighbours.signCertificate({
      typeName: item.result,
      item: file.item,
      conversation: file.conversation,
      caseNumber: file.number,
      holder: { name: applicant.name, documentType: applicant.documentType, number: applicant.documentNumber },
      authority,
      fields,
      ...(number === undefined ? {} : { number }),
      ...(validFrom === undefined ? {} : { validFrom }),
      ...(validUntil === undefined ? {} : { validUntil }),
      ...(replaces === undefined ? {} : { replaces }),
    });
  }

  async #noteRejection(tx: Transaction, file: CaseFile, name: PayloadName, code: string): Promise<void> {
    const document = { ...file.document, rejected: { event: name, code } };
    await caseRepository.update(tx, { ...file, document, updatedAt: this.#options.now() });
    tx.afterCommit(() => this.#options.neighbours.alarm(file.conversation, name, code));
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
    const { neighbours, now } = this.#options;
    return neighbours.emit(tx, { conversation, number, peer, event: 'rejected', actor: peer, state, at: now(), code });
  }
}

async function demandIn(tx: Transaction, conversation: string): Promise<CaseFile> {
  const file = await caseRepository.find(tx, conversation);
  if (!file) throw new CodedError('NOT_FOUND', 'there is no such case');
  return file;
}

interface NoticeInput {
  readonly items: readonly { readonly material: string }[];
}

/** For a case that another step of the same unit of work saves. */
const saveLater: SaveCase = async () => {};

function viewOf({ state, pending }: CaseHead): ReceivingView {
  return pending ? { state, pending } : { state };
}

import { CodedError, type messages, type PayloadName } from '#proto';
import { AuthorizationError, type AuthorizedUse } from '#trust';
import type { MaterialStore } from '../material/material-store.ts';
import type { Settled } from '../outbound/context.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { Store, Transaction } from '../store/store.ts';
import { demandReady } from './act-demands.ts';
import { deciderOf, nextNumber, type SaveCase, sidesOf, termsOf, writeMove, writeStep } from './case-changes.ts';
import type { CaseEvent, CaseFile, CaseHead, CaseMaterial, JointPlace } from './case-file.ts';
import { type CaseInput, readActInput, readCaseInput } from './case-input.ts';
import { CaseMaterials, type Upload } from './case-materials.ts';
import { caseRepository } from './case-repository.ts';
import { type JudgedAcceptance, judgeAcceptance } from './credit/accept-against.ts';
import { type CheckedCredit, keepCheck } from './credit/credit-check.ts';
import { type DirectOutcome, listOutcomes } from './direct/direct-outcomes.ts';
import { tellHome, writeTelling } from './direct/tell-home.ts';
import { demandForm } from './formal-review.ts';
import { type Holding, holdingsOf } from './holders.ts';
import { demandWhole } from './joint/part-demands.ts';
import { BY_SILENCE } from './limits/deemed.ts';
import { movesLimits } from './limits/move-limits.ts';
import { MACHINES } from './machines/machines.ts';
import type { CaseNeighbours, CertificateWish, Citation, ItemFacts, SignedCertificate } from './neighbours.ts';
import { note, readNoteInput } from './notes/case-notes.ts';
import type { NoteName } from './notes/notes.ts';
import { localRecord, materialsOf, payloadOf, stepRecord } from './payloads.ts';
import { demandGiven, legalBasisOf } from './personal/legal-basis.ts';
import { demandRecallable, demandUnerased } from './personal/retention.ts';
import { act, answer, type ReceivingView } from './receiving-view.ts';
import { type TakenBack, takeBack } from './revocation.ts';
import { apply, type Event, isTerminal, type Row, type State } from './transitions.ts';

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
  /** M3: done to every part of a joint case at once. */
  readonly withWhole?: boolean;
}

/** How a case is opened. */
interface Opening {
  readonly conversation?: string;
  readonly joint?: JointPlace;
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
   * @param options.joint the part of a joint case that it is
   * @throws CodedError VALIDATION_FAILED, PEER_NOT_PINNED, ITEM_UNKNOWN, and the authorization's codes
   */
  async create(input: unknown, options: Opening & { readonly also?: AlsoDone } = {}): Promise<CaseFile> {
    const { read, item } = await this.#readInput(input, options.joint);
    return this.#options.store.write(async (tx) => {
      const { draft } = this.#draft(await this.#newNumber(tx), read, item, options);
      await caseRepository.insert(tx, draft);
      await options.also?.(tx, draft);
      return draft;
    });
  }

  /** M3: whether a part of a joint case could be opened now; nothing is kept. @throws CodedError as `create` */
  async demandOpenable(input: unknown, joint: JointPlace): Promise<ItemFacts> {
    const { read, item } = await this.#readInput(input, joint);
    this.#draft('-', read, item, { joint });
    return item;
  }

  /**
   * M3: does the same to every part of a joint case, in the unit of work of the whole.
   *
   * @throws CodedError as `act`
   */
  async actWithWhole(
    tx: Transaction,
    conversation: string,
    event: 'deliver' | 'withdraw',
    input: unknown,
  ): Promise<CaseFile> {
    const read = readActInput<object>(event, input);
    const file = await demandIn(tx, conversation);
    demandUnerased(file);
    return this.#actIn(tx, file, event, read, { withWhole: true });
  }

  /**
   * P1 to P4 at once, for a case without materials: opens, takes in and hands over.
   *
   * @throws CodedError as `create` and `act`
   */
  async submit(input: unknown, options: { readonly also?: AlsoDone } = {}): Promise<CaseFile> {
    const { read, item } = await this.#readInput(input);
    return this.#options.store.write(async (tx) => {
      const { draft, authorization } = this.#draft(await this.#newNumber(tx), read, item);
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
    demandUnerased(seen);
    this.#judgeState(seen, event);
    const certificate = event === 'issue' ? await this.#certificate(seen, read) : undefined;
    const judged: JudgedAcceptance = event === 'accept' ? await this.#judgeAcceptance(seen, read) : { input: read };
    return this.#options.store
      .write(async (tx) => {
        const file = (await caseRepository.find(tx, seen.conversation))!;
        if (version !== undefined && version !== file.version)
          throw new CodedError('CONFLICT', 'the case has changed since it was read');
        const asked = judged.checked ? await this.#keepCheck(tx, file, judged.checked) : file;
        if (judged.refusal) return judged.refusal;
        const changed = await this.#actIn(tx, asked, event, judged.input, { certificate });
        const { region, now, neighbours } = this.#options;
        if (event === 'revoke') await takeBack(tx, changed, read as TakenBack, { region, at: now(), neighbours });
        return changed;
      })
      .then(orRefusal);
  }

  /**
   * P6 逾期视为受理: accepts a case since nobody decided about it in time, in the unit of work that says so. Where the
   * authorization does not allow it an operator is called.
   */
  async acceptBySilence(tx: Transaction, file: CaseFile): Promise<void> {
    try {
      await this.#actIn(tx, file, 'accept', { handler: BY_SILENCE, deemed: true }, {});
    } catch (error) {
      if (!(error instanceof AuthorizationError)) throw error;
      tx.afterCommit(() => this.#options.neighbours.alarm(file.conversation, 'accept', error.code));
    }
  }

  /**
   * A13: asks the credit platform about the applicant, and keeps what it said with the case (信用核查).
   *
   * @param key the conversation or our case number
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED, CONFLICT where nobody can be asked or the case has ended
   */
  async checkCredit(key: string, input: unknown): Promise<CaseFile> {
    const { handler } = readNoteInput('credit-checked', input);
    const { neighbours, store, now } = this.#options;
    const { conversation, mode, state, document } = await this.demand(key);
    if (isTerminal(MACHINES[mode], state)) throw new CodedError('CONFLICT', 'the case has ended');
    const verdict = await neighbours.creditOf(document.applicant);
    if (!verdict) throw new CodedError('CONFLICT', 'the configuration names no credit platform (kind http-credit)');
    const checked = { ...verdict, handler, at: now() };
    return store.write(async (tx) => this.#keepCheck(tx, await demandIn(tx, conversation), checked));
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
    return this.#options.store.write(async (tx) => {
      const file = await demandIn(tx, conversation);
      demandUnerased(file);
      return note(tx, file, kind, read, this.#options);
    });
  }

  /**
   * 误发撤回: withdraws a case that was sent by mistake before it was accepted, and has the other region erase it; that it did
   * comes back as the note `erasure-done`.
   *
   * @param key the conversation or our case number
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED, ILLEGAL_TRANSITION, and the authorization's codes
   */
  async recall(key: string, wish: { readonly handler: messages.Handler; readonly reason: string }): Promise<CaseFile> {
    const { conversation } = await this.demand(key);
    return this.#options.store.write(async (tx) => {
      const file = await demandIn(tx, conversation);
      demandRecallable(file, wish.reason);
      const withdrawn = await this.#actIn(tx, file, 'withdraw', wish, {});
      const request = { ...wish, ground: 'sent-by-mistake' };
      return note(tx, withdrawn, 'erasure-requested', request, this.#options);
    });
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

  /** Nobody's credit is asked for by somebody who may not accept. */
  async #judgeAcceptance(file: CaseFile, input: object): Promise<JudgedAcceptance> {
    const { region, neighbours, store, now } = this.#options;
    const { row } = apply(MACHINES[file.mode], file.state, 'accept', file.role, file.role);
    if (file.role === 'receiving') this.#demandRights(file, [row]);
    const item = await neighbours.itemOf(store.read, deciderOf(file, region), file.item, file.document.itemDigest);
    return judgeAcceptance(file, input, item, { now, creditOf: neighbours.creditOf });
  }

  #keepCheck(tx: Transaction, file: CaseFile, checked: CheckedCredit): Promise<CaseFile> {
    const { region, neighbours } = this.#options;
    return keepCheck(tx, file, checked, { region, emit: neighbours.emit, office: neighbours.office });
  }

  async #readInput(input: unknown, joint?: JointPlace): Promise<{ read: CaseInput; item: ItemFacts }> {
    const read = readCaseInput(input);
    const { neighbours, store } = this.#options;
    demandWhole(read.mode, joint);
    if (read.mode === 'direct') return { read, item: await this.#ownItem(read, joint) };
    neighbours.demandPeer(read.handlingRegion);
    const item = await neighbours.itemOf(store.read, read.handlingRegion, read.item);
    if (!item) throw new CodedError('ITEM_UNKNOWN', 'the handling region has not published this item to us');
    demandForm(read.form, item);
    return { read, item };
  }

  /** M4: an item that we decide ourselves, for somebody who belongs to another region; M3: our own part of a joint case. */
  async #ownItem({ item: code, handlingRegion, form }: CaseInput, joint?: JointPlace): Promise<ItemFacts> {
    const { region, neighbours, store } = this.#options;
    if (handlingRegion === region && !joint) {
      const message = 'must be another region: the home region of the applicant (属地)';
      throw new CodedError('VALIDATION_FAILED', undefined, [
        { pointer: '/handlingRegion', code: 'SAME_REGION', message },
      ]);
    }
    const item = await neighbours.itemOf(store.read, region, code);
    if (!item) throw new CodedError('ITEM_UNKNOWN', 'this region does not offer the item');
    demandForm(form, item);
    if (item.modes.includes(joint ? 'joint' : 'direct')) return item;
    if (joint) throw new CodedError('MODE_NOT_COVERED', 'the item is not one that is handled jointly (多地联办)');
    throw new CodedError('MODE_NOT_COVERED', 'the item is not one that any region may decide (直接通办)');
  }

  #newNumber(tx: Transaction): Promise<string> {
    return nextNumber(tx, this.#options.region, this.#options.now());
  }

  #draft(
    number: string,
    input: CaseInput,
    facts: ItemFacts,
    { conversation, joint }: Opening = {},
  ): { readonly draft: CaseFile; readonly authorization?: Citation } {
    const { now, newId, newCode } = this.#options;
    const at = now();
    const { handlingRegion, item, mode, applicant, form, handler, identityCheck, legalBasis } = input;
    demandGiven(legalBasis, at);
    const file: CaseFile = {
      conversation: conversation ?? newId(),
      number,
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
        legalBasis: legalBasisOf(legalBasis, facts.legalBasis),
        form,
        materials: [],
        ...(identityCheck ? { identityCheck } : {}),
        handler,
        itemDigest: facts.digest.toString('hex'),
        terms: termsOf(facts),
        limits: [],
        ...(joint && { joint }),
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
    { certificate, save, item: known, authorization: found, withWhole }: ActExtras,
  ): Promise<CaseFile> {
    const { region, now, neighbours, outbox } = this.#options;
    const moved = this.#judgeState(file, event);
    const at = now();
    const item = known ?? (await neighbours.itemOf(tx, deciderOf(file, region), file.item, file.document.itemDigest));
    demandReady(event, file, input, { item, at, withWhole });
    if (!moved.message) {
      this.#demandRights(file, moved.rows);
      const extra = event === 'receive' ? { receiptNotice: `收${file.number}`, receivedAt: at } : {};
      if (certificate) await certificate.keep(tx);
      const issued = certificate ? { certificate: certificate.identifier } : {};
      const record = localRecord(event, input, file);
      const step = { ...moved, actor: region, at, envelope: '', record, document: { ...extra, ...issued } };
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
    // M3: our own part of a joint case concerns no home region.
    if ((event !== 'issue' && event !== 'deny') || file.document.joint) return file;
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

/** A refusal that left something behind: it is written before it is thrown. */
function orRefusal(outcome: CaseFile | CodedError): CaseFile {
  if (outcome instanceof CodedError) throw outcome;
  return outcome;
}

/** For a case that another step of the same unit of work saves. */
const saveLater: SaveCase = async () => {};

function viewOf({ state, pending }: CaseHead): ReceivingView {
  return pending ? { state, pending } : { state };
}

import { isDeepStrictEqual } from 'node:util';
import { CodedError, type messages } from '#proto';
import { AuthorizationError } from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { Transaction } from '../store/store.ts';
import { CaseActs } from './case-acts.ts';
import { deciderOf, type SaveCase } from './case-changes.ts';
import type { CaseContext } from './case-context.ts';
import type { CaseFile, CaseMaterial, JointPlace } from './case-file.ts';
import { type CaseInput, readActInput } from './case-input.ts';
import { CaseMaterials, demandTakesFiles, type Upload } from './case-materials.ts';
import { CaseOpening, type Opening } from './case-opening.ts';
import { CaseQueries } from './case-queries.ts';
import { caseRepository } from './case-repository.ts';
import { CaseSettlement } from './case-settlement.ts';
import { certificateFor } from './certificate-wish.ts';
import { type JudgedAcceptance, judgeAcceptance } from './credit/accept-against.ts';
import { type CheckedCredit, keepCheck } from './credit/credit-check.ts';
import { BY_SILENCE } from './limits/deemed.ts';
import { machineOf } from './machines/machine-of.ts';
import { MACHINES } from './machines/machines.ts';
import type { ItemFacts } from './neighbours.ts';
import { note, readNoteInput } from './notes/case-notes.ts';
import type { NoteName } from './notes/notes.ts';
import { demandRecallable, demandUnerased } from './personal/retention.ts';
import { type TakenBack, takeBack } from './revocation.ts';
import { apply, type Event, isTerminal } from './transitions.ts';

/** What a caller wants done in the same unit of work, with the case as it then is. */
export type AlsoDone = (tx: Transaction, file: CaseFile) => Promise<void>;

/** Takes in the files that a case or an act brings along, once everything else about it was found right. */
export type BringFiles = (conversation: string, handler: messages.Handler) => Promise<readonly CaseMaterial[]>;

/** What comes with a case that is handed in whole. */
interface Submitting {
  /** Case key to use instead of a fresh one; the caller has made sure that it is new. Needed for files. */
  readonly conversation?: string;
  /** The files; when the case is refused after all they are swept a day later. */
  readonly bring?: BringFiles;
  /** Whether a case that we decide ourselves is taken in, and nothing more; it is refused otherwise. */
  readonly ownToo?: boolean;
  readonly also?: AlsoDone;
}

/** What comes with an act. */
interface ActCompany {
  /** Files that become materials of the case with the act. */
  readonly bring?: BringFiles;
  readonly also?: AlsoDone;
}

/** Cases (办件) of this region: taken in for others, and handled for others. */
export class CaseService extends CaseQueries {
  readonly #context: CaseContext;
  readonly #opening: CaseOpening;
  readonly #acts: CaseActs;
  readonly #settlement: CaseSettlement;
  readonly #materials: CaseMaterials;

  constructor(context: CaseContext) {
    super(context);
    this.#context = context;
    this.#opening = new CaseOpening(context);
    this.#acts = new CaseActs(context);
    this.#settlement = new CaseSettlement(context);
    this.#materials = new CaseMaterials(context);
  }

  /**
   * P1: opens a case at our window, as a draft.
   *
   * @param options.conversation case key to use instead of a fresh one; the caller has made sure that it is new
   * @param options.joint the part of a whole that it is
   * @throws CodedError VALIDATION_FAILED, PEER_NOT_PINNED, ITEM_UNKNOWN, and the authorization's codes
   */
  async create(input: unknown, options: Opening & { readonly also?: AlsoDone } = {}): Promise<CaseFile> {
    const { read, item } = await this.#opening.read(input, options.joint);
    return this.#context.store.write(async (tx) => {
      const { draft } = this.#opening.draft(await this.#opening.newNumber(tx), read, item, options);
      await caseRepository.insert(tx, draft);
      await options.also?.(tx, draft);
      return draft;
    });
  }

  /** M3: whether a part of a joint case could be opened now; nothing is kept. @throws CodedError as `create` */
  async demandOpenable(input: unknown, joint: JointPlace): Promise<ItemFacts> {
    const { read, item } = await this.#opening.read(input, joint);
    const { draft, authorization } = this.#opening.draft('-', read, item, { joint });
    // Who hands everything over must be able to (R5).
    if (authorization && joint.handover === 'one-window') {
      const { row } = apply(machineOf(draft), 'issued', 'deliver', 'receiving', 'receiving');
      this.#acts.demandRights(draft, [row]);
    }
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
    const file = await caseRepository.demand(tx, conversation);
    demandUnerased(file);
    return this.#acts.act(tx, file, event, read, { withWhole: true });
  }

  /**
   * P1 to P4 at once, in one unit of work: opens, takes in and hands over. A case that has the key already is the answer.
   *
   * @throws CodedError as `create`, `addMaterial` and `act`; IDEMPOTENCY_KEY_REUSED where that case is another one
   */
  async submit(input: unknown, { conversation, bring, ownToo = false, also }: Submitting = {}): Promise<CaseFile> {
    const { read, item } = await this.#opening.read(input);
    const brought = bring ? await bring(conversation!, read.handler) : [];
    return this.#context.store.write(async (tx) => {
      const there = conversation === undefined ? undefined : await caseRepository.find(tx, conversation);
      if (there) return demandSame(there, read);
      const opening = { ...(conversation !== undefined && { conversation }) };
      const { draft, authorization } = this.#opening.draft(await this.#opening.newNumber(tx), read, item, opening);
      if (!authorization && !ownToo)
        throw new CodedError('VALIDATION_FAILED', 'a case that we decide ourselves is not handed over');
      const by = { handler: read.handler };
      const complete = await this.#materials.withBrought(tx, draft, brought);
      // The item is read and the transfer judged once, and the case goes into the store once, as the last step leaves it.
      const save = authorization ? saveLater : caseRepository.insert;
      const received = await this.#acts.act(tx, complete, 'receive', by, { item, save });
      const done = authorization
        ? await this.#acts.act(tx, received, 'transfer', by, {
            ...{ item, save: caseRepository.insert },
            // The draft was judged without files.
            ...(brought.length === 0 && { authorization }),
          })
        : received;
      await also?.(tx, done);
      return done;
    });
  }

  /**
   * Does something with a case, in the part that we have in it.
   *
   * @param key the conversation or our case number
   * @param version the version that the caller saw; undefined to act on whatever is there
   * @throws CodedError NOT_FOUND, CONFLICT, VALIDATION_FAILED, ILLEGAL_TRANSITION, and the authorization's codes
   */
  async act(
    key: string,
    event: Event,
    input: unknown,
    version?: number,
    { bring, also }: ActCompany = {},
  ): Promise<CaseFile> {
    const read = readActInput<object>(event, input);
    const seen = await this.demand(key);
    demandUnerased(seen);
    this.#acts.judge(seen, event);
    const brought = bring ? await this.#bringTo(seen, read, bring) : [];
    const certificate = event === 'issue' ? await certificateFor(seen, read, this.#context) : undefined;
    const judged: JudgedAcceptance = event === 'accept' ? await this.#judgeAcceptance(seen, read) : { input: read };
    return this.#context.store
      .write(async (tx) => {
        const file = (await caseRepository.find(tx, seen.conversation))!;
        if (version !== undefined && version !== file.version)
          throw new CodedError('CONFLICT', 'the case has changed since it was read');
        const asked = judged.checked ? await this.#keepCheck(tx, file, judged.checked) : file;
        if (judged.refusal) return judged.refusal;
        const complete = await this.#materials.withBrought(tx, asked, brought);
        const changed = await this.#acts.act(tx, complete, event, judged.input, { certificate });
        const { region, now, neighbours } = this.#context;
        if (event === 'revoke') await takeBack(tx, changed, read as TakenBack, { region, at: now(), neighbours });
        await also?.(tx, changed);
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
      await this.#acts.act(tx, file, 'accept', { handler: BY_SILENCE, deemed: true });
    } catch (error) {
      if (!(error instanceof AuthorizationError)) throw error;
      tx.afterCommit(() => this.#context.neighbours.alarm(file.conversation, 'accept', error.code));
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
    const { neighbours, store, now } = this.#context;
    const { conversation, mode, state, document } = await this.demand(key);
    if (isTerminal(MACHINES[mode], state)) throw new CodedError('CONFLICT', 'the case has ended');
    const verdict = await neighbours.creditOf(document.applicant);
    if (!verdict) throw new CodedError('CONFLICT', 'the configuration names no credit platform (kind http-credit)');
    const checked = { ...verdict, handler, at: now() };
    return store.write(async (tx) => this.#keepCheck(tx, await caseRepository.demand(tx, conversation), checked));
  }

  /**
   * Notes something that belongs to a case and does not move it (随件事项).
   *
   * @param key the conversation or our case number
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED, ILLEGAL_TRANSITION, and the authorization's codes
   */
  async note(
    key: string,
    kind: NoteName,
    input: unknown,
    { also }: { readonly also?: AlsoDone } = {},
  ): Promise<CaseFile> {
    const read = readNoteInput(kind, input);
    const { conversation } = await this.demand(key);
    return this.#context.store.write(async (tx) => {
      const file = await caseRepository.demand(tx, conversation);
      demandUnerased(file);
      const noted = await note(tx, file, kind, read, this.#context);
      await also?.(tx, noted);
      return noted;
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
    return this.#context.store.write(async (tx) => {
      const file = await caseRepository.demand(tx, conversation);
      demandRecallable(file, wish.reason);
      const withdrawn = await this.#acts.act(tx, file, 'withdraw', wish);
      const request = { ...wish, ground: 'sent-by-mistake' };
      return note(tx, withdrawn, 'erasure-requested', request, this.#context);
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
   * Takes the bytes of a file in, for a case that may not be there yet: it belongs to the case once that brings it along.
   *
   * @throws CodedError MATERIAL_TOO_LARGE, VALIDATION_FAILED when its bytes are of another kind than it is declared as
   */
  takeFile(conversation: string, upload: Upload, bytes: AsyncIterable<Uint8Array>): Promise<CaseMaterial> {
    return this.#materials.take(conversation, upload, bytes);
  }

  /** Removes files that were taken in for a case that did not come about. */
  async forgetFiles(conversation: string): Promise<void> {
    if (await caseRepository.find(this.#context.store.read, conversation)) return;
    await this.#context.materials.erase(conversation);
  }

  /** The case, if it takes a file of this name now. @throws CodedError NOT_FOUND, CONFLICT, VALIDATION_FAILED */
  async demandTaking(key: string, name: string): Promise<CaseFile> {
    const file = await this.demand(key);
    this.#materials.demandTaking(file, name);
    return file;
  }

  /**
   * R3: a window compared a material with its original (原件核验); it becomes grade B.
   *
   * @throws CodedError NOT_FOUND, CONFLICT
   */
  checkOriginal(conversation: string, digest: string, checkedBy: messages.Handler): Promise<CaseMaterial> {
    return this.#materials.checkOriginal(conversation, digest, checkedBy);
  }

  /** The fate of a message that we sent about a case: our request is applied or dropped. */
  settled(tx: Transaction, settled: Settled): Promise<void> {
    return this.#settlement.settled(tx, settled);
  }

  /** Nothing is taken in for a case that takes no files. */
  #bringTo(file: CaseFile, input: object, bring: BringFiles): Promise<readonly CaseMaterial[]> {
    demandTakesFiles(file);
    return bring(file.conversation, (input as { readonly handler: messages.Handler }).handler);
  }

  /** Nobody's credit is asked for by somebody who may not accept. */
  async #judgeAcceptance(file: CaseFile, input: object): Promise<JudgedAcceptance> {
    const { region, neighbours, store, now } = this.#context;
    const { row } = apply(MACHINES[file.mode], file.state, 'accept', file.role, file.role);
    if (file.role === 'receiving') this.#acts.demandRights(file, [row]);
    const item = await neighbours.itemOf(store.read, deciderOf(file, region), file.item, file.document.itemDigest);
    return judgeAcceptance(file, input, item, { now, creditOf: neighbours.creditOf });
  }

  #keepCheck(tx: Transaction, file: CaseFile, checked: CheckedCredit): Promise<CaseFile> {
    const { region, neighbours } = this.#context;
    return keepCheck(tx, file, checked, { region, emit: neighbours.emit, office: neighbours.office });
  }
}

/** A refusal that left something behind: it is written before it is thrown. */
function orRefusal(outcome: CaseFile | CodedError): CaseFile {
  if (outcome instanceof CodedError) throw outcome;
  return outcome;
}

/** Who hands a case in again means the same one, for the same applicant; of one that was erased nobody can tell any more. */
function demandSame(there: CaseFile, { handlingRegion, item, applicant, form }: CaseInput): CaseFile {
  const { document, erasedAt } = there;
  const isSamePlace = there.peer === handlingRegion && there.item === item;
  const said = JSON.parse(JSON.stringify({ applicant, form })) as unknown;
  const isSame =
    erasedAt !== undefined || isDeepStrictEqual(said, { applicant: document.applicant, form: document.form });
  if (isSamePlace && isSame) return there;
  throw new CodedError('IDEMPOTENCY_KEY_REUSED', 'this key opened another case before');
}

/** For a case that another step of the same unit of work saves. */
const saveLater: SaveCase = async () => {};

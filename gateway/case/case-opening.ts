import { CodedError } from '#proto';
import type { Transaction } from '../store/store.ts';
import { actMessage, useOf } from './act-message.ts';
import { nextNumber, termsOf } from './case-changes.ts';
import type { CaseContext } from './case-context.ts';
import type { CaseFile, JointPlace } from './case-file.ts';
import { type CaseInput, readCaseInput } from './case-input.ts';
import { demandForm } from './formal-review.ts';
import { demandWayAllowed } from './identity-check.ts';
import { demandWhole } from './joint/part-demands.ts';
import type { Citation, ItemFacts } from './neighbours.ts';
import { demandGiven, legalBasisOf } from './personal/legal-basis.ts';

/** How a case is opened. */
export interface Opening {
  readonly conversation?: string;
  readonly joint?: JointPlace;
}

/** P1: what a window wants to open, held against the item and the authorizations, and the draft that comes of it. */
export class CaseOpening {
  readonly #context: Pick<CaseContext, 'region' | 'store' | 'now' | 'newId' | 'newCode' | 'neighbours'>;

  constructor(context: Pick<CaseContext, 'region' | 'store' | 'now' | 'newId' | 'newCode' | 'neighbours'>) {
    this.#context = context;
  }

  /** @throws CodedError VALIDATION_FAILED, PEER_NOT_PINNED, ITEM_UNKNOWN, MODE_NOT_COVERED */
  async read(input: unknown, joint?: JointPlace): Promise<{ read: CaseInput; item: ItemFacts }> {
    const read = readCaseInput(input);
    const { neighbours, store } = this.#context;
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
    const { region, neighbours, store } = this.#context;
    if (handlingRegion === region && !joint) {
      const message = 'must be another region: the home region of the applicant (属地)';
      throw new CodedError('VALIDATION_FAILED', undefined, [
        { pointer: '/handlingRegion', code: 'SAME_REGION', message },
      ]);
    }
    const item = await neighbours.itemOf(store.read, region, code);
    if (!item) throw new CodedError('ITEM_UNKNOWN', 'this region does not offer the item');
    demandForm(form, item);
    // B1: of a bundle of ours we decide our own items whatever they are elsewhere.
    if (joint?.agreement === '' || item.modes.includes(joint ? 'joint' : 'direct')) return item;
    if (joint) throw new CodedError('MODE_NOT_COVERED', 'the item is not one that is handled jointly (多地联办)');
    throw new CodedError('MODE_NOT_COVERED', 'the item is not one that any region may decide (直接通办)');
  }

  /** The next number of a case of ours. */
  newNumber(tx: Transaction): Promise<string> {
    return nextNumber(tx, this.#context.region, this.#context.now());
  }

  /** A case that is not kept yet, and the authorization that would carry its transfer. @throws the authorization's codes */
  draft(
    number: string,
    input: CaseInput,
    facts: ItemFacts,
    { conversation, joint }: Opening = {},
  ): { readonly draft: CaseFile; readonly authorization?: Citation } {
    const { region, now, newId, newCode, neighbours } = this.#context;
    const at = now();
    const { handlingRegion, item, mode, applicant, form, handler, identityCheck, legalBasis } = input;
    demandGiven(legalBasis, at);
    demandWayAllowed(identityCheck, facts);
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
    const transfer = actMessage(file, 'transfer', {}, { at, item: facts });
    const authorization = neighbours.permit(useOf(file, 'CaseTransfer', transfer, region, at));
    return { draft: { ...file, authorizationId: authorization.id }, authorization };
  }
}

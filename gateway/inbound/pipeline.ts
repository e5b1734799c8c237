import { CodedError, envelopeLeaf, type messages } from '#proto';
import {
  type ArrivedEnvelope,
  type Clock,
  openMember,
  type RegionStatement,
  readArrived,
  type SealedRoot,
  type Signer,
  sealReceipts,
  suiteOf,
  type VerifiedEnvelope,
  type VerifiedRoot,
  verifyGroup,
} from '#trust';
import { keepGroup } from '../outbound/outbox.ts';
import type { Store } from '../store/store.ts';
import { type Decider, type Decision, repeated } from './decide.ts';
import { inbox, ReceiptGroup } from './inbox.ts';

/** One envelope of a batch on its way through the pipeline. */
interface Place {
  readonly index: number;
  readonly raw: messages.Envelope;
  /** Leaf hash of the header bytes that came, whatever they are. */
  readonly leaf: Buffer;
  arrived?: ArrivedEnvelope;
  verified?: VerifiedEnvelope;
  decision?: Decision;
}

/** The frame that answers a batch. */
export interface BatchAnswer {
  readonly receipts: {
    readonly answers: number;
    readonly signedRoot: Buffer;
    readonly receipts: readonly Buffer[];
    readonly deferrals: readonly object[];
    readonly refusals: readonly object[];
  };
}

export interface PipelineOptions {
  readonly region: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly signer: Signer;
  readonly decider: Decider;
  /** Counts what was decided. */
  readonly onDecided: (peer: string, decision: Decision) => void;
  /** A seal of receipts could not be stored; they are sealed again when asked for. */
  readonly onError: (error: unknown) => void;
}

/** Receiving: read, recognise, open, decide, receipt. */
export class Pipeline {
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Answers a batch of a pinned peer. Every envelope is in the answer exactly once.
   *
   * @param peer region that the TLS certificate proved
   */
  async receive(peer: RegionStatement, batch: messages.Batch): Promise<BatchAnswer> {
    const receivedAt = this.#options.clock.now();
    const { hash } = suiteOf(peer.suites[0] ?? 'ES256');
    const places = batch.envelopes.map((raw, index): Place => ({ index, raw, leaf: envelopeLeaf(hash, raw.header) }));
    this.#read(places, peer);
    await this.#recognise(places);
    const group = this.#open(places, peer, batch);
    const receipts = group && (await this.#decide(places, peer, batch, group, receivedAt));
    return this.#answer(peer, batch.number, places, receipts);
  }

  /** Step 1: the header can be read and fits the connection. */
  #read(places: readonly Place[], peer: RegionStatement): void {
    for (const place of places) {
      try {
        place.arrived = readArrived(place.raw, peer.region, this.#options.region);
      } catch (error) {
        place.decision = refusal(error);
      }
    }
  }

  /** Step 2: what was decided before gets its stored receipt. */
  async #recognise(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      if (!place.arrived) continue;
      const { sender, id } = place.arrived.header;
      const known = await inbox.known(this.#options.store.read, sender, id);
      if (known) place.decision = repeated(known, place.arrived);
    }
  }

  /** Step 3: one signature for the group, then each payload and its times. */
  #open(places: readonly Place[], peer: RegionStatement, batch: messages.Batch): GroupSeal | undefined {
    const open = places.filter((place) => !place.decision);
    if (open.length === 0) return undefined;
    const now = this.#options.clock.now();
    let group: VerifiedRoot & { readonly leaves: readonly Buffer[] };
    try {
      const headers = places.map((place) => place.raw.header);
      group = verifyGroup(batch.signedRoot, headers, peer, { kind: 'arrival', now });
    } catch (error) {
      for (const place of open) place.decision = refusal(error);
      return undefined;
    }
    for (const place of open) {
      try {
        place.verified = openMember(place.arrived!, group, now);
      } catch (error) {
        place.decision = refusal(error);
      }
    }
    return group;
  }

  /** Steps 4 to 7, one unit of work for the whole batch. @returns the group of the receipts that it gave, if any */
  async #decide(
    places: readonly Place[],
    peer: RegionStatement,
    batch: messages.Batch,
    seal: GroupSeal,
    receivedAt: number,
  ): Promise<number | undefined> {
    const open = places.filter((place) => place.verified);
    if (open.length === 0) return undefined;
    const { store, decider } = this.#options;
    const { decisions, receipts } = await store.write(async (tx) => {
      const id = await keepGroup(tx, batch.signedRoot.toString('latin1'), seal.leaves);
      const group = new ReceiptGroup(tx);
      const made: Decision[] = [];
      for (const { verified, index } of open) {
        const arrival = { peer, receivedAt, place: { group: id, index }, receipts: group };
        made.push(await decider.decide(tx, verified!, arrival));
      }
      // Deferrals store nothing: without a verdict nobody will ask for this seal.
      if (group.id === undefined) await inbox.dropSeal(tx, id);
      return { decisions: made, receipts: group.id };
    });
    open.forEach((place, at) => {
      place.decision = decisions[at]!;
    });
    return receipts;
  }

  /** Seals the receipts and says everything at once. */
  async #answer(
    peer: RegionStatement,
    answers: number,
    places: readonly Place[],
    group: number | undefined,
  ): Promise<BatchAnswer> {
    const given: Buffer[] = [];
    const repeats: { readonly body: Buffer; readonly unsealed?: number }[] = [];
    const deferrals: object[] = [];
    const refusals: object[] = [];
    for (const { decision, leaf, arrived } of places) {
      const made = decision ?? refusal(new CodedError('TRY_LATER'));
      this.#options.onDecided(peer.region, made);
      const leafHash = arrived?.leaf ?? leaf;
      if (made.kind === 'receipt') {
        if (made.repeated) repeats.push(made);
        else given.push(made.body);
      } else if (made.kind === 'deferral') {
        deferrals.push({
          envelopeId: arrived?.header.id,
          leafHash,
          code: made.code,
          expectedSequence: made.expected,
          missingMaterials: made.missing,
        });
      } else {
        refusals.push({ leafHash, code: made.code });
      }
    }
    // Those of the new group come first: their places in it are their places on the wire.
    const receipts = [...given, ...repeats.map(({ body }) => body)];
    const lost = repeats.flatMap(({ unsealed }, at) =>
      unsealed === undefined ? [] : [{ position: unsealed, index: given.length + at }],
    );
    const sealed = await this.#seal(receipts, group, lost);
    return { receipts: { answers, signedRoot: Buffer.from(sealed?.signedRoot ?? ''), receipts, deferrals, refusals } };
  }

  async #seal(
    receipts: readonly Buffer[],
    group: number | undefined,
    lost: readonly { readonly position: number; readonly index: number }[],
  ): Promise<SealedRoot | undefined> {
    if (receipts.length === 0) return undefined;
    const { signer, region, clock, store } = this.#options;
    const sealed = await sealReceipts(signer, region, receipts, clock.now());
    // Receipts are durable already; their seal may follow, since it can be made anew.
    if (group !== undefined) store.write((tx) => inbox.sealed(tx, group, sealed)).catch(this.#options.onError);
    // A clock that went wrong or a kill in between: whoever asks again has it made good.
    if (lost.length > 0) store.write((tx) => inbox.sealedAnew(tx, sealed, lost)).catch(this.#options.onError);
    return sealed;
  }
}

type GroupSeal = VerifiedRoot & { readonly leaves: readonly Buffer[] };

function refusal(error: unknown): Decision {
  if (!(error instanceof CodedError)) throw error;
  return { kind: 'refusal', code: error.code };
}

import { type ErrorCode, type Mode, type messages, regionName } from '#proto';
import {
  AuthorizationError,
  type AuthorizationState,
  type AuthorizedUse,
  type CompiledAgreement,
  compileAgreement,
  demandActive,
  type Right,
  readAgreement,
} from '#trust';
import type { AgreementRecord } from './agreement-table.ts';

/** What an envelope cites, and what it was judged by. */
export interface Citation {
  readonly agreement: CompiledAgreement;
  readonly id: string;
  /** SHA-256 of the document's payload. */
  readonly digest: Buffer;
}

/** An agreement as every envelope needs it. */
export interface AgreementEntry {
  readonly id: string;
  readonly digest: Buffer;
  readonly peer: string;
  readonly state: AuthorizationState;
  readonly validFrom: number;
  readonly validUntil: number;
  /** Milliseconds; the same at both regions. */
  readonly writtenAt: number;
  /** It was in force and ended without a fault of anybody: cases that were opened under it go on. */
  readonly openCasesGoOn: boolean;
  /** Only where something may still pass under it. */
  readonly compiled: CompiledAgreement | undefined;
}

/** Agreements kept in memory, at most. */
const CAPACITY = 10_000;

/** From what says most about the message to what says least. */
const MOST_SPECIFIC_FIRST: readonly ErrorCode[] = [
  'AUTHORIZATION_PENDING',
  'FIELD_NOT_ALLOWED',
  'RIGHT_MISSING',
  'MODE_NOT_COVERED',
  'ITEM_NOT_COVERED',
  'AUTHORIZATION_INACTIVE',
];

/** Makes a row ready for the cache. */
export function entryOf(record: AgreementRecord): AgreementEntry {
  const { content } = readAgreement(record.document);
  const openCasesGoOn = record.state === 'revoked' && record.for_cause === 0 && record.activated_at !== null;
  const needed = record.state === 'active' || record.state === 'accepted' || openCasesGoOn;
  return {
    id: record.id,
    digest: record.digest,
    peer: record.peer,
    state: record.state,
    validFrom: record.valid_from,
    validUntil: record.valid_until,
    writtenAt: Date.parse(content.created_at),
    openCasesGoOn,
    compiled: needed ? compileAgreement(content) : undefined,
  };
}

/** An act of the receiving region that sends no message, such as a one-time notice (一次性告知). */
export interface LocalUse {
  readonly item: string;
  readonly mode: Mode;
  readonly receiving: string;
  readonly handling: string;
  readonly right: Right;
}

/** Every agreement that envelopes may cite, in memory: each envelope asks, none waits for the database. */
export class AgreementCache {
  readonly #entries = new Map<string, AgreementEntry>();
  readonly #capacity: number;
  /** Entries by peer, the one written last first; made when asked for and forgotten with every change. */
  readonly #byPeer = new Map<string, readonly AgreementEntry[]>();

  constructor(capacity: number = CAPACITY) {
    this.#capacity = capacity;
  }

  /** Takes a new or changed agreement; the least useful one makes room when the cache is full. */
  put(entry: AgreementEntry): void {
    this.#byPeer.clear();
    this.#entries.delete(entry.id);
    this.#entries.set(entry.id, entry);
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#leastUseful());
  }

  /**
   * The agreement that a received header cites, when it may be cited now.
   *
   * @param opening whether the envelope opens a case; only others pass under an agreement revoked without cause
   * @throws AuthorizationError AUTHORIZATION_REQUIRED, AUTHORIZATION_UNKNOWN, AUTHORIZATION_PENDING (a deferral),
   *   AUTHORIZATION_INACTIVE
   */
  resolve(header: messages.EnvelopeHeader, opening: boolean): CompiledAgreement {
    if (header.authorizationId === '') throw new AuthorizationError('AUTHORIZATION_REQUIRED');
    const entry = this.#entries.get(header.authorizationId);
    if (!entry || entry.peer !== header.sender || !entry.digest.equals(header.authorizationDigest)) {
      throw new AuthorizationError('AUTHORIZATION_UNKNOWN');
    }
    const agreement = usable(entry, opening);
    if (header.sentAt < entry.validFrom || header.sentAt >= entry.validUntil) {
      throw new AuthorizationError('AUTHORIZATION_INACTIVE', 'the message was sent outside its validity');
    }
    return agreement;
  }

  /**
   * Finds the agreement with a peer that permits what we are about to send.
   *
   * @param under id of the agreement that an open case began with: the case goes on under it, and only when it ran out
   *   under another one. Undefined for what opens a case or belongs to none.
   * @throws AuthorizationError AUTHORIZATION_REQUIRED when there is no agreement with the peer, else the code that says
   *   most: AUTHORIZATION_PENDING, FIELD_NOT_ALLOWED, RIGHT_MISSING, MODE_NOT_COVERED, ITEM_NOT_COVERED,
   *   AUTHORIZATION_INACTIVE
   */
  permit(peer: string, use: AuthorizedUse, under?: string): Citation {
    const begun = under === undefined ? undefined : this.#entries.get(under);
    if (begun?.peer === peer && use.at < begun.validUntil) return permitUnder(begun, use, false);
    const errors: AuthorizationError[] = [];
    for (const entry of this.#with(peer)) {
      try {
        return permitUnder(entry, use, true);
      } catch (error) {
        if (!(error instanceof AuthorizationError)) throw error;
        errors.push(error);
      }
    }
    throw mostSpecific(errors) ?? new AuthorizationError('AUTHORIZATION_REQUIRED', noneWith(peer));
  }

  /**
   * An agreement in force with a peer, to be cited by a question about a certificate: one that covers the item, where
   * the item is known. Whether it permits the question is the answering region's to judge.
   *
   * @param at milliseconds
   * @throws AuthorizationError AUTHORIZATION_REQUIRED when none is in force
   */
  citeForCheck(peer: string, item: string | undefined, at: number): Citation {
    const inForce = this.#with(peer).filter(
      ({ state, validFrom, validUntil }) => state === 'active' && at >= validFrom && at < validUntil,
    );
    const covers = ({ compiled }: AgreementEntry) =>
      compiled!.content.grants.some((grant) => item !== undefined && grant.items.includes(item));
    const cited = inForce.find(covers) ?? inForce[0];
    if (!cited) throw new AuthorizationError('AUTHORIZATION_REQUIRED', noneWith(peer));
    return { agreement: cited.compiled!, id: cited.id, digest: cited.digest };
  }

  /**
   * Whether the agreement that a case began with grants a right for what the window does by itself.
   *
   * @throws AuthorizationError RIGHT_MISSING
   */
  demandRight(id: string, { item, mode, receiving, handling, right }: LocalUse): void {
    const grants = this.#entries.get(id)?.compiled?.content.grants ?? [];
    const granted = grants.some(
      (grant) =>
        grant.grantor === handling &&
        grant.grantee === receiving &&
        grant.items.includes(item) &&
        grant.modes.includes(mode) &&
        grant.rights.includes(right),
    );
    if (!granted) throw new AuthorizationError('RIGHT_MISSING', `the authorization does not grant ${right}`);
  }

  /** Whether an agreement's validity had ended at a moment; also when it is not known any more. */
  ranOut(id: string, at: number): boolean {
    const entry = this.#entries.get(id);
    return !entry || at >= entry.validUntil;
  }

  #with(peer: string): readonly AgreementEntry[] {
    const known = this.#byPeer.get(peer);
    if (known) return known;
    const found = [...this.#entries.values()].filter((entry) => entry.peer === peer);
    found.sort((a, b) => b.writtenAt - a.writtenAt);
    if (found.length > 0) this.#byPeer.set(peer, found);
    return found;
  }

  #leastUseful(): string {
    for (const [id, { compiled }] of this.#entries) if (!compiled) return id;
    return this.#entries.keys().next().value!;
  }
}

/** A pending agreement is judged first: only if it permits the message is it worth waiting for. */
function permitUnder(entry: AgreementEntry, use: AuthorizedUse, opening: boolean): Citation {
  if (entry.state !== 'accepted') usable(entry, opening);
  entry.compiled!.judge(use);
  return { agreement: usable(entry, opening), id: entry.id, digest: entry.digest };
}

function usable({ state, openCasesGoOn, compiled }: AgreementEntry, opening: boolean): CompiledAgreement {
  if (!openCasesGoOn || opening) demandActive(state);
  return compiled!;
}

function mostSpecific(errors: readonly AuthorizationError[]): AuthorizationError | undefined {
  const rank = ({ code }: AuthorizationError) => MOST_SPECIFIC_FIRST.indexOf(code);
  return [...errors].sort((a, b) => rank(a) - rank(b))[0];
}

function noneWith(peer: string): string {
  const name = regionName(peer) ?? '';
  return `there is no authorization with region ${peer} ${name}; propose one with: tongban authorization propose`;
}

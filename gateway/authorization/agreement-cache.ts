import { type ErrorCode, type messages, regionName } from '#proto';
import {
  AuthorizationError,
  type AuthorizationState,
  type AuthorizedUse,
  type CompiledAgreement,
  catalogueLists,
  compileAgreement,
  demandUse,
  hasEnded,
  type LocalUse,
  opensUnder,
  readAgreement,
} from '#trust';
import { type AgreementRecord, listsOf, suspensionsOf } from './agreement-record.ts';

/** What an envelope cites, and what it was judged by. */
export interface Citation {
  readonly agreement: CompiledAgreement;
  readonly id: string;
  /** SHA-256 of the document's payload. */
  readonly digest: Buffer;
}

/** An agreement as every envelope needs it. Times are milliseconds. */
export interface AgreementEntry {
  readonly id: string;
  readonly digest: Buffer;
  readonly peer: string;
  readonly state: AuthorizationState;
  readonly validFrom: number;
  /** When we open no more cases under it: its end, or the beginning of its renewal. */
  readonly endsAt: number;
  /** Before when the other region's new cases must have been sent. */
  readonly citedUntil: number;
  /** The same at both regions. */
  readonly writtenAt: number;
  readonly everInForce: boolean;
  /** Somebody had it suspended, if only when it ended. */
  readonly suspended: boolean;
  /** Only where something may still pass under it. */
  readonly compiled: CompiledAgreement | undefined;
}

/** Agreements kept in memory, at most. */
const CAPACITY = 10_000;

/** From what says most about the message to what says least. */
const MOST_SPECIFIC_FIRST: readonly ErrorCode[] = [
  'AUTHORIZATION_PENDING',
  'MATERIAL_GRADE',
  'FIELD_NOT_ALLOWED',
  'RIGHT_MISSING',
  'MODE_NOT_COVERED',
  'AUTHORIZATION_SUSPENDED',
  'ITEM_NOT_COVERED',
  'AUTHORIZATION_INACTIVE',
];

/** States in which nothing passes and nothing is to come. */
const CLOSED: readonly AuthorizationState[] = ['draft', 'proposed', 'countered', 'revoked-for-cause'];

/** Makes a row ready for the cache. */
export function entryOf(record: AgreementRecord): AgreementEntry {
  const { id, digest, peer, state, valid_from, valid_until, superseded_from, cited_until } = record;
  const { content } = readAgreement(record.document);
  const everInForce = record.activated_at !== null;
  const needed = everInForce ? !CLOSED.includes(state) : state === 'accepted';
  return {
    id,
    digest,
    peer,
    state,
    validFrom: valid_from,
    endsAt: Math.min(valid_until, superseded_from ?? valid_until),
    citedUntil: Math.min(valid_until, cited_until ?? valid_until),
    writtenAt: Date.parse(content.created_at),
    everInForce,
    suspended: suspensionsOf(record).length > 0,
    compiled: needed ? compileAgreement(content, catalogueLists(listsOf(record))) : undefined,
  };
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
   * The agreement that a received header cites, when it may be cited.
   *
   * @param opening whether the envelope needs it in force; in a case that began under it, others go on when it was
   *   suspended, renewed, has expired or was revoked without cause
   * @throws AuthorizationError AUTHORIZATION_REQUIRED, AUTHORIZATION_UNKNOWN, AUTHORIZATION_PENDING (a deferral),
   *   AUTHORIZATION_SUSPENDED, AUTHORIZATION_INACTIVE
   */
  resolve(header: messages.EnvelopeHeader, opening: boolean): CompiledAgreement {
    if (header.authorizationId === '') throw new AuthorizationError('AUTHORIZATION_REQUIRED');
    const entry = this.#entries.get(header.authorizationId);
    if (!entry || entry.peer !== header.sender || !entry.digest.equals(header.authorizationDigest)) {
      throw new AuthorizationError('AUTHORIZATION_UNKNOWN');
    }
    return opening ? usableForOpening(entry, header.sentAt, entry.citedUntil) : usableInCase(entry);
  }

  /**
   * Finds the agreement with a peer that permits what we are about to send.
   *
   * @param under id of the agreement that an open case began with: the case goes on under it. Without meaning for what
   *   opens a case, which needs an agreement in force.
   * @throws AuthorizationError AUTHORIZATION_REQUIRED when there is no agreement with the peer, AUTHORIZATION_UNKNOWN when
   *   that of the case is not known any more, else the code that says most: AUTHORIZATION_PENDING, MATERIAL_GRADE,
   *   FIELD_NOT_ALLOWED, RIGHT_MISSING, MODE_NOT_COVERED, AUTHORIZATION_SUSPENDED, ITEM_NOT_COVERED,
   *   AUTHORIZATION_INACTIVE
   */
  permit(peer: string, use: AuthorizedUse, under?: string): Citation {
    if (under !== undefined && !opensUnder(use.name)) return this.#permitInCase(peer, use, under);
    const errors: AuthorizationError[] = [];
    for (const entry of this.#with(peer)) {
      try {
        return permitOpening(entry, use);
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
      ({ state, validFrom, endsAt }) => state === 'active' && at >= validFrom && at < endsAt,
    );
    const cited = inForce.find(({ compiled }) => item !== undefined && compiled!.covers(item)) ?? inForce[0];
    if (!cited) throw new AuthorizationError('AUTHORIZATION_REQUIRED', noneWith(peer));
    return citationOf(cited, cited.compiled!);
  }

  /**
   * Whether the agreement that a case began with grants a right for what the window does by itself.
   *
   * @throws AuthorizationError RIGHT_MISSING
   */
  demandRight(id: string, use: LocalUse): void {
    if (this.#entries.get(id)?.compiled?.grantsRight(use)) return;
    throw new AuthorizationError('RIGHT_MISSING', `the authorization does not grant ${use.right}`);
  }

  #permitInCase(peer: string, use: AuthorizedUse, under: string): Citation {
    const entry = this.#entries.get(under);
    if (entry?.peer !== peer) throw new AuthorizationError('AUTHORIZATION_UNKNOWN');
    const agreement = usableInCase(entry);
    agreement.judge(use);
    return citationOf(entry, agreement);
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

/** What is pending or suspended is judged first: only if it permits the message does that say anything. */
function permitOpening(entry: AgreementEntry, use: AuthorizedUse): Citation {
  if (!hasEnded(entry.state)) entry.compiled?.judge(use);
  const agreement = usableForOpening(entry, use.at, entry.endsAt);
  agreement.judge(use);
  return citationOf(entry, agreement);
}

/** @param end milliseconds; what was sent before counts as sent in its time */
function usableForOpening(entry: AgreementEntry, sentAt: number, end: number): CompiledAgreement {
  const beforeEnd = sentAt < end;
  demandUse(entry.state, 'opening', beforeEnd);
  if (hasEnded(entry.state) && entry.suspended) throw new AuthorizationError('AUTHORIZATION_SUSPENDED');
  if (sentAt < entry.validFrom || !beforeEnd) {
    throw new AuthorizationError('AUTHORIZATION_INACTIVE', 'the message was sent outside its validity');
  }
  return inForceOnce(entry);
}

function usableInCase(entry: AgreementEntry): CompiledAgreement {
  demandUse(entry.state, 'open', true);
  return inForceOnce(entry);
}

/** What ended as a proposal permits nothing, however it ended. */
function inForceOnce({ compiled, everInForce }: AgreementEntry): CompiledAgreement {
  if (compiled && everInForce) return compiled;
  throw new AuthorizationError('AUTHORIZATION_INACTIVE', 'the authorization was never in force');
}

function citationOf({ id, digest }: AgreementEntry, agreement: CompiledAgreement): Citation {
  return { agreement, id, digest };
}

function mostSpecific(errors: readonly AuthorizationError[]): AuthorizationError | undefined {
  const rank = ({ code }: AuthorizationError) => MOST_SPECIFIC_FIRST.indexOf(code);
  return [...errors].sort((a, b) => rank(a) - rank(b))[0];
}

function noneWith(peer: string): string {
  const name = regionName(peer) ?? '';
  return `there is no authorization with region ${peer} ${name}; propose one with: tongban authorization propose`;
}

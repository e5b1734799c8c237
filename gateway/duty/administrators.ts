import { createHash, randomBytes } from 'node:crypto';
import { CodedError, type ErrorCode } from '#proto';
import type { Clock } from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type AdministratorRole, isAdministrator, localSubject, type SecondFactor } from './administrator.ts';
import { type AdministratorRow, administratorTable } from './administrator-table.ts';
import { derivedKey, seal, unseal } from './derived-key.ts';
import { matchingStep, type TotpAlgorithm, type TotpFactor } from './totp.ts';

/** Milliseconds of a session: long enough for a piece of work, short enough to be worthless when it leaks. */
const SESSION_MS = 15 * 60 * 1000;
/** Wrong codes in a row, before the factor is locked, and again after each lock. */
const ATTEMPTS = 5;
/**
 * Milliseconds for which it then is: doubled each time until a code is right, up to the second. Three codes in a million are
 * right at once; whoever has the token and is never interrupted by its owner guesses fewer than a thousand in half a year.
 */
const FIRST_LOCK_MS = 15 * 60 * 1000;
const LONGEST_LOCK_MS = 24 * 60 * 60 * 1000;
/** Administrators of one gateway. */
const MOST_ADMINISTRATORS = 100;
/** Bytes (RFC 4226, 4: 160 bits are recommended), and for SHA-256 as many as the hash has. */
const SECRET_BYTES = { SHA1: 20, SHA256: 32 } as const;
/** What a session's token begins with: no JWT does. */
const SESSION_PREFIX = 'tbs_';

/** What somebody has who has no codes. */
const NO_SECRET = Buffer.alloc(0);

/** Milliseconds. Of its token only a hash is kept. */
interface Session {
  readonly token: string;
  readonly expiresAt: number;
}

/** Who calls, as far as duties are concerned. */
export interface DutyCaller {
  readonly sub: string;
  readonly role: string;
  /** How it was proven who he is, beyond his token. */
  readonly factor?: SecondFactor;
  /** SHA-256 of the client certificate that his connection has shown. */
  readonly certificate?: Buffer;
  /** Why the key of the machine stands in for a person (应急). */
  readonly breakGlass?: string;
  /** Milliseconds: when his token was issued, where it is one of the local key. */
  readonly issuedAt?: number;
}

/** An administrator as people see him: nothing of his secret. */
export interface Administrator {
  readonly subject: string;
  readonly role: AdministratorRole;
  /** Of his codes; absent for somebody who has none. */
  readonly algorithm?: TotpAlgorithm;
  /** SHA-256 of his client certificate, in hexadecimal digits. */
  readonly certificate?: string;
  readonly enrolledAt: number;
  readonly enrolledBy: string;
  /** Absent until he proved a second factor for the first time: until then he does not count. */
  readonly confirmedAt?: number;
  /** Absent unless he may not try. */
  readonly lockedUntil?: number;
}

/** Whom to give a role, and by what he is to prove who he is: codes, a certificate, or either of both. */
export interface Enrolment {
  readonly subject: string;
  readonly role: AdministratorRole;
  /** Absent: no codes. */
  readonly algorithm?: TotpAlgorithm;
  /** SHA-256 of a client certificate. */
  readonly certificate?: Buffer;
}

export interface AdministratorsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly apiKey: Uint8Array;
}

/**
 * Who administers (三权分立): one role a person, acts only with a second factor. Where nobody has a role yet, the key of the
 * machine stands in for it; from then on only with a reason.
 */
export class Administrators {
  readonly #options: AdministratorsOptions;
  readonly #key: Buffer;

  constructor(options: AdministratorsOptions) {
    this.#options = options;
    this.#key = derivedKey(options.apiKey, 'second factor');
  }

  async list(): Promise<Administrator[]> {
    return (await administratorTable.all(this.#options.store.read)).map((row) => this.#shown(row));
  }

  /** Roles that nobody has who proved his second factor: for those the key of the machine stands in. */
  async vacant(roles: readonly AdministratorRole[]): Promise<AdministratorRole[]> {
    const held = (await administratorTable.all(this.#options.store.read)).filter((row) => row.confirmed_at !== null);
    return roles.filter((role) => !held.some((row) => row.role === role));
  }

  /**
   * Gives a person a role and a second factor; it counts from its first use on.
   *
   * @returns the factor of his codes, if he has any: it is never told again
   * @throws CodedError ROLE_CONFLICT, CONFLICT
   */
  async enrol(wish: Enrolment, by: string): Promise<TotpFactor | undefined> {
    const { subject, role, algorithm, certificate } = wish;
    if (!algorithm && !certificate) throw new TypeError('an administrator without any second factor');
    const factor = algorithm && { algorithm, secret: randomBytes(SECRET_BYTES[algorithm]) };
    const row = {
      ...{ subject, role, algorithm: algorithm ?? 'SHA1', certificate: certificate ?? null },
      secret: factor ? seal(this.#key, factor.secret, subject) : NO_SECRET,
      ...{ enrolled_at: this.#now(), enrolled_by: by },
    };
    await this.#options.store.write(async (tx) => {
      const all = await administratorTable.all(tx);
      const known = all.find((one) => one.subject === subject);
      if (known && known.role !== role) throw new CodedError('ROLE_CONFLICT');
      if (known) throw new CodedError('CONFLICT', 'is enrolled; remove him first to give him a new factor');
      if (certificate && all.some((one) => one.certificate?.equals(certificate)))
        throw new CodedError('CONFLICT', 'the certificate is that of another administrator');
      if (all.length >= MOST_ADMINISTRATORS)
        throw new CodedError('CONFLICT', `there are ${MOST_ADMINISTRATORS} administrators; remove one first`);
      await administratorTable.add(tx, row);
    });
    return factor;
  }

  /** Takes a person's role away, with his sessions. @throws CodedError NOT_FOUND; CONFLICT for oneself */
  async remove(subject: string, by: string): Promise<void> {
    if (subject === by) throw new CodedError('CONFLICT', 'nobody takes his own role away; another one must');
    const removed = await this.#options.store.write((tx) => administratorTable.remove(tx, subject));
    if (!removed) throw new CodedError('NOT_FOUND', 'is no administrator');
  }

  /**
   * Opens a session for the subject of a token, by his one-time code. Each code counts once.
   *
   * @returns the token of the session, which only hashes of are kept of
   * @throws CodedError SECOND_FACTOR_WRONG, SECOND_FACTOR_LOCKED, FORBIDDEN
   */
  openSession({ sub, role }: DutyCaller, code: string): Promise<Session> {
    return this.#open(sub, null, async (tx, now) => {
      const row = await administratorTable.find(tx, sub);
      if (!row || row.role !== role) return 'FORBIDDEN';
      if (row.secret.length === 0) return 'SECOND_FACTOR_WRONG';
      if (row.locked_until > now) return 'SECOND_FACTOR_LOCKED';
      const factor = { algorithm: row.algorithm, secret: unseal(this.#key, row.secret, sub) };
      const step = matchingStep(factor, code, row.last_step, now);
      if (step === undefined) {
        const failures = row.failures + 1;
        await administratorTable.failed(tx, sub, failures, failures % ATTEMPTS === 0 ? now + lockOf(failures) : 0);
        return 'SECOND_FACTOR_WRONG';
      }
      await administratorTable.succeeded(tx, sub, step, now);
      return undefined;
    });
  }

  /**
   * Opens a session for the subject of a token whose connection has shown his client certificate. Its token is good
   * on connections that show it too, and on no others (RFC 8705 section 3).
   *
   * @throws CodedError SECOND_FACTOR_REQUIRED when none was shown, SECOND_FACTOR_WRONG, FORBIDDEN
   */
  openBoundSession({ sub, role, certificate }: DutyCaller): Promise<Session> {
    return this.#open(sub, certificate ?? null, async (tx, now) => {
      const row = await administratorTable.find(tx, sub);
      if (!row || row.role !== role) return 'FORBIDDEN';
      if (!certificate) return 'SECOND_FACTOR_REQUIRED';
      if (!row.certificate?.equals(certificate)) return 'SECOND_FACTOR_WRONG';
      await administratorTable.shown(tx, sub, now);
      return undefined;
    });
  }

  /** Ends the session of a token. */
  async endSession(token: string): Promise<void> {
    await this.#options.store.write((tx) => administratorTable.endSession(tx, idOf(token)));
  }

  /** Whether a bearer token is one of a session. */
  isSession(token: string): boolean {
    return token.startsWith(SESSION_PREFIX);
  }

  /**
   * Who holds the token of a session that lasts.
   *
   * @param shown SHA-256 of the client certificate of the connection on which it came
   * @returns undefined too for the token of a session that another certificate opened
   */
  async callerOf(token: string, shown?: Buffer): Promise<DutyCaller | undefined> {
    const session = await administratorTable.session(this.#options.store.read, idOf(token), this.#now());
    if (!session) return undefined;
    const { subject: sub, role, certificate } = session;
    if (!certificate) return { sub, role, factor: 'otp' };
    return shown && certificate.equals(shown) ? { sub, role, factor: 'certificate', certificate } : undefined;
  }

  /**
   * Holds a caller against his duties.
   *
   * @param isAct he changes something
   * @throws CodedError ROLE_CONFLICT, SECOND_FACTOR_REQUIRED, FORBIDDEN
   */
  async demand({ sub, role, factor, breakGlass, issuedAt }: DutyCaller, isAct: boolean): Promise<void> {
    const { store, log } = this.#options;
    const row = await administratorTable.find(store.read, sub);
    if (row && row.role !== role) throw new CodedError('ROLE_CONFLICT');
    // Removing a person and enrolling him again is how a token that leaked is made worthless.
    if (row && issuedAt !== undefined && issuedAt < secondOf(row.enrolled_at))
      throw new CodedError('FORBIDDEN', 'the token is older than the enrolment; use the one that was made with it');
    if (!isAdministrator(role) || factor) return;
    if (sub === localSubject(role)) {
      if ((await this.vacant([role])).length > 0) return;
      if (breakGlass === undefined) throw new CodedError('SECOND_FACTOR_REQUIRED');
      log.warn({ role }, 'the key of the machine stands in for an administrator, with a reason');
      return;
    }
    if (!row) throw new CodedError('FORBIDDEN', 'is no administrator; a security administrator must enrol him');
    if (isAct) throw new CodedError('SECOND_FACTOR_REQUIRED');
  }

  /** @param prove says why not */
  async #open(
    subject: string,
    certificate: Buffer | null,
    prove: (tx: Transaction, now: number) => Promise<ErrorCode | undefined>,
  ): Promise<Session> {
    const token = `${SESSION_PREFIX}${randomBytes(32).toString('base64url')}`;
    const now = this.#now();
    const expiresAt = now + SESSION_MS;
    const refused = await this.#options.store.write(async (tx) => {
      const reason = await prove(tx, now);
      const row = { id: idOf(token), subject, certificate, opened_at: now, expires_at: expiresAt };
      if (!reason) await administratorTable.openSession(tx, row);
      return reason;
    });
    if (refused) throw new CodedError(refused);
    return { token, expiresAt };
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #shown(row: AdministratorRow): Administrator {
    return {
      subject: row.subject,
      role: row.role,
      ...(row.secret.length > 0 && { algorithm: row.algorithm }),
      ...(row.certificate && { certificate: row.certificate.toString('hex') }),
      enrolledAt: row.enrolled_at,
      enrolledBy: row.enrolled_by,
      ...(row.confirmed_at !== null && { confirmedAt: row.confirmed_at }),
      ...(row.locked_until > this.#now() && { lockedUntil: row.locked_until }),
    };
  }
}

function idOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Milliseconds. */
function lockOf(failures: number): number {
  return Math.min(FIRST_LOCK_MS * 2 ** (failures / ATTEMPTS - 1), LONGEST_LOCK_MS);
}

/** Tokens say the second in which they were issued (RFC 7519, 4.1.6). */
function secondOf(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { type PushedRequest, type PushProof, TOLERANCE_MS } from '../http/hook/hook-proof.ts';
import { Unreadable } from '../unreadable.ts';
import { member, openEnvelope, type SoapVersion } from './envelope.ts';
import { PASSWORD, readPassword, SECURITY, type SoapAuthConfig, UTILITY } from './soap-auth.ts';

/** Nonces that are remembered, each until its time is over; when they are too many no token is believed. */
export const MAX_NONCES = 100_000;
/** Characters of a nonce as it stands in the message. */
const MAX_NONCE = 256;
/** A moment with its offset (WS-Security 10). */
const CREATED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const PREFIXES = { wsse: SECURITY, wsu: UTILITY };

export type UsernameTokenConfig = Extract<SoapAuthConfig, { type: 'username-token' }>;

/** What a token says, as text. */
interface Token {
  readonly user: string;
  readonly type: string;
  readonly password: string;
  readonly nonce: string;
  readonly created: string;
}

/**
 * Believes messages whose header has a good UsernameToken (WS-Security UsernameToken Profile 1.0): a digest over nonce, time
 * and password, five minutes old at most and never twice; or the password itself where the configuration says so. It
 * proves who sent a message, not what is in it: that is up to TLS.
 */
export class UsernameTokens {
  readonly #config: UsernameTokenConfig;
  readonly #now: () => number;
  /** Digest of nonce and time, and when it is over in ms. */
  readonly #seen = new Map<string, number>();

  constructor(config: UsernameTokenConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
  }

  async verify(version: SoapVersion, { body }: PushedRequest, carrier: string | undefined): Promise<PushProof> {
    try {
      const { header } = openEnvelope(body, { version, prefixes: PREFIXES, lists: [] }, carrier);
      const token = tokenIn(header);
      if (!token) return refused('has no UsernameToken, or several');
      const password = await readPassword(this.#config.password_file).catch(() => undefined);
      if (password === undefined) return refused('cannot be checked: the password file cannot be used');
      return this.#judge(token, password);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return refused(`has an envelope that cannot be read: ${error.problems[0]?.code}`);
    }
  }

  #judge({ user, type, password, nonce, created }: Token, expected: string): PushProof {
    const { password: kind = 'digest' } = this.#config;
    const wrong = refused('has a wrong user or password');
    if (!same(user, this.#config.user)) return wrong;
    if (kind === 'text') {
      const isText = type === '' || type === `${PASSWORD}Text`;
      return isText && same(password, expected) ? { ok: true } : wrong;
    }
    if (type !== `${PASSWORD}Digest`) return refused('has a password that is no digest');
    if (nonce === '' || nonce.length > MAX_NONCE || !CREATED.test(created))
      return refused('has no nonce or no time of creation');
    const digest = createHash('sha1').update(Buffer.from(nonce, 'base64')).update(created).update(expected);
    if (!same(password, digest.digest('base64'))) return wrong;
    return this.#judgeTime(nonce, created);
  }

  /** Only of tokens whose digest is right, so that strangers fill nothing. */
  #judgeTime(nonce: string, created: string): PushProof {
    const [now, at] = [this.#now(), Date.parse(created)];
    if (!(Math.abs(now - at) <= TOLERANCE_MS)) return refused('has a token that is too old, or of the future');
    for (const [one, until] of this.#seen) {
      if (until >= now) break;
      this.#seen.delete(one);
    }
    const id = createHash('sha256').update(Buffer.from(nonce, 'base64')).update(`\n${at}`).digest('base64');
    if (this.#seen.has(id)) return refused('has a token that came before');
    if (this.#seen.size >= MAX_NONCES) return refused('has a token that cannot be remembered: too many are');
    this.#seen.set(id, at + TOLERANCE_MS);
    return { ok: true };
  }
}

function tokenIn(header: unknown): Token | undefined {
  const token = member(member(header, 'wsse:Security'), 'wsse:UsernameToken');
  const [user, password] = [member(token, 'wsse:Username'), member(token, 'wsse:Password')];
  if (Array.isArray(user) || Array.isArray(password)) return undefined;
  if (textOf(user) === '' || textOf(password) === '') return undefined;
  const type = member(password, '@Type') ?? '';
  const [nonce, created] = [textOf(member(token, 'wsse:Nonce')), textOf(member(token, 'wsu:Created'))];
  return { user: textOf(user), password: textOf(password), type: String(type), nonce, created };
}

/** Of an element with attributes or without; empty when there is none. */
function textOf(element: unknown): string {
  const text = typeof element === 'object' ? member(element, '#text') : element;
  return typeof text === 'string' ? text.trim() : '';
}

function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function refused(reason: string): PushProof {
  return { ok: false, reason };
}

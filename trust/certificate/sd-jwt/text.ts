import { LIMITS } from '#proto';
import { VerificationError } from '../../errors.ts';
import { type OpenJws, readJws } from '../../jws.ts';
import { type Disclosure, MAX_DISCLOSURE_LENGTH, readDisclosures } from './disclosure.ts';

/** Claims of a JWT, or what is left of them after processing. */
export type Claims = Readonly<Record<string, unknown>>;

/** An SD-JWT that was read and not verified: `<jwt>~<disclosure>~…~<key binding JWT or nothing>` (RFC 9901, 4). */
export interface OpenSdJwt {
  /** Issuer-signed JWT as text. */
  readonly jwt: string;
  readonly issued: OpenJws<Claims>;
  readonly disclosures: readonly Disclosure[];
  /** Everything up to the last tilde, with it: what `sd_hash` of a key binding JWT is taken over. */
  readonly bound: string;
  /** Key binding JWT; undefined when there is none. */
  readonly binding: string | undefined;
}

/** Characters of a whole SD-JWT. */
const MAX_LENGTH = 256 * 1024;
const MAX_DISCLOSURES = 200;

/**
 * Reads an SD-JWT without trusting it.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE
 */
export function readSdJwt(text: string): OpenSdJwt {
  if (text.length > MAX_LENGTH) malformed(`is longer than ${MAX_LENGTH} characters`);
  const end = text.lastIndexOf('~');
  if (end < 0) malformed('has no tilde after its JWT');
  const start = text.indexOf('~');
  const jwt = text.slice(0, start);
  const encoded = start === end ? [] : text.slice(start + 1, end).split('~', MAX_DISCLOSURES + 1);
  if (encoded.length > MAX_DISCLOSURES) malformed(`has more than ${MAX_DISCLOSURES} disclosures`);
  return {
    jwt,
    issued: readIssued(jwt),
    disclosures: readDisclosures(encoded),
    bound: text.slice(0, end + 1),
    binding: end + 1 < text.length ? text.slice(end + 1) : undefined,
  };
}

/** Writes an SD-JWT without key binding. */
export function writeSdJwt(jwt: string, disclosures: readonly Pick<Disclosure, 'encoded'>[]): string {
  let text = `${jwt}~`;
  for (const { encoded } of disclosures) text += `${encoded}~`;
  return text;
}

/** Whether verifiers would read an SD-JWT of this size. */
export function isReadable(jwt: string, text: string, disclosures: readonly Pick<Disclosure, 'encoded'>[]): boolean {
  return (
    jwt.length <= LIMITS.jwsBytes &&
    text.length <= MAX_LENGTH &&
    disclosures.length <= MAX_DISCLOSURES &&
    disclosures.every(({ encoded }) => encoded.length <= MAX_DISCLOSURE_LENGTH)
  );
}

/** A broken JWS makes a malformed certificate; all other faults keep their code. */
export function asMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code !== 'JWS_INVALID') throw cause;
    throw new VerificationError('CERTIFICATE_MALFORMED', `not an SD-JWT: ${cause.message}`, [], { cause });
  }
}

/** @throws VerificationError CERTIFICATE_MALFORMED */
export function malformed(what: string): never {
  throw new VerificationError('CERTIFICATE_MALFORMED', `the SD-JWT ${what}`);
}

function readIssued(jwt: string): OpenJws<Claims> {
  return asMalformed(() => readJws<Claims>(jwt));
}

import { fields, integer, LIMITS, type Problem, TYP, text } from '#proto';
import { VerificationError } from '../../errors.ts';
import { decodePart, encodeJson, readJws, type VerificationKey } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { publicJwkOf, suiteOf } from '../../suites.ts';
import { digestOf } from './disclosure.ts';
import { hashNameOf } from './hash-name.ts';
import { holderKeyOf, isSameKey } from './holder-key.ts';
import { type OpenSdJwt, readSdJwt } from './text.ts';

/** What a verifier gives the holder to sign (RFC 9901, 4.3): a proof for another verifier, or of another day, has others. */
export interface BindingRequest {
  /** Who verifies. */
  readonly audience: string;
  /** Fresh for this presentation. */
  readonly nonce: string;
}

/** What a verifier demands of a key binding. */
export interface BindingDemand extends BindingRequest {
  /** Milliseconds that the proof may be old. */
  readonly maxAgeMs: number;
}

interface BindingClaims {
  readonly iat: number;
  readonly aud: string;
  readonly nonce: string;
  readonly sd_hash: string;
}

/** Characters of a key binding JWT. */
const MAX_LENGTH = 8 * 1024;
const WORD = text(1000);
const CLAIMS = fields({ iat: integer(0), aud: WORD, nonce: WORD, sd_hash: WORD });
const HEADER: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);

/**
 * Adds the holder's proof that he presents it, to this verifier and now (key binding JWT, RFC 9901, 4.3).
 *
 * @param sdJwt an SD-JWT or a presentation of it, without key binding
 * @param holder the key that its `cnf` names
 * @param nowMs becomes `iat`
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE, CERTIFICATE_BINDING when it is made out to
 *   another key, to none, or has a binding already
 */
export async function bindSdJwt(
  sdJwt: string,
  holder: Signer,
  { audience, nonce }: BindingRequest,
  nowMs: number,
): Promise<string> {
  const { issued, bound, binding } = readSdJwt(sdJwt);
  if (binding !== undefined) wrong('the presentation has a key binding already');
  const named = holderKeyOf(issued.payload);
  if (!named || !isSameKey(publicJwkOf(named.key), holder.publicJwk))
    wrong('the certificate is not made out to this key');
  const claims: BindingClaims = {
    iat: Math.floor(nowMs / 1000),
    aud: audience,
    nonce,
    sd_hash: digestOf(hashNameOf(issued.payload), bound),
  };
  // Not `signJws`: the verifier has the key from the certificate, so that no kid stands in the header.
  const input = `${encodeJson({ alg: suiteOf(holder.suite).alg, typ: TYP.keyBinding })}.${encodeJson(claims)}`;
  const signature = await holder.sign(Buffer.from(input, 'latin1'));
  return `${bound}${input}.${signature.toString('base64url')}`;
}

/**
 * Demands that who presents a verified SD-JWT holds the key that it is made out to, now and towards this verifier
 * (RFC 9901, 7.3, step 4).
 *
 * @param now milliseconds
 * @throws VerificationError CERTIFICATE_BINDING_MISSING, CERTIFICATE_BINDING, CERTIFICATE_BINDING_STALE,
 *   CERTIFICATE_MALFORMED for a `cnf` that is no key
 */
export function demandBinding(open: OpenSdJwt, demand: BindingDemand, now: number): void {
  const { aud, nonce, iat } = readBinding(open) ?? missing();
  if (aud !== demand.audience) wrong('the key binding is for another verifier');
  if (nonce !== demand.nonce) wrong('the key binding has another nonce');
  const age = now - iat * 1000;
  if (age > demand.maxAgeMs || age < -LIMITS.sealSkewMs) throw new VerificationError('CERTIFICATE_BINDING_STALE');
}

/**
 * What the holder signed of this presentation; undefined when there is no key binding. One that is not good is never
 * passed over, even where nobody asked for it.
 *
 * @throws VerificationError CERTIFICATE_BINDING, CERTIFICATE_MALFORMED for a `cnf` that is no key
 */
export function readBinding({ issued, bound, binding }: OpenSdJwt): BindingClaims | undefined {
  if (binding === undefined) return undefined;
  const holder = holderKeyOf(issued.payload) ?? wrong('the certificate is made out to no key');
  const claims = readSigned(binding, holder);
  if (claims.sd_hash !== digestOf(hashNameOf(issued.payload), bound))
    wrong('the key binding is of another presentation');
  return claims;
}

/** The claims of a key binding JWT that the holder signed. */
function readSigned(binding: string, { suite, key }: Pick<VerificationKey, 'suite' | 'key'>): BindingClaims {
  const { header, payload, input, signature } = asBinding(() => readJws<BindingClaims>(binding, MAX_LENGTH));
  if (!Object.keys(header).every((name) => HEADER.has(name))) wrong('its header has a member that is not allowed');
  if (header['typ'] !== TYP.keyBinding) wrong('the key binding is another kind of signed object');
  if (header['alg'] !== suite.alg) wrong('the key binding has another algorithm than the key');
  const bytes = asBinding(() => decodePart(signature));
  if (!suite.verify(key, Buffer.from(input, 'latin1'), bytes))
    wrong('the signature of the key binding does not verify');
  const problems: Problem[] = [];
  CLAIMS(payload, '', problems);
  if (problems.length > 0)
    throw new VerificationError('CERTIFICATE_BINDING', 'the key binding has wrong claims', problems);
  return payload;
}

function asBinding<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new VerificationError('CERTIFICATE_BINDING', 'the key binding is no JWT', [], { cause });
  }
}

function missing(): never {
  throw new VerificationError('CERTIFICATE_BINDING_MISSING');
}

function wrong(detail: string): never {
  throw new VerificationError('CERTIFICATE_BINDING', detail);
}

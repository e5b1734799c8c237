import { bytes, object, oneOf, printed, text, whole } from './shape.ts';
import { type Claims, publicKey, signatureHolds } from './signed.ts';
import { decoded, demand, type Hash, jsonOnce, Refused } from './wire.ts';

/** Key binding of certificates, as proto/README.md has it. */

const CODE = 'CERTIFICATE_BINDING';
const LIMIT = 8 * 1024;
const FIVE_MINUTES = 300_000;

/** What a verifier demands of the holder. */
export interface BindingDemand {
  readonly audience: string;
  readonly nonce: string;
  /** Milliseconds: an older binding is stale. */
  readonly maxAge: number;
}

const HEADER = object({ alg: text(1), typ: oneOf('kb+jwt'), 'kid?': () => {} });
const CLAIMS = object({
  iat: whole(),
  aud: printed(1000),
  nonce: printed(1000),
  sd_hash: bytes(32, 32),
});

/**
 * Verifies that the holder of the key in `cnf` signed this presentation.
 *
 * @param presented the text up to the last `~`, with it
 * @throws Refused CERTIFICATE_BINDING
 */
export function readBinding(jws: string, presented: string, { cnf }: Claims, H: Hash) {
  demand(jws.length <= LIMIT, CODE, 'the key binding is larger than 8 KiB');
  const parts = jws.split('.');
  const [header, claims] = parts.slice(0, 2).map((part) => jsonOnce(decoded(part) ?? Buffer.alloc(0)));
  const signature = decoded(parts[2]);
  demand(parts.length === 3 && signature !== undefined, CODE, 'the key binding has no three parts');
  HEADER(header, CODE);
  CLAIMS(claims, CODE);
  demand(cnf !== undefined, CODE, 'the certificate is made out to no key');
  const key = publicKey((cnf as { jwk: unknown }).jwk);
  if (key === undefined) throw new Refused(CODE, 'the key of the holder is none');
  demand((header as Claims)['alg'] === key.suite, CODE, `the key of the holder is for ${key.suite}`);
  const signed = Buffer.from(parts.slice(0, 2).join('.'));
  demand(signatureHolds(key, signed, signature), CODE, 'the signature of the holder does not verify');
  const bound = claims as { iat: number; aud: string; nonce: string; sd_hash: string };
  const ofThis = H(Buffer.from(presented)).toString('base64url') === bound.sd_hash;
  demand(ofThis, CODE, 'the key binding is of another presentation');
  return bound;
}

/**
 * Demands a binding of this verifier's asking.
 *
 * @param now milliseconds
 * @throws Refused CERTIFICATE_BINDING_MISSING, CERTIFICATE_BINDING, CERTIFICATE_BINDING_STALE
 */
export function demandBinding(
  binding: ReturnType<typeof readBinding> | undefined,
  { audience, nonce, maxAge }: BindingDemand,
  now: number,
): void {
  demand(binding, 'CERTIFICATE_BINDING_MISSING', 'the holder did not bind the presentation');
  demand(binding.aud === audience && binding.nonce === nonce, CODE, 'the key binding is for another verifier');
  const at = binding.iat * 1000;
  const isFresh = at <= now + FIVE_MINUTES && at >= now - maxAge;
  demand(isFresh, 'CERTIFICATE_BINDING_STALE', 'the key binding is too old, or of the future');
}

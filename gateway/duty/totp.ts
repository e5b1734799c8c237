import { createHmac } from 'node:crypto';

/** Hashes of a second factor; programs for telephones know the first one at least. */
export const TOTP_ALGORITHMS = ['SHA1', 'SHA256'] as const;
export type TotpAlgorithm = (typeof TOTP_ALGORITHMS)[number];

/** Milliseconds of a time step (RFC 6238, 5.2). */
const STEP_MS = 30_000;
/** Steps that a clock may be off, before and after (RFC 6238, 5.2). */
const SKEW = 1;
const DIGITS = 6;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A second factor (动态口令). */
export interface TotpFactor {
  readonly algorithm: TotpAlgorithm;
  readonly secret: Uint8Array;
}

/** Number of the time step of a moment. @param now milliseconds */
export function stepAt(now: number): number {
  return Math.floor(now / STEP_MS);
}

/** The one-time code of a time step (RFC 6238 over RFC 4226, 5.3). */
export function totpCode({ algorithm, secret }: TotpFactor, step: number, digits = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(algorithm, secret).update(counter).digest();
  const offset = mac[mac.length - 1]! & 0x0f;
  const truncated = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(truncated % 10 ** digits).padStart(digits, '0');
}

/**
 * The time step whose code this is.
 *
 * @param used newest step whose code was taken: it and those before count no more (RFC 6238, 5.2)
 * @param now milliseconds
 * @returns undefined when it is the code of none that counts
 */
export function matchingStep(factor: TotpFactor, code: string, used: number, now: number): number | undefined {
  const current = stepAt(now);
  for (let step = current - SKEW; step <= current + SKEW; step += 1)
    if (step > used && totpCode(factor, step) === code) return step;
  return undefined;
}

/** The secret in base 32 (RFC 4648, 6) without padding, as programs for telephones take it. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => BASE32[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}

/** What a QR code tells a program for telephones: the `otpauth` form that all of them read. */
export function otpauthUri({ algorithm, secret }: TotpFactor, issuer: string, subject: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(subject)}`;
  const terms = { secret: base32(secret), issuer, algorithm, digits: String(DIGITS), period: String(STEP_MS / 1000) };
  return `otpauth://totp/${label}?${new URLSearchParams(terms).toString().replaceAll('+', '%20')}`;
}

import { randomBytes } from 'node:crypto';
import { CodedError } from '#proto';

/** By what the webhooks of a subscription are signed; `whsec_` and base64. */
export interface Secrets {
  readonly current: string;
  /** Signs beside the current one while the platform changes over. */
  readonly previous?: { readonly secret: string /** Milliseconds. */; readonly until: number };
}

/** Of a new subscription. */
export function newSecrets(): Secrets {
  return { current: newSecret() };
}

/**
 * A new secret in the place of those before. Those that do not open any more just end.
 *
 * @param until up to when the one before signs too, in ms since 1970; not at all when undefined
 */
export function renewed(before: Secrets | undefined, until: number | undefined): Secrets {
  const secret = before?.current;
  return { current: newSecret(), ...(secret !== undefined && until !== undefined && { previous: { secret, until } }) };
}

/** Secrets that sign now. */
export function signingSecrets({ current, previous }: Secrets, now: number): readonly string[] {
  return previous && now < previous.until ? [current, previous.secret] : [current];
}

/** What was written with a key that is away must not be written over. @throws CodedError CONFLICT */
export function demandSecrets(secrets: Secrets | undefined): Secrets {
  if (secrets) return secrets;
  throw new CodedError('CONFLICT', 'the secret of the webhook does not open; ask for another first');
}

/** 32 random bytes, as Standard Webhooks writes them. */
function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

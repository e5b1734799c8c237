import { readFile } from 'node:fs/promises';
import { SignJWT } from 'jose';
import { fields, oneOf, type Problem, type Rule, regionUrn } from '#proto';
import { type AdapterContext, PlatformError } from '../adapter.ts';
import { absolutePath } from '../config-rules.ts';
import { decodeSecret, signWebhook } from './webhook-signature.ts';

/** How the platform knows that a request is ours. The secret stands in a file, never in the configuration. */
export type AuthenticationConfig =
  | { readonly type: 'none' }
  | { readonly type: 'hmac' | 'jwt'; readonly secret_file: string };

/** What it takes to say who asks. */
export type Asker = Pick<AdapterContext, 'now' | 'region'>;

/** Life of a bearer token, in seconds. */
const TOKEN_SECONDS = 60;

/** Fewest bytes of a secret: Standard Webhooks asks for 24, HS256 for the length of its hash (RFC 7518 section 3.2). */
const MIN_SECRET_BYTES = { hmac: 24, jwt: 32 } as const;

const type = oneOf('hmac', 'jwt', 'none');
const withSecret = fields({ type, secret_file: absolutePath });
const withoutSecret = fields({ type });

export const authenticationRules: Rule = (value, pointer, problems) => {
  const none = (value as AuthenticationConfig | undefined | null)?.type === 'none';
  (none ? withoutSecret : withSecret)(value, pointer, problems);
};

/** Says what is wrong with the secret file, if anything. */
export async function secretProblems(config: AuthenticationConfig, pointer: string): Promise<Problem[]> {
  if (config.type === 'none') return [];
  const fault = await readSecret(config.type, config.secret_file).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return fault === undefined ? [] : [{ pointer: `${pointer}/secret_file`, code: 'SECRET', message: fault }];
}

/**
 * Headers that prove the sender of one attempt. The secret is read anew each time, so that replacing the file is all
 * that it takes to change it.
 *
 * @throws PlatformError retryable, when the secret cannot be read
 */
export async function authenticate(
  config: AuthenticationConfig,
  request: { id: string; url: URL; body: Uint8Array },
  context: Asker,
): Promise<Record<string, string>> {
  if (config.type === 'none') return {};
  const secret = await readSecret(config.type, config.secret_file).catch((cause: Error) => {
    throw new PlatformError(true, `the secret file ${cause.message}`, { cause });
  });
  if (config.type === 'hmac') return signWebhook(request.id, context.now(), request.body, secret);
  return { authorization: `Bearer ${await bearerToken(request.url, secret, context)}` };
}

function bearerToken(url: URL, secret: Uint8Array, context: Asker): Promise<string> {
  const issuedAt = Math.floor(context.now() / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(regionUrn(context.region))
    .setAudience(url.host)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .sign(secret);
}

/** The bytes of a shared secret. Rejects with words that follow "the secret file". */
export async function readSecret(kind: 'hmac' | 'jwt', path: string): Promise<Buffer> {
  const content = await readFile(path, 'latin1').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`cannot be read (${cause.code})`, { cause });
  });
  const secret = decodeSecret(content);
  if (!secret) throw new Error('is not base64; make one with: openssl rand -base64 32');
  const least = MIN_SECRET_BYTES[kind];
  if (secret.length < least) throw new Error(`has fewer than ${least} bytes; make one with: openssl rand -base64 32`);
  return secret;
}

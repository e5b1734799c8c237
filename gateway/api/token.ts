import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SignJWT } from 'jose';
import { CodedError, integer, oneOf, type Problem, text } from '#proto';
import { SIGN_ON_PREFIX } from '../duty/administrator.ts';
import { ROLES, type Role } from './roles.ts';

const KEY_BYTES = 32;
/** Seconds that a token is good at most. */
export const MAX_TTL_SECONDS = 366 * 24 * 60 * 60;
/** Seconds for which the key of the machine stands in for an administrator with a reason, at most. */
export const MAX_BREAK_GLASS_SECONDS = 15 * 60;

const subjectRule = text(100, {
  pattern: new RegExp(`^(?!${SIGN_ON_PREFIX})`, 'u'),
  hint: `must not begin with ${SIGN_ON_PREFIX}: such a person has the tokens of the sign-on`,
});
const purposeRule = text(200, { min: 2 });

/** Whether what a token claims to be its purpose is one. */
export function isPurpose(claim: unknown): claim is string {
  const problems: Problem[] = [];
  purposeRule(claim, '', problems);
  return problems.length === 0;
}

export interface TokenRequest {
  readonly role: Role;
  /** Who will use it: name of a platform or of a workplace, not of a person. 1 to 100 characters, not beginning with `oidc:`. */
  readonly subject: string;
  /** What it is for (用途), 2 to 200 characters: then nobody says it with each look into personal data. */
  readonly purpose?: string | undefined;
  /** Why the key of the machine stands in for an administrator (应急), 2 to 200 characters; then for 15 minutes at most. */
  readonly breakGlass?: string | undefined;
  /** How long it is good: 1 second to 366 days. */
  readonly ttlSeconds: number;
  readonly secret: Uint8Array;
  /** `iss` and `aud` that the gateway demands, from its config. */
  readonly issuer: string;
  readonly audience: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Makes an access token for the API: a JWT (RFC 7519), HS256 with the local key. Works without a running gateway.
 *
 * @throws CodedError VALIDATION_FAILED, naming every wrong value at once
 */
export async function mintToken(request: TokenRequest): Promise<string> {
  const { role, subject, purpose, breakGlass, ttlSeconds, secret, issuer, audience, now } = request;
  const problems: Problem[] = [];
  oneOf(...ROLES)(role, '/role', problems);
  subjectRule(subject, '/subject', problems);
  if (purpose !== undefined) purposeRule(purpose, '/purpose', problems);
  if (breakGlass !== undefined) purposeRule(breakGlass, '/breakGlass', problems);
  integer(1, breakGlass === undefined ? MAX_TTL_SECONDS : MAX_BREAK_GLASS_SECONDS)(ttlSeconds, '/ttl', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  const issuedAt = Math.floor(now / 1000);
  const more = {
    ...(purpose !== undefined && { purpose }),
    ...(breakGlass !== undefined && { break_glass: breakGlass }),
  };
  return await new SignJWT({ role, ...more })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ttlSeconds)
    .sign(secret);
}

/** Where the key of the API's tokens is, in the folder of keys. */
export function apiKeyFile(keysDirectory: string): string {
  return join(keysDirectory, 'api.key');
}

/**
 * Makes the key of the API's tokens, readable by its owner only. A key that exists stays, and is returned.
 *
 * @throws CodedError KEY_MISSING if what exists is not such a key
 */
export async function createApiKey(keysDirectory: string): Promise<Buffer> {
  const file = apiKeyFile(keysDirectory);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  const handle = await open(beside, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await handle.sync();
    // A link, unlike a rename, never replaces a key by which tokens are already in use.
    await link(beside, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await handle.close();
    await rm(beside, { force: true });
  }
  return await readApiKey(keysDirectory);
}

/**
 * Reads the key of the API's tokens.
 *
 * @throws CodedError KEY_MISSING if there is none, or it is damaged
 */
export async function readApiKey(keysDirectory: string): Promise<Buffer> {
  const file = apiKeyFile(keysDirectory);
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CodedError('KEY_MISSING', `cannot read ${file} (${error.code}); make it with: tongban init`, [], {
      cause: error,
    });
  });
  const key = Buffer.from(content.trim(), 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== content.trim())
    throw new CodedError('KEY_MISSING', `${file} is damaged; it must hold ${KEY_BYTES} bytes in base64`);
  return key;
}

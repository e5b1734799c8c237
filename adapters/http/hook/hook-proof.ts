import { createHash, timingSafeEqual } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { jwtVerify } from 'jose';
import { fields, oneOf, optional, type Problem, type Rule, regionUrn, text } from '#proto';
import { absolutePath } from '../../config-rules.ts';
import { type Asker, readSecret } from '../authentication.ts';
import { headerName, readTextSecret } from '../proof.ts';
import { verifyWebhook } from '../webhook-signature.ts';

/** How we know that a platform itself pushes. The secret stands in a file and is read anew each time. */
export type HookAuthConfig =
  | { readonly type: 'hmac'; readonly secret_file: string }
  | {
      readonly type: 'jwt';
      readonly secret_file: string;
      /** What `iss` must be. */
      readonly issuer: string;
    }
  | {
      readonly type: 'bearer';
      readonly secret_file: string;
      /** Where the secret stands; as `Authorization: Bearer` when absent. */
      readonly header?: string;
    };

export interface PushedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** `id` of the request where the proof covers one; else why it is not believed, in words of ours. */
export type PushProof = { readonly ok: true; readonly id?: string } | { readonly ok: false; readonly reason: string };

/** How far the clock of a platform may be off, in ms. */
export const TOLERANCE_MS = 5 * 60_000;
/** How long a token may live. */
const TOKEN_SECONDS = 10 * 60;
const SKEW_SECONDS = 60;

const RULES: Readonly<Record<HookAuthConfig['type'], Rule>> = {
  hmac: fields({ type: oneOf('hmac'), secret_file: absolutePath }),
  jwt: fields({ type: oneOf('jwt'), secret_file: absolutePath, issuer: text(256) }),
  bearer: fields({ type: oneOf('bearer'), secret_file: absolutePath, header: optional(headerName) }),
};

export const hookAuthRules: Rule = (value, pointer, problems) => {
  const type = (value as { type?: unknown } | null | undefined)?.type;
  if (typeof type === 'string' && Object.hasOwn(RULES, type))
    RULES[type as HookAuthConfig['type']](value, pointer, problems);
  else problems.push({ pointer: `${pointer}/type`, code: 'NOT_IN_LIST', message: 'must be one of: hmac, jwt, bearer' });
};

/**
 * With one secret for both ways, what we sent could be sent back to us as if the platform had said it.
 *
 * @param own file of the secret with which we call the platform
 */
export async function sharedSecretProblems(
  { secret_file }: HookAuthConfig,
  own: string | undefined,
  pointer: string,
): Promise<Problem[]> {
  if (own === undefined || (await placeOf(own)) !== (await placeOf(secret_file))) return [];
  const message = 'is the file of auth, too; pushes need a secret of their own';
  return [{ pointer: `${pointer}/secret_file`, code: 'CONFLICT', message }];
}

/** A file that is not there is told of elsewhere. */
function placeOf(file: string): Promise<string> {
  return realpath(file).catch(() => resolve(file));
}

/** Says what is wrong with the secret file, if anything. */
export async function hookSecretProblems(config: HookAuthConfig, pointer: string): Promise<Problem[]> {
  const reading =
    config.type === 'bearer' ? readTextSecret(config.secret_file) : readSecret(config.type, config.secret_file);
  const fault = await reading.then(
    () => undefined,
    (error: Error) => error.message,
  );
  return fault === undefined ? [] : [{ pointer: `${pointer}/secret_file`, code: 'SECRET', message: fault }];
}

/** Whether the platform sent this, judged by its headers and the bytes of its body. */
export async function verifyPush(config: HookAuthConfig, request: PushedRequest, asker: Asker): Promise<PushProof> {
  try {
    if (config.type === 'bearer') return await verifyBearer(config, request);
    const secret = await readSecret(config.type, config.secret_file);
    if (config.type === 'hmac') {
      // Whoever is on the way could make another event of the same signed body.
      if (request.headers['ce-specversion'] !== undefined)
        return {
          ok: false,
          reason: 'has attributes of an event in headers, which no signature covers: send it structured',
        };
      return verifyWebhook(request.headers, request.body, secret.toString('base64'), asker.now(), TOLERANCE_MS);
    }
    return await verifyToken(config.issuer, request, secret, asker);
  } catch {
    return { ok: false, reason: 'cannot be checked: the secret file cannot be used' };
  }
}

async function verifyBearer(
  { secret_file, header }: Extract<HookAuthConfig, { type: 'bearer' }>,
  request: PushedRequest,
) {
  const given = header === undefined ? tokenOf(request) : request.headers[header];
  const secret = await readTextSecret(secret_file);
  const same = typeof given === 'string' && timingSafeEqual(digest(given), digest(secret));
  return same ? ({ ok: true } as const) : ({ ok: false, reason: 'has a wrong secret or none' } as const);
}

async function verifyToken(issuer: string, request: PushedRequest, secret: Buffer, { now, region }: Asker) {
  const seconds = now() / 1000;
  try {
    const { payload } = await jwtVerify(tokenOf(request) ?? '', secret, {
      algorithms: ['HS256'],
      issuer,
      audience: regionUrn(region),
      requiredClaims: ['iat', 'exp'],
      currentDate: new Date(seconds * 1000),
      clockTolerance: SKEW_SECONDS,
    });
    const { iat = 0, exp = 0 } = payload;
    if (iat <= seconds + SKEW_SECONDS && exp - iat <= TOKEN_SECONDS) return { ok: true } as const;
  } catch {
    // What exactly is wrong with it is nobody's business.
  }
  return { ok: false, reason: 'has a wrong token, one that is too old or good for too long, or none' } as const;
}

function tokenOf({ headers }: PushedRequest): string | undefined {
  return typeof headers['authorization'] === 'string'
    ? /^Bearer (\S+)$/i.exec(headers['authorization'])?.[1]
    : undefined;
}

/** Of the same length whatever was given. */
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { boolean, fields, oneOf, optional, type Problem, type Rule, text } from '#proto';
import { PlatformError } from '../adapter.ts';
import { absolutePath } from '../config-rules.ts';
import { webUrl } from './attempt.ts';
import {
  type Asker,
  type AuthenticationConfig,
  authenticate,
  authenticationRules,
  secretProblems,
} from './authentication.ts';
import { type OAuthConfig, OAuthTokens } from './oauth.ts';
import type { TlsFiles } from './post.ts';

/** How a platform knows that a request is ours: the simple ways, and those that many platforms have of their own. */
export type ProofConfig = AuthenticationConfig | ApiKeyConfig | OAuthConfig | SignatureConfig;

/** A fixed text in a header. */
interface ApiKeyConfig {
  readonly type: 'api-key';
  readonly secret_file: string;
  readonly header?: string;
}

/** Application id, time, nonce and a digest of them (应用标识加签), as many provincial platforms want it. */
interface SignatureConfig {
  readonly type: 'signature';
  readonly app_id: string;
  readonly secret_file: string;
  readonly digest?: keyof typeof DIGESTS;
  /** Where the four stand. */
  readonly place?: 'query' | 'header';
  readonly names?: Partial<Record<'app' | 'timestamp' | 'nonce' | 'sign', string>>;
  /** Whether the bytes of the body are signed too. */
  readonly body?: boolean;
}

/** What proves the sender of one request. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  /** Belongs into the query of the URL. */
  readonly query: Readonly<Record<string, string>>;
}

export interface ProvenRequest {
  readonly id: string;
  readonly url: URL;
  readonly body: Uint8Array;
}

/** Proves requests to one platform. */
export interface Prover {
  /** @throws PlatformError retryable, when there is no secret or token now */
  prove(request: ProvenRequest, signal: AbortSignal): Promise<Proof>;
  /** After a platform did not believe a proof (401): whether another one is worth a try. */
  renew(proof: Proof): boolean;
  close(): void;
}

/** A digest of a text by a secret, as lower-case hex. */
type Digest = (text: Buffer, secret: string) => string;
const hmac =
  (name: string): Digest =>
  (text, secret) =>
    createHmac(name, secret).update(text).digest('hex');
const hash =
  (name: string): Digest =>
  (text, secret) =>
    createHash(name).update(text).update(secret).digest('hex');
const DIGESTS = {
  'hmac-sha256': hmac('sha256'),
  'hmac-sm3': hmac('sm3'),
  sha256: hash('sha256'),
  sm3: hash('sm3'),
} as const satisfies Readonly<Record<string, Digest>>;

const DEFAULT_KEY_HEADER = 'x-api-key';
const DEFAULT_NAMES = { app: 'appid', timestamp: 'timestamp', nonce: 'nonce', sign: 'sign' } as const;
/** Characters of a secret that is text. */
const MIN_SECRET = 16;
const MAX_SECRET = 4096;

export const headerName = text(64, {
  pattern: /^[a-z][a-z0-9-]*$/,
  hint: 'must be the name of a header in lower case',
});
const queryName = text(64, { pattern: /^[A-Za-z_][\w-]*$/, hint: 'must be a name of letters, digits, - and _' });
const appId = text(256, { pattern: /^[!-~]+$/, hint: 'must have no spaces and no Chinese characters' });

const RULES: Readonly<Record<string, Rule>> = {
  'api-key': fields({ type: oneOf('api-key'), secret_file: absolutePath, header: optional(headerName) }),
  oauth2: fields({
    type: oneOf('oauth2'),
    token_url: webUrl,
    client_id: appId,
    secret_file: absolutePath,
    scope: optional(text(1024)),
    style: optional(oneOf('basic', 'post')),
  }),
  signature: fields({
    type: oneOf('signature'),
    app_id: appId,
    secret_file: absolutePath,
    digest: optional(oneOf(...Object.keys(DIGESTS))),
    place: optional(oneOf('query', 'header')),
    names: optional(fields(Object.fromEntries(Object.keys(DEFAULT_NAMES).map((name) => [name, optional(queryName)])))),
    body: optional(boolean),
  }),
};
const TYPES = ['hmac', 'jwt', 'none', ...Object.keys(RULES)];

export const proofRules: Rule = (value, pointer, problems) => {
  const type = (value as { type?: unknown } | undefined | null)?.type;
  if (typeof type === 'string' && !TYPES.includes(type)) oneOf(...TYPES)(type, `${pointer}/type`, problems);
  else
    (typeof type === 'string' ? (RULES[type] ?? authenticationRules) : authenticationRules)(value, pointer, problems);
};

/** Says what is wrong with the secret file, if anything. */
export async function proofProblems(config: ProofConfig, pointer: string): Promise<Problem[]> {
  if (isSimple(config)) return secretProblems(config, pointer);
  const fault = await readTextSecret(config.secret_file).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return fault === undefined ? [] : [{ pointer: `${pointer}/secret_file`, code: 'SECRET', message: fault }];
}

/**
 * @param networks internal networks into which the name of a token endpoint may lead
 * @param tls what a connection to a token endpoint shows and believes
 */
export function createProver(
  config: ProofConfig,
  asker: Asker,
  networks: readonly string[] | undefined,
  tls: () => Promise<TlsFiles>,
): Prover {
  if (config.type === 'oauth2') {
    const tokens = new OAuthTokens(config, asker, networks, tls, () => secretNow(config.secret_file));
    return {
      prove: async (_, signal) => bare({ authorization: `Bearer ${await tokens.current(signal)}` }),
      renew({ headers }) {
        tokens.discard(headers['authorization']?.slice('Bearer '.length));
        return true;
      },
      close: () => tokens.close(),
    };
  }
  return { prove: (request) => proveOnce(config, request, asker), renew: () => false, close: () => {} };
}

async function proveOnce(
  config: Exclude<ProofConfig, OAuthConfig>,
  request: ProvenRequest,
  asker: Asker,
): Promise<Proof> {
  if (isSimple(config)) return bare(await authenticate(config, request, asker));
  const secret = await secretNow(config.secret_file);
  if (config.type === 'api-key') return bare({ [config.header ?? DEFAULT_KEY_HEADER]: secret });
  return sign(config, secret, request.body, asker.now());
}

function sign(config: SignatureConfig, secret: string, body: Uint8Array, nowMs: number): Proof {
  const { app_id, digest = 'hmac-sha256', place = 'query', body: withBody = false } = config;
  const names = { ...DEFAULT_NAMES, ...config.names };
  const timestamp = String(nowMs);
  const nonce = randomUUID().replaceAll('-', '');
  const told = Buffer.concat([Buffer.from(`${app_id}${timestamp}${nonce}`), withBody ? body : Buffer.alloc(0)]);
  const said = {
    [names.app]: app_id,
    [names.timestamp]: timestamp,
    [names.nonce]: nonce,
    [names.sign]: DIGESTS[digest](told, secret),
  };
  return place === 'query' ? { headers: {}, query: said } : bare(said);
}

function bare(headers: Readonly<Record<string, string>>): Proof {
  return { headers, query: {} };
}

function isSimple(config: ProofConfig): config is AuthenticationConfig {
  return config.type === 'none' || config.type === 'hmac' || config.type === 'jwt';
}

/** @throws PlatformError retryable: whoever replaces the file makes it good */
function secretNow(path: string): Promise<string> {
  return readTextSecret(path).catch((cause: Error) => {
    throw new PlatformError(true, `the secret file ${cause.message}`, { cause });
  });
}

/** A secret that is one line of text. Rejects with words that follow "the secret file". */
export async function readTextSecret(path: string): Promise<string> {
  const content = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`cannot be read (${cause.code})`, { cause });
  });
  const secret = content.trim();
  if (!/^[!-~]*$/.test(secret)) throw new Error('must hold one line of letters, digits and signs without spaces');
  if (secret.length < MIN_SECRET) throw new Error(`has fewer than ${MIN_SECRET} characters`);
  if (secret.length > MAX_SECRET) throw new Error(`has more than ${MAX_SECRET} characters`);
  return secret;
}

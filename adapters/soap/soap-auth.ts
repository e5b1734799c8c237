import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fields, oneOf, optional, type Problem, type Rule, text } from '#proto';
import { PlatformError } from '../adapter.ts';
import { absolutePath } from '../config-rules.ts';
import { writeXml } from '../xml/write-xml.ts';

/** How the platform knows us, beside a client certificate. The password stands in a file and is read anew each time. */
export type SoapAuthConfig =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly user: string; readonly password_file: string }
  | {
      /** WS-Security UsernameToken; `digest` when `password` is left out. */
      readonly type: 'username-token';
      readonly user: string;
      readonly password_file: string;
      readonly password?: 'digest' | 'text';
    };

const RULES: Readonly<Record<SoapAuthConfig['type'], Rule>> = {
  none: fields({ type: oneOf('none') }),
  basic: fields({ type: oneOf('basic'), user: text(128, { pattern: /^[^:]*$/ }), password_file: absolutePath }),
  'username-token': fields({
    type: oneOf('username-token'),
    user: text(128),
    password_file: absolutePath,
    password: optional(oneOf('digest', 'text')),
  }),
};

export const soapAuthRules: Rule = (value, pointer, problems) => {
  const type = (value as { type?: unknown } | null | undefined)?.type;
  if (typeof type === 'string' && Object.hasOwn(RULES, type))
    RULES[type as SoapAuthConfig['type']](value, pointer, problems);
  else
    problems.push({
      pointer: `${pointer}/type`,
      code: 'NOT_IN_LIST',
      message: 'must be one of: none, basic, username-token',
    });
};

const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
export const SECURITY = `${WSS}-wssecurity-secext-1.0.xsd`;
export const UTILITY = `${WSS}-wssecurity-utility-1.0.xsd`;
export const PASSWORD = `${WSS}-username-token-profile-1.0#Password`;
const BASE64 = `${WSS}-soap-message-security-1.0#Base64Binary`;
const NONCE_BYTES = 16;

/** What proves one request: headers of HTTP, and XML for the header of the envelope. */
export interface SoapProof {
  readonly headers: Readonly<Record<string, string>>;
  readonly header: string;
}

/** @throws PlatformError retryable, when the password cannot be read */
export async function soapProof(config: SoapAuthConfig, nowMs: number): Promise<SoapProof> {
  if (config.type === 'none') return { headers: {}, header: '' };
  const password = await readPassword(config.password_file).catch((cause: Error) => {
    throw new PlatformError(true, `the password file ${cause.message}`, { cause });
  });
  if (config.type === 'username-token') return { headers: {}, header: usernameToken(config, password, nowMs) };
  const credentials = Buffer.from(`${config.user}:${password}`).toString('base64');
  return { headers: { authorization: `Basic ${credentials}` }, header: '' };
}

export async function soapAuthProblems(config: SoapAuthConfig, pointer: string): Promise<Problem[]> {
  if (config.type === 'none') return [];
  const fault = await readPassword(config.password_file).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return fault === undefined ? [] : [{ pointer: `${pointer}/password_file`, code: 'SECRET', message: fault }];
}

/** WS-Security UsernameToken Profile 1.0 section 3.1: the digest is SHA-1 over nonce, time and password. */
function usernameToken(
  { user, password: kind = 'digest' }: Extract<SoapAuthConfig, { type: 'username-token' }>,
  password: string,
  nowMs: number,
): string {
  const nonce = randomBytes(NONCE_BYTES);
  const created = new Date(nowMs).toISOString();
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
  return writeXml(
    {
      'wsse:Security': {
        '@soap:mustUnderstand': 1,
        'wsse:UsernameToken': {
          'wsse:Username': user,
          'wsse:Password': {
            '@Type': `${PASSWORD}${kind === 'digest' ? 'Digest' : 'Text'}`,
            '#text': kind === 'digest' ? digest : password,
          },
          'wsse:Nonce': { '@EncodingType': BASE64, '#text': nonce.toString('base64') },
          'wsu:Created': created,
        },
      },
    },
    { prefixes: { wsse: SECURITY, wsu: UTILITY } },
  );
}

/** Rejects with words that follow "the password file". */
export async function readPassword(path: string): Promise<string> {
  const content = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`cannot be read (${cause.code})`, { cause });
  });
  const password = content.replace(/\r?\n$/, '');
  if (password === '') throw new Error('is empty');
  return password;
}

import { both, fields, integer, list, optional, type Problem, type Rule, text } from '#proto';

/** A signature server (签名验签服务器) that holds keys of this region; docs/remote-signer.md. Every path is absolute. */
export interface SignerConfig {
  /** What keys.json calls it. */
  readonly name: string;
  /** https URL, with a slash at the end, under which the paths of the protocol are. */
  readonly url: string;
  /** PEM certificates of the authorities that the server's certificate must be from. */
  readonly caFile: string | undefined;
  /** Hex SHA-256 of the SubjectPublicKeyInfo that the server must have. One of both is given. */
  readonly spki: string | undefined;
  /** PEM certificate and key that we present to it. */
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  /** File with a bearer token. */
  readonly tokenFile: string | undefined;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  /** Requests under way at a time. */
  readonly concurrency: number;
}

/** An entry as the file has it. */
export interface SignerEntry {
  name: string;
  url: string;
  ca_file?: string | null;
  spki?: string | null;
  certificate_file?: string | null;
  key_file?: string | null;
  token_file?: string | null;
  timeout_ms?: number | null;
  concurrency?: number | null;
}

const MAX_SIGNERS = 16;
const path = text(4096);

const signer: Rule = both(
  fields({
    name: text(50, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be lower-case letters, digits and hyphens' }),
    url: both(text(2048), httpsUrl),
    ca_file: optional(path),
    spki: optional(text(64, { pattern: /^[0-9a-f]{64}$/, hint: 'must be 64 digits of lower-case hex' })),
    certificate_file: optional(path),
    key_file: optional(path),
    token_file: optional(path),
    timeout_ms: optional(integer(100, 60_000)),
    concurrency: optional(integer(1, 64)),
  }),
  knowsAndIsKnown,
);

/** What the list of signature servers may say. */
export const signersRule: Rule = both(list(signer, MAX_SIGNERS), (value, pointer, problems) => {
  const names = (value as SignerEntry[]).map(({ name }) => name);
  names.forEach((name, index) => {
    if (names.indexOf(name) < index)
      refuse(problems, `${pointer}/${index}/name`, 'DUPLICATE', 'another server has this name');
  });
});

/**
 * Fills in the defaults.
 *
 * @param inData makes a path absolute
 */
export function signersOf(entries: readonly SignerEntry[], inData: (path: string) => string): readonly SignerConfig[] {
  const file = (given: string | null | undefined) => (given ? inData(given) : undefined);
  return entries.map((entry) => ({
    name: entry.name,
    url: entry.url.endsWith('/') ? entry.url : `${entry.url}/`,
    caFile: file(entry.ca_file),
    spki: entry.spki ?? undefined,
    certificateFile: file(entry.certificate_file),
    keyFile: file(entry.key_file),
    tokenFile: file(entry.token_file),
    timeoutMs: entry.timeout_ms ?? 5_000,
    concurrency: entry.concurrency ?? 8,
  }));
}

function refuse(problems: Problem[], pointer: string, code: string, message: string): void {
  problems.push({ pointer, code, message });
}

function httpsUrl(value: unknown, pointer: string, problems: Problem[]): void {
  const url = URL.parse(value as string);
  if (url?.protocol !== 'https:') refuse(problems, pointer, 'FORMAT', 'must be an https URL');
  else if (url.username !== '' || url.password !== '')
    refuse(problems, pointer, 'SECRET', 'must not hold a name or password; use token_file or certificate_file');
  else if (url.search !== '' || url.hash !== '') refuse(problems, pointer, 'FORMAT', 'must end with the path');
}

/** A server that is not told from another would get our token; one that does not know us signs for everybody. */
function knowsAndIsKnown(value: unknown, pointer: string, problems: Problem[]): void {
  const entry = value as SignerEntry;
  if (!entry.ca_file && !entry.spki)
    refuse(problems, `${pointer}/ca_file`, 'REQUIRED', 'or spki is required, to know the server by');
  if (!entry.certificate_file !== !entry.key_file)
    refuse(problems, `${pointer}/key_file`, 'REQUIRED', 'and certificate_file are given together');
  if (!entry.certificate_file && !entry.token_file)
    refuse(
      problems,
      `${pointer}/token_file`,
      'REQUIRED',
      'or certificate_file with key_file is required, to be known there',
    );
}

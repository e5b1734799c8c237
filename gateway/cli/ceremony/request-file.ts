import {
  CodedError,
  fields,
  instant,
  integer,
  isRegionCode,
  list,
  oneOf,
  optional,
  optionalText,
  type Problem,
  record,
  text,
} from '#proto';
import {
  issueStatement,
  localSigner,
  REVOCATION_REASONS,
  type RegionStatement,
  STATED_PURPOSES,
  type StatementContent,
  suiteOf,
  verifyStatement,
} from '#trust';
import { readText } from '../files.ts';

/** What the holder of the identity key is asked to sign (声明签署申请), beside the statement that it follows. */
export interface StatementRequest {
  readonly current: RegionStatement;
  readonly content: StatementContent;
  /** The statement as it will be, but for who signs it. */
  readonly preview: RegionStatement;
}

const FORMAT = 'tongban-statement-request';
const VERSION = 1;
const MAX_BYTES = 256 * 1024;
/** Longest life of a statement that is asked for, in milliseconds. */
const MAX_LIFETIME_MS = 366 * 24 * 60 * 60 * 1000;
/** Keys or certificates of one statement. */
const MAX_KEYS = 500;

const keyRule = fields({
  purpose: oneOf(...STATED_PURPOSES),
  jwk: record(text(20), text(200), 20),
  notBefore: instant,
  notAfter: instant,
  revoked: optional(fields({ at: instant, reason: oneOf(...REVOCATION_REASONS) })),
});

const requestRule = fields({
  format: oneOf(FORMAT),
  version: integer(VERSION, VERSION),
  current: text(64 * 1024),
  statement: fields({
    region: text(6, { min: 6 }),
    name: text(200),
    serial: integer(1),
    previous: text(43, { min: 43 }),
    issuedAt: instant,
    expiresAt: instant,
    endpoint: text(300),
    contacts: list(optionalText(500), 50),
    keys: list(keyRule, MAX_KEYS),
    tls: list(text(8192), MAX_KEYS),
  }),
});

type Written = Omit<StatementContent, 'tls'> & { readonly tls: readonly string[]; readonly previous: string };

/** The text of a request, for the medium that goes to the safe. It holds nothing secret. */
export function requestText(current: RegionStatement, content: StatementContent): string {
  const statement = { ...content, tls: content.tls.map((der) => Buffer.from(der).toString('base64')) };
  return `${JSON.stringify({ format: FORMAT, version: VERSION, current: current.jwt, statement }, null, 2)}\n`;
}

/**
 * Reads a request and holds it against the statement that it follows.
 *
 * @throws CodedError VALIDATION_FAILED naming every wrong place, STATEMENT_INVALID or the code of the signature's fault
 *   when a statement in it is not good, STATEMENT_STALE when it does not follow the current one
 */
export async function readRequest(file: string): Promise<StatementRequest> {
  const { current: jwt, statement } = parse(await readText(file, MAX_BYTES), file);
  const current = await verifyStatement(jwt);
  const content = { ...statement, tls: statement.tls.map((der) => Buffer.from(der, 'base64')) };
  demandFollows(content, current);
  return { current, content, preview: await previewOf(content) };
}

/** The statement of some content as it will be, but for who signs it: everything in it is verified on the way. */
export async function previewOf(content: StatementContent): Promise<RegionStatement> {
  const { privateKey, publicKey } = suiteOf('Ed25519').generate();
  const nobody = await localSigner('Ed25519', privateKey, publicKey);
  return verifyStatement(await issueStatement(nobody, content));
}

function demandFollows(content: Written | StatementContent, current: RegionStatement): void {
  const { region, serial, previous, issuedAt, expiresAt } = content;
  if (!isRegionCode(region) || region !== current.region)
    throw new CodedError(
      'STATEMENT_INVALID',
      `the request is for region ${region}, the statement of ${current.region}`,
    );
  if (serial !== current.serial + 1 || previous !== current.digest.toString('base64url'))
    throw new CodedError('STATEMENT_STALE', 'the request does not follow the current statement that it carries');
  if (expiresAt <= issuedAt || expiresAt - issuedAt > MAX_LIFETIME_MS)
    throw new CodedError('STATEMENT_INVALID', 'the request asks for a statement of more than 366 days, or of none');
}

function parse(json: string, file: string): { current: string; statement: Written } {
  const problems: Problem[] = [];
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new CodedError('VALIDATION_FAILED', `${file} is not a request: it is not JSON`, [], { cause });
  }
  requestRule(value, '', problems);
  if (problems.length > 0)
    throw new CodedError('VALIDATION_FAILED', `${file} is not a request of tongban statement request`, problems);
  return value as { current: string; statement: Written };
}

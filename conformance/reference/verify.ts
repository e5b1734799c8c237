import { readFileSync } from 'node:fs';
import {
  type Authorization,
  type AuthorizationDocument,
  bytes,
  type Checkpoint,
  list,
  type Moment,
  matching,
  object,
  oneOf,
  readStatement,
  region,
  type SignedRoot,
  type Statement,
  text,
  UUID,
  verifyAuthorization,
  verifyCheckpoint,
  verifyRoot,
  whole,
} from './signed.ts';
import * as wire from './wire.ts';
import { demand, H, type Header, json, leafOf, logLeaf, pathLeadsTo, Refused, treeRoot } from './wire.ts';

/** A second verifier of what crosses a border, written from proto/README.md alone. It shares no code with the product. */

const MIB = 1024 * 1024;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TYPE = /^[A-Za-z][A-Za-z0-9_.]{0,99}$/;
const REGION_CODE = /^\d{6,12}$/;
const THIRTY_DAYS = 30 * 24 * 3600 * 1000;
const FIVE_MINUTES = 300_000;
const OUTCOME = { accepted: 1, rejected: 2 };
/** The closed table of the specification. */
const ERROR_CODES = new Set(
  `
  PEER_UNKNOWN PEER_MISMATCH WRONG_RECIPIENT PROTOCOL_VIOLATION SHUTTING_DOWN BACK_PRESSURE MALFORMED
  VERSION_UNSUPPORTED EXTENSION_UNKNOWN MESSAGE_TOO_LARGE ID_REUSED JWS_INVALID TYP_MISMATCH ALGORITHM_NOT_ALLOWED
  KEY_UNKNOWN KEY_NOT_VALID SIGNATURE_INVALID SUITE_MISMATCH ISSUER_MISMATCH ROOT_MISMATCH PATH_INVALID
  PAYLOAD_MISMATCH SEAL_TIME SENT_IN_FUTURE EXPIRED EXPIRY_INVALID SEQUENCE_GAP SEQUENCE_USED MATERIAL_MISSING
  TRY_LATER UNKNOWN_TYPE PAYLOAD_INVALID AUTHORIZATION_UNKNOWN AUTHORIZATION_PENDING AUTHORIZATION_INACTIVE
  AUTHORIZATION_REQUIRED AUTHORIZATION_INVALID ITEM_NOT_COVERED MODE_NOT_COVERED RIGHT_MISSING FIELD_NOT_ALLOWED
  CASE_UNKNOWN ITEM_UNKNOWN ILLEGAL_TRANSITION MATERIAL_TOO_LARGE MATERIAL_OFFSET MATERIAL_DIGEST MATERIAL_QUOTA
  STATEMENT_INVALID STATEMENT_EXPIRED STATEMENT_STALE FINGERPRINT_MISMATCH RECEIPT_INVALID CHECKPOINT_INVALID
  LOG_PROOF_INVALID LOG_CORRUPT BUNDLE_INVALID CERTIFICATE_MALFORMED CERTIFICATE_DISCLOSURE CERTIFICATE_EXPIRED
  CERTIFICATE_NOT_YET_VALID CERTIFICATE_ISSUER CERTIFICATE_IDENTIFIER CERTIFICATE_EXISTS VALIDATION_FAILED
  REQUEST_INVALID UNAUTHORIZED FORBIDDEN NOT_FOUND CONFLICT IDEMPOTENCY_KEY_REUSED PEER_NOT_PINNED PEER_UNREACHABLE
  GATEWAY_UNREACHABLE PLATFORM_UNREACHABLE PLATFORM_REFUSED CONFIG_INVALID PASSPHRASE_WRONG KEY_MISSING STORE_VERSION
  INTERNAL
`
    .trim()
    .split(/\s+/),
);
const ENTRY_KIND = { sent: 1, verdict: 2, received: 3 };

/** Seal in the names and types of this page: hashes as bytes, the signed root as text. */
export interface Seal {
  readonly signedRoot: string;
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly path: readonly Uint8Array[];
}

/** An envelope as it arrives, or as it stands in a bundle. */
export interface SealedEnvelope {
  readonly header: Buffer;
  readonly payload?: Buffer;
  readonly salt?: Buffer;
  readonly seal: Seal;
}

export interface ProvenEnvelope {
  readonly header: Header;
  readonly leaf: Buffer;
}

/** @throws Refused MALFORMED, SUITE_MISMATCH */
function headerOf(bytes: Buffer): Header {
  const header = wire.readHeader(bytes);
  const { authorizationId, authorizationDigest: digest, inReplyTo } = header;
  const cited = UUID.test(authorizationId) && digest.length === 32;
  const rules: [string, boolean][] = [
    ['critical', header.critical.length <= 16],
    ['id', UUID_V7.test(header.id)],
    ['type', TYPE.test(header.type)],
    ['sender', REGION_CODE.test(header.sender)],
    ['recipient', REGION_CODE.test(header.recipient)],
    ['conversation', UUID.test(header.conversation)],
    ['authorization', cited || (authorizationId === '' && digest.length === 0)],
    ['in_reply_to', inReplyTo === '' || UUID_V7.test(inReplyTo)],
    ['payload_digest', header.payloadDigest.length === 32],
  ];
  for (const [field, met] of rules) demand(met, 'MALFORMED', `the field ${field} of the header breaks its rule`);
  demand(header.suite === 'ES256' || header.suite === 'Ed25519', 'SUITE_MISMATCH', `the suite ${header.suite}`);
  return header;
}

/** @throws Refused with a code of the signed objects, PATH_INVALID */
function verifySeal(leaf: Buffer, seal: Seal, typ: string, signer: Statement, moment: Moment): SignedRoot {
  const root = verifyRoot(seal.signedRoot, typ, signer, moment);
  const leads = pathLeadsTo(root.root, leaf, seal.leafIndex, seal.treeSize, seal.path);
  demand(seal.treeSize === root.size && leads, 'PATH_INVALID', 'the path does not lead to the signed root');
  return root;
}

/** Version, extensions, suite, payload and times under a verified root. */
function verifyContent(header: Header, { payload, salt }: Partial<SealedEnvelope>, root: SignedRoot, moment: Moment) {
  demand(header.version === 1, 'VERSION_UNSUPPORTED', `version ${header.version}`);
  demand(header.critical.length === 0, 'EXTENSION_UNKNOWN', `extensions ${header.critical.join()}`);
  demand(header.suite === root.suite, 'SUITE_MISMATCH', `suite ${header.suite} under a root of ${root.suite}`);
  if (payload !== undefined && salt !== undefined) {
    const fits = salt.length === 32 && H(salt, payload).equals(header.payloadDigest);
    demand(fits, 'PAYLOAD_MISMATCH', 'the payload is not the one that the header was made for');
  }
  const { sentAt, expiresAt } = header;
  demand(sentAt <= root.iat * 1000 + FIVE_MINUTES, 'SENT_IN_FUTURE', 'sent after it was sealed');
  demand(sentAt < expiresAt && expiresAt <= sentAt + THIRTY_DAYS, 'EXPIRY_INVALID', 'ends too early or too late');
  demand(moment === 'history' || moment.now < expiresAt, 'EXPIRED', 'the envelope expired');
}

/**
 * Opens one envelope on arrival: alone with a seal, or as a member of a complete group.
 *
 * @param headers the header bytes of the whole group, when the envelope came in one
 * @param now milliseconds
 * @throws Refused
 */
export function openEnvelope(
  envelope: SealedEnvelope,
  from: Statement,
  to: string,
  now: number,
  headers?: readonly Buffer[],
): ProvenEnvelope {
  const size = envelope.header.length + (envelope.payload?.length ?? 0);
  demand(size <= MIB, 'MESSAGE_TOO_LARGE', 'the message is larger than 1 MiB');
  const header = headerOf(envelope.header);
  demand(header.sender === from.region, 'PEER_MISMATCH', `sent by ${header.sender}`);
  demand(header.recipient === to, 'WRONG_RECIPIENT', `sent to ${header.recipient}`);
  const leaf = leafOf(envelope.header);
  const root =
    headers === undefined
      ? verifySeal(leaf, envelope.seal, 'tongban-envelopes+jws', from, { now })
      : verifyGroup(envelope.seal.signedRoot, 'tongban-envelopes+jws', headers, from, { now });
  demand(Math.abs(root.iat * 1000 - now) <= FIVE_MINUTES, 'SEAL_TIME', 'not sealed within five minutes of now');
  verifyContent(header, envelope, root, { now });
  return { header, leaf };
}

/**
 * Verifies the root of a complete group of headers or receipt bodies.
 *
 * @throws Refused with a code of the signed objects, ROOT_MISMATCH
 */
export function verifyGroup(jws: string, typ: string, members: readonly Buffer[], signer: Statement, moment: Moment) {
  const root = verifyRoot(jws, typ, signer, moment);
  const fits = root.size === members.length && treeRoot(members.map(leafOf)).equals(root.root);
  demand(fits, 'ROOT_MISMATCH', 'the rebuilt tree has another root');
  return root;
}

/** What a receipt must be about. */
export interface ReceiptSubject {
  readonly issuer: string;
  readonly audience: string;
  readonly envelopeId: string;
  readonly leaf: Buffer;
  readonly conversation: string;
  readonly sequence: number;
}

/** @throws Refused RECEIPT_INVALID */
export function readReceipt(body: Buffer, about: ReceiptSubject): wire.ReceiptBody {
  const receipt = attempt(() => wire.readReceiptBody(body));
  demand(receipt, 'RECEIPT_INVALID', 'the receipt cannot be read');
  const rejected = receipt.outcome === OUTCOME.rejected && ERROR_CODES.has(receipt.code);
  const rules: [string, boolean][] = [
    ['version', receipt.version === 1],
    ['issuer', receipt.issuer === about.issuer],
    ['audience', receipt.audience === about.audience],
    ['envelope_id', receipt.envelopeId === about.envelopeId],
    ['leaf_hash', receipt.leafHash.equals(about.leaf)],
    ['conversation', receipt.conversation === about.conversation],
    ['sequence', receipt.sequence === about.sequence],
    ['outcome', rejected || (receipt.outcome === OUTCOME.accepted && receipt.code === '')],
  ];
  for (const [field, met] of rules) demand(met, 'RECEIPT_INVALID', `the field ${field} of the receipt is wrong`);
  return receipt;
}

/** @throws Refused with a code of the signed objects, PATH_INVALID, RECEIPT_INVALID */
export function verifyReceipt(body: Buffer, seal: Seal, issuer: Statement, about: ReceiptSubject): wire.ReceiptBody {
  verifySeal(leafOf(body), seal, 'tongban-receipts+jws', issuer, 'history');
  return readReceipt(body, about);
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const PATH = list(bytes(32), 0, 54);
const SEAL = object({ signed_root: text(1), leaf_index: whole(), tree_size: whole(1), inclusion_path: PATH });
const BUNDLE = object({
  format: oneOf('tongban-evidence/1'),
  case: matching(UUID),
  exported_by: region,
  exported_at: whole(),
  statements: list(text(1), 0, 100),
  authorizations: list(
    object({ payload: text(1, MIB), signatures: list(object({ protected: text(1), signature: text(1) }), 0, 2) }),
    0,
    100,
  ),
  envelopes: list(
    object({
      header: bytes(),
      'payload?': bytes(),
      'payload_salt?': bytes(),
      seal: SEAL,
      receipt: object({ body: bytes(), seal: SEAL }),
      log: list(object({ entry: bytes(), index: whole(), inclusion_path: PATH })),
    }),
    1,
    10_000,
  ),
  checkpoint: text(1),
});

interface SealText {
  readonly signed_root: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly inclusion_path: readonly string[];
}
interface EnvelopeText {
  readonly header: string;
  readonly payload?: string;
  readonly payload_salt?: string;
  readonly seal: SealText;
  readonly receipt: { readonly body: string; readonly seal: SealText };
  readonly log: readonly {
    readonly entry: string;
    readonly index: number;
    readonly inclusion_path: readonly string[];
  }[];
}
interface Bundle {
  readonly case: string;
  readonly exported_by: string;
  readonly exported_at: number;
  readonly statements: readonly string[];
  readonly authorizations: readonly AuthorizationDocument[];
  readonly envelopes: readonly EnvelopeText[];
  readonly checkpoint: string;
}

const raw = (base64url: string) => Buffer.from(base64url, 'base64url');
const sealOf = (seal: SealText): Seal => ({
  signedRoot: seal.signed_root,
  leafIndex: seal.leaf_index,
  treeSize: seal.tree_size,
  path: seal.inclusion_path.map(raw),
});

export interface Fault {
  /** Place in the bundle, as `envelopes/3/receipt`; empty for the whole. */
  readonly where: string;
  readonly code: string;
  readonly message: string;
}

/** One envelope that passed every check of its own. Times in milliseconds. */
export interface Act {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly sequence: number;
  readonly outcome: 'accepted' | 'rejected';
  readonly code: string;
  readonly decidedAt: number;
}

export interface EvidenceReport {
  readonly verified: boolean;
  readonly faults: readonly Fault[];
  readonly notes: readonly string[];
  readonly envelopes: readonly Act[];
}

/**
 * Verifies an evidence bundle with nothing but the statements given, one per region.
 *
 * @param options.now milliseconds, if the verifier has a clock
 */
export function verifyEvidence(
  bundleText: string,
  statementTexts: readonly string[],
  options: { readonly now?: number } = {},
): EvidenceReport {
  const faults: Fault[] = [];
  const notes: string[] = [];
  const given = new Map<string, Statement>();
  for (const [index, jwt] of statementTexts.entries()) {
    const statement = check(`given/${index}`, () => readStatement(jwt));
    if (statement && statement.serial > (given.get(statement.region)?.serial ?? 0))
      given.set(statement.region, statement);
  }
  const bundle = check('', () => readBundle(bundleText, options.now));
  const acts = bundle === undefined ? [] : judge(bundle);
  return { verified: faults.length === 0, faults, notes, envelopes: acts };

  function check<T>(where: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const place = where === '' || where === 'bundle' ? error.path.join('/') : where;
      faults.push({ where: place, code: error.code, message: error.message });
      return undefined;
    }
  }

  function trusted(code: string): Statement {
    const statement = given.get(code);
    demand(statement, 'KEY_UNKNOWN', `no statement of ${code} was given`);
    return statement;
  }

  function judge(bundle: Bundle): Act[] {
    for (const [index, jwt] of bundle.statements.entries()) check(`statements/${index}`, () => judgeCopy(jwt));
    const documents = bundle.authorizations.map((document, index) =>
      check(`authorizations/${index}`, () => verifyAuthorization(document, (code) => given.get(code))),
    );
    const checkpoint = check('checkpoint', () =>
      verifyCheckpoint(bundle.checkpoint, trusted(bundle.exported_by), bundle.exported_at),
    );
    const judged = bundle.envelopes.map((envelope, index) => {
      const before = faults.length;
      const found = judgeEnvelope(bundle, envelope, `envelopes/${index}`, documents, checkpoint);
      return { ...found, whole: faults.length === before };
    });
    check('envelopes', () => demandOrder(judged));
    return judged.flatMap(({ header, receipt, whole }) => (whole && header && receipt ? [actOf(header, receipt)] : []));
  }

  function judgeCopy(jwt: string): void {
    const copy = readStatement(jwt);
    const own = trusted(copy.region);
    demand(copy.identity === own.identity, 'FINGERPRINT_MISMATCH', `another identity of ${copy.region}`);
    if (copy.serial !== own.serial) notes.push(`${copy.region}: serial ${copy.serial} inside, ${own.serial} given`);
  }

  function judgeEnvelope(
    bundle: Bundle,
    envelope: EnvelopeText,
    place: string,
    documents: readonly (Authorization | undefined)[],
    checkpoint: Checkpoint | undefined,
  ): { header?: Header | undefined; receipt?: wire.ReceiptBody | undefined } {
    const headerBytes = raw(envelope.header);
    const leaf = leafOf(headerBytes);
    const header = check(`${place}/header`, () => headerInCase(headerBytes, bundle));
    if (header === undefined) return {};
    const { sender, recipient } = header;
    const root = check(`${place}/seal`, () =>
      verifySeal(leaf, sealOf(envelope.seal), 'tongban-envelopes+jws', trusted(sender), 'history'),
    );
    const [payload, salt] = [envelope.payload, envelope.payload_salt];
    if (payload === undefined || salt === undefined) notes.push(`${place}: payload erased`);
    const content = payload === undefined || salt === undefined ? {} : { payload: raw(payload), salt: raw(salt) };
    if (root !== undefined) check(`${place}/payload`, () => verifyContent(header, content, root, 'history'));
    check(`${place}/authorization`, () => demandAuthorization(header, documents));
    const body = raw(envelope.receipt.body);
    const { id: envelopeId, conversation, sequence } = header;
    const about = { issuer: recipient, audience: sender, envelopeId, leaf, conversation, sequence };
    const receipt = check(`${place}/receipt`, () =>
      verifyReceipt(body, sealOf(envelope.receipt.seal), trusted(recipient), about),
    );
    check(`${place}/log`, () => demandLogged(envelope.log, leaf, leafOf(body), header, bundle.exported_by, checkpoint));
    return { header, receipt };
  }
}

function readBundle(bundleText: string, now: number | undefined): Bundle {
  const code = 'BUNDLE_INVALID';
  demand(Buffer.byteLength(bundleText) <= 256 * MIB, code, 'the bundle is larger than 256 MiB');
  const value = json(bundleText);
  BUNDLE(value, code);
  const bundle = value as Bundle;
  for (const [index, { payload, payload_salt: salt }] of bundle.envelopes.entries())
    if ((payload === undefined) !== (salt === undefined))
      throw new Refused(code, 'payload and salt are erased together', ['envelopes', String(index)]);
  if (now !== undefined && bundle.exported_at > now + FIVE_MINUTES)
    throw new Refused(code, 'exported in the future', ['exported_at']);
  return bundle;
}

function headerInCase(bytes: Buffer, bundle: Bundle): Header {
  const header = headerOf(bytes);
  const sides = [header.sender, header.recipient];
  demand(header.conversation === bundle.case, 'BUNDLE_INVALID', 'the envelope belongs to another case');
  demand(header.sequence >= 1, 'BUNDLE_INVALID', 'the envelope has no place in the order');
  const two = sides[0] !== sides[1] && sides.includes(bundle.exported_by);
  demand(two, 'BUNDLE_INVALID', 'the exporter is not one of the two regions');
  return header;
}

function demandAuthorization(header: Header, documents: readonly (Authorization | undefined)[]): void {
  if (header.authorizationId === '') return;
  const cited = documents.find(
    (one) => one?.id === header.authorizationId && one.digest.equals(header.authorizationDigest),
  );
  demand(cited, 'AUTHORIZATION_UNKNOWN', `no authorization ${header.authorizationId}`);
  const fits = [header.sender, header.recipient].every((side) => cited.parties.includes(side));
  demand(fits, 'AUTHORIZATION_INVALID', 'the authorization is between other regions');
}

function demandLogged(
  log: EnvelopeText['log'],
  leaf: Buffer,
  receiptLeaf: Buffer,
  header: Header,
  exporter: string,
  checkpoint: Checkpoint | undefined,
): void {
  const sent = header.sender === exporter;
  const expected: [number, Buffer][] = sent
    ? [
        [ENTRY_KIND.sent, leaf],
        [ENTRY_KIND.received, receiptLeaf],
      ]
    : [[ENTRY_KIND.verdict, receiptLeaf]];
  demand(log.length === expected.length, 'BUNDLE_INVALID', `${expected.length} log entries are needed`);
  const peer = sent ? header.recipient : header.sender;
  for (const [index, { entry, index: at, inclusion_path: path }] of log.entries()) {
    const [kind, subject] = expected[index] ?? [];
    const read = attempt(() => wire.readLogEntry(raw(entry)));
    const fits = read && subject && read.version === 1 && read.kind === kind && read.subject.equals(subject);
    demand(fits && read.peer === peer, 'LOG_PROOF_INVALID', `log entry ${index} is about something else`);
    if (checkpoint === undefined) continue;
    const under = pathLeadsTo(checkpoint.root, logLeaf(raw(entry)), at, checkpoint.size, path.map(raw));
    demand(under, 'LOG_PROOF_INVALID', `log entry ${index} is not under the checkpoint`);
  }
}

/** Ids once; every sender's sequences from 1 without gaps, apart from numbers that were refused as used. */
function demandOrder(judged: readonly { header?: Header | undefined; receipt?: wire.ReceiptBody | undefined }[]): void {
  const ids = new Set<string>();
  const sequences = new Map<string, number[]>();
  for (const { header, receipt } of judged) {
    if (header === undefined) continue;
    demand(!ids.has(header.id), 'ID_REUSED', `the id ${header.id} stands twice`);
    ids.add(header.id);
    if (receipt?.code === 'SEQUENCE_USED') continue;
    sequences.set(header.sender, [...(sequences.get(header.sender) ?? []), header.sequence]);
  }
  if (judged.some(({ header, receipt }) => header === undefined || receipt === undefined)) return;
  for (const [sender, numbers] of sequences) {
    const sorted = numbers.toSorted((a, b) => a - b);
    const whole = sorted.every((number, index) => number === index + 1);
    demand(whole, 'BUNDLE_INVALID', `an envelope of ${sender} is missing or stands twice`);
  }
}

function actOf(header: Header, receipt: wire.ReceiptBody): Act {
  return {
    at: header.sentAt,
    from: header.sender,
    to: header.recipient,
    type: header.type,
    sequence: header.sequence,
    outcome: receipt.outcome === OUTCOME.accepted ? 'accepted' : 'rejected',
    code: receipt.code,
    decidedAt: receipt.decidedAt,
  };
}

function reportText({ verified, faults, notes, envelopes }: EvidenceReport): string {
  const lines = [
    verified ? '验证通过 Verified' : '验证未通过 NOT verified',
    ...envelopes.map(
      ({ at, from, to, type, sequence, outcome, code }) =>
        `${new Date(at).toISOString()} ${from} → ${to} #${sequence} ${type}: ${outcome === 'accepted' ? '接受 accepted' : `拒绝 rejected ${code}`}`,
    ),
    ...notes.map((note) => `提示 note: ${note}`),
    ...faults.map(({ where, code, message }) => `问题 fault: ${where || '(bundle)'}: ${code}: ${message}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** `verify.ts BUNDLE STATEMENT…`: exit 0 verified, 1 not verified, 2 called wrongly. */
function main(files: readonly string[], now: number): number {
  const [bundle, ...statements] = files;
  if (bundle === undefined || statements.length === 0) {
    process.stderr.write('用法 Usage: node conformance/reference/verify.ts BUNDLE STATEMENT…\n');
    return 2;
  }
  try {
    const texts = statements.map((file) => readFileSync(file, 'utf8').trim());
    const report = verifyEvidence(readFileSync(bundle, 'utf8'), texts, { now });
    process.stdout.write(reportText(report));
    return report.verified ? 0 : 1;
  } catch (error) {
    process.stderr.write(
      `无法读取文件 A file cannot be read: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 2;
  }
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2), Date.now());

import { ageOf, demandOlder, earliest, wordsOf } from './ages.ts';
import { type Bundle, type CaseBundle, type EnvelopeText, raw, readBundle, sealOf } from './bundle-text.ts';
import { judgeCheck, type ProvenCheck } from './check-evidence.ts';
import {
  type Authorization,
  type Checkpoint,
  readStatement,
  type Statement,
  stateOf,
  verifyAuthorization,
  verifyCheckpoint,
} from './documents.ts';
import { headerOf, type KnownHeader, OUTCOME, verifyContent, verifyReceipt, verifySeal } from './exchange.ts';
import { attempt, demandAuthorization, demandEntries, type ExpectedEntry } from './parts.ts';
import { HASHES } from './signed.ts';
import { demand, type Header, leafOf, type ReceiptBody, Refused } from './wire.ts';

/** A second verifier of evidence bundles, written from proto/README.md alone. It shares no code with the product. */

const ENTRY_KIND = { sent: 1, verdict: 2, received: 3 };
const FIVE_MINUTES = 300_000;

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
  /** Of a verified bundle of a check. */
  readonly check?: ProvenCheck;
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
    if (statement && statement.serial >= (given.get(statement.region)?.serial ?? 0))
      given.set(statement.region, statement);
  }
  const bundle = check('', () => readBundle(bundleText));
  const { acts = [], exchange } = bundle === undefined ? {} : judge(bundle);
  const verified = faults.length === 0;
  return { verified, faults, notes, envelopes: acts, ...(verified && exchange && { check: exchange }) };

  function check<T>(where: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      faults.push({ where: where || error.path.join('/'), code: error.code, message: error.message });
      return undefined;
    }
  }

  function trusted(code: string): Statement {
    const statement = given.get(code);
    demand(statement, 'KEY_UNKNOWN', `no statement of ${code} was given`);
    return statement;
  }

  function judge(bundle: Bundle): { acts?: Act[]; exchange?: ProvenCheck | undefined } {
    const limit = (options.now ?? Number.POSITIVE_INFINITY) + FIVE_MINUTES;
    check('exported_at', () => demand(bundle.exported_at <= limit, 'BUNDLE_INVALID', 'exported in the future'));
    for (const [index, jwt] of bundle.statements.entries()) check(`statements/${index}`, () => judgeCopy(jwt));
    const documents = bundle.authorizations.map((document, index) =>
      check(`authorizations/${index}`, () => verifyAuthorization(document, (code) => given.get(code))),
    );
    const { checkpoint, words } = judgeLog(bundle);
    if ('check' in bundle) {
      const judged = judgeCheck(bundle, documents, { trusted, checkpoint, words }, check);
      for (const side of ['question', 'answer'] as const)
        if (bundle[side].payload === undefined) notes.push(`${side}: payload erased`);
      judgeSigners(documents, judged.messages);
      return { exchange: judged.exchange };
    }
    const judged = bundle.envelopes.map((envelope, index) => {
      const before = faults.length;
      const found = judgeEnvelope(bundle, envelope, `envelopes/${index}`, documents, { checkpoint, words });
      return { ...found, whole: checkpoint !== undefined && faults.length === before };
    });
    check('envelopes', () => demandOrder(judged));
    judgeSigners(
      documents,
      judged.filter(({ whole }) => whole),
    );
    const acts = judged.flatMap(({ header, receipt, whole }) =>
      whole && header && receipt ? [actOf(header, receipt)] : [],
    );
    return { acts: acts.sort((a, b) => a.at - b.at) };
  }

  /** A document under a revoked key is as old as the oldest message that cites it. */
  function judgeSigners(
    documents: readonly (Authorization | undefined)[],
    messages: readonly { readonly header?: Header | undefined; readonly age?: number | undefined }[],
  ): void {
    for (const [index, document] of documents.entries()) {
      const citing = messages.filter(({ header }) => document && header?.authorizationDigest.equals(document.digest));
      const age = earliest(citing.map((one) => one.age));
      for (const key of document?.signers ?? []) check(`authorizations/${index}`, () => demandOlder(key, age));
    }
  }

  function judgeCopy(jwt: string): void {
    const copy = readStatement(jwt);
    const own = given.get(copy.region);
    if (own === undefined) return;
    demand(copy.identity === own.identity, 'FINGERPRINT_MISMATCH', `another identity of ${copy.region}`);
    if (copy.serial !== own.serial) notes.push(`${copy.region}: serial ${copy.serial} inside, ${own.serial} given`);
  }

  function judgeEnvelope(
    bundle: CaseBundle,
    envelope: EnvelopeText,
    place: string,
    documents: readonly (Authorization | undefined)[],
    log: { readonly checkpoint: Checkpoint | undefined; readonly words: ReturnType<typeof wordsOf> },
  ): { header?: Header | undefined; receipt?: ReceiptBody | undefined; age?: number | undefined } {
    const headerBytes = raw(envelope.header);
    const header = check(`${place}/header`, () => headerInCase(headerBytes, bundle));
    if (header === undefined) return {};
    const { sender, recipient } = header;
    const leaf = leafOf(HASHES[header.suite], headerBytes);
    const body = raw(envelope.receipt.body);
    const { id: envelopeId, conversation, sequence } = header;
    const about = { issuer: recipient, audience: sender, envelopeId, leaf, conversation, sequence };
    // What others say of its age comes first: a seal or a receipt under a revoked key stands on it.
    const taken = attempt(() => verifyReceipt(body, sealOf(envelope.receipt.seal), trusted(recipient), about));
    const leaves = taken.value && { envelope: leaf, receipt: taken.value.leaf };
    const logged = attempt(
      () => leaves && demandLogged(envelope.log, leaves, header, bundle.exported_by, log.checkpoint),
    );
    const receiptAge = ageOf(log.words, logged.value?.at(-1));
    const stands = attempt(() => taken.value && demandOlder(taken.value.key, receiptAge));
    const decided = taken.value && stands.error === undefined ? taken.value.body.decidedAt : undefined;
    const age = earliest([decided, ageOf(log.words, logged.value?.[0])]);
    const root = check(`${place}/seal`, () => {
      const sealed = verifySeal(
        headerBytes,
        sealOf(envelope.seal),
        'tongban-envelopes+jws',
        trusted(sender),
        'history',
      );
      demandOlder(sealed.key, age);
      return sealed;
    });
    const [payload, salt] = [envelope.payload, envelope.payload_salt];
    if (payload === undefined || salt === undefined) notes.push(`${place}: payload erased`);
    const content = payload === undefined || salt === undefined ? {} : { payload: raw(payload), salt: raw(salt) };
    if (root !== undefined) check(`${place}/payload`, () => verifyContent(header, content, root, 'history'));
    check(`${place}/authorization`, () => demandAuthorization(header, documents));
    const receipt = check(`${place}/receipt`, () => {
      for (const { error } of [taken, stands]) if (error) throw error;
      return taken.value?.body;
    });
    if (receipt === undefined) return { header };
    check(`${place}/log`, () => {
      if (logged.error) throw logged.error;
    });
    return { header, receipt, age };
  }

  /** The checkpoint, and who saw the log under it when. Under a revoked key it stands if others saw that very state. */
  function judgeLog(bundle: Bundle): { checkpoint: Checkpoint | undefined; words: ReturnType<typeof wordsOf> } {
    const owner = attempt(() => trusted(bundle.exported_by)).value;
    const state = owner && attempt(() => stateOf(bundle.checkpoint, owner)).value;
    const states = (bundle.witnessed ?? []).map(({ checkpoint, consistency, timestamp }, index) => {
      const one = { checkpoint, consistency: consistency.map(raw), timestamp: timestamp !== undefined };
      const note = (text: string) => void notes.push(`witnessed/${index}: ${text}`);
      return attempt(() => (owner && state ? wordsOf(one, state, owner, given, note) : []));
    });
    const words = states.flatMap(({ value }) => value ?? []);
    const checkpoint = check('checkpoint', () => {
      const found = verifyCheckpoint(bundle.checkpoint, trusted(bundle.exported_by), bundle.exported_at);
      demandOlder(found.key, ageOf(words, found.size - 1));
      return found;
    });
    for (const [index, { error }] of states.entries())
      if (error)
        check(`witnessed/${index}`, () => {
          throw error;
        });
    return { checkpoint, words };
  }
}

function headerInCase(bytes: Buffer, bundle: CaseBundle): KnownHeader {
  const header = headerOf(bytes);
  const sides = [header.sender, header.recipient];
  demand(header.conversation === bundle.case, 'BUNDLE_INVALID', 'the envelope belongs to another case');
  demand(header.sequence >= 1, 'BUNDLE_INVALID', 'the envelope has no place in the order');
  const two = sides[0] !== sides[1] && sides.includes(bundle.exported_by);
  demand(two, 'BUNDLE_INVALID', 'the exporter is not one of the two regions');
  return header;
}

/** @returns the places of the entries that are proved to be in the log */
function demandLogged(
  log: EnvelopeText['log'],
  leaves: { readonly envelope: Buffer; readonly receipt: Buffer },
  header: Header,
  exporter: string,
  checkpoint: Checkpoint | undefined,
): number[] {
  if (header.sender !== exporter)
    return demandEntries(log, [[ENTRY_KIND.verdict, leaves.receipt]], header.sender, checkpoint);
  const sent: ExpectedEntry = [ENTRY_KIND.sent, leaves.envelope];
  return demandEntries(log, [sent, [ENTRY_KIND.received, leaves.receipt]], header.recipient, checkpoint);
}

/** Ids once; every sender's sequences from 1 without gaps, apart from numbers that were refused as used. */
function demandOrder(judged: readonly { header?: Header | undefined; receipt?: ReceiptBody | undefined }[]): void {
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

function actOf(header: Header, receipt: ReceiptBody): Act {
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

import { decode, envelopeLeaf, type messages, payloadName } from '#proto';
import { suiteOf } from '../suites.ts';
import type { AgeProof } from './bundle-age.ts';
import { bytesOf, type CheckEvidence } from './bundle-format.ts';
import {
  type BundleContext,
  checkCitation,
  checkContent,
  checkEntries,
  checkSeal,
  demandOlder,
  type ExpectedEntry,
  quietly,
  readHeader,
  refuse,
} from './bundle-parts.ts';

/** The parts of the checks of a question or an answer, in their order. */
export const MESSAGE_PARTS = ['header', 'seal', 'payload', 'authorization'] as const;

/** Every kind of question with the kind of its answer. */
const ANSWER_TO = { CertificateQuestion: 'CertificateAnswer', DataQuestion: 'DataAnswer' } as const;
const ANSWERS: readonly string[] = Object.values(ANSWER_TO);

/**
 * What a verified bundle says of one check; of the content nothing when a payload is absent. Times in milliseconds, each by
 * the clock of the region that says it.
 */
export type ProvenCheck = CheckFrame & Partial<CheckContent>;

interface CheckFrame {
  /** Id of the question. */
  readonly id: string;
  /** Region that asked. */
  readonly from: string;
  /** Region that answered. */
  readonly to: string;
  readonly askedAt: number;
}

/** What question and answer say. */
interface CheckContent {
  /** Identifier or reference of a certificate, or kind of data. */
  readonly subject: string;
  readonly purpose: string;
  /** Names of the fields that were asked for. */
  readonly asked: readonly string[];
  /** Word of the wire, such as CERTIFICATE_STATUS_VALID. */
  readonly status: string;
  readonly answeredAt: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A question or an answer that passed every check of its own. */
interface ProvenMessage {
  readonly side: Side;
  readonly header: messages.EnvelopeHeader;
  /** Undefined when it was erased or left out. */
  readonly payload: Buffer | undefined;
  /** The oldest proof, by somebody else than the exporter, that it existed. */
  readonly age: AgeProof | undefined;
  /** It stands although its key was revoked. */
  readonly isOld: boolean;
}

type Side = 'question' | 'answer';
type Header = messages.EnvelopeHeader;

/** Runs one part of the checks; undefined when it failed, which is then reported. */
type Attempt = <T>(
  part: (typeof MESSAGE_PARTS)[number] | 'answer' | 'log',
  where: string,
  check: () => T,
) => T | undefined;

/**
 * Checks one check: question and answer each alone, that they belong together, and that the exporter's log holds them.
 * What a revoked key signed stands on the log entry about it, where others saw that one before.
 *
 * @returns the messages that stand, and what they say together
 */
export function checkExchange(
  bundle: CheckEvidence,
  context: BundleContext,
  attempt: Attempt,
): { readonly messages: readonly ProvenMessage[]; readonly check: ProvenCheck | undefined } {
  const headers = {
    question: quietly(() => openHeader(bundle, 'question', context)),
    answer: quietly(() => openHeader(bundle, 'answer', context)),
  };
  const places = quietly(() => findEntries(bundle, headers.question(), headers.answer(), context));
  const stands = (side: Side) =>
    checkMessage(bundle, side, { header: headers[side], age: ageOf(places, side, context) }, context, attempt);
  const question = stands('question');
  const answer = stands('answer');
  const check = question && answer && attempt('answer', 'answer', () => readTogether(question, answer));
  if (isGood(headers.question) && isGood(headers.answer) && context.checkpoint) attempt('log', 'log', places);
  return { messages: [question, answer].filter((one) => one !== undefined), check };
}

function openHeader(bundle: CheckEvidence, side: Side, context: BundleContext): Header {
  const header = readHeader(bundle[side], context);
  const name = payloadName(header.type) ?? '';
  const [cited, isKind] =
    side === 'question' ? [header.id, Object.hasOwn(ANSWER_TO, name)] : [header.inReplyTo, ANSWERS.includes(name)];
  if (header.sequence !== 0 || !isKind || (side === 'question' && header.inReplyTo !== ''))
    refuse('BUNDLE_INVALID', `the envelope is no ${side} of a check`);
  if (cited !== bundle.check) refuse('BUNDLE_INVALID', 'the envelope belongs to another check');
  return header;
}

function checkMessage(
  bundle: CheckEvidence,
  side: Side,
  known: { readonly header: () => Header; readonly age: AgeProof | undefined },
  context: BundleContext,
  attempt: Attempt,
): ProvenMessage | undefined {
  const { [side]: message } = bundle;
  const { age } = known;
  const header = attempt('header', `${side}/header`, known.header);
  if (!header) return undefined;
  const root = attempt('seal', `${side}/seal`, () => demandOlder(checkSeal(message, header, context), age));
  const content = root && attempt('payload', `${side}/payload`, () => checkContent(message, header, root));
  const cited = attempt('authorization', `${side}/authorization`, () => checkCitation(header, context));
  if (!root || !content || !cited) return undefined;
  return {
    side,
    header,
    payload: message.payload === undefined ? undefined : bytesOf(message.payload),
    age,
    isOld: root.key.revokedAt !== undefined,
  };
}

/** Demands that an answer is the one to the question. */
function readTogether(question: ProvenMessage, answer: ProvenMessage): ProvenCheck {
  const [asked, given] = [question.header, answer.header];
  const name = payloadName(asked.type) as keyof typeof ANSWER_TO;
  const belongs =
    payloadName(given.type) === ANSWER_TO[name] &&
    given.sender === asked.recipient &&
    given.recipient === asked.sender &&
    given.conversation === asked.conversation &&
    given.authorizationId === asked.authorizationId &&
    given.authorizationDigest.equals(asked.authorizationDigest);
  if (!belongs) refuse('BUNDLE_INVALID', 'the answer is to another question');
  const { id, sender: from, recipient: to, sentAt: askedAt } = asked;
  const known = question.payload && answer.payload && readContent(name, question.payload, answer.payload);
  return { id, from, to, askedAt, ...known };
}

/** Demands that the answer is about what was asked. */
function readContent(name: keyof typeof ANSWER_TO, asked: Buffer, given: Buffer): CheckContent {
  const { subject, purpose, fields: names, isAnsweredBy } = readQuestion(name, asked);
  const said = decode(ANSWER_TO[name], given);
  if (!isAnsweredBy(said)) refuse('BUNDLE_INVALID', 'the answer is about something else than was asked');
  const { status, answeredAt, fields } = said;
  return { subject, purpose, asked: names, status: String(status), answeredAt, fields };
}

type Answer = messages.CertificateAnswer | messages.DataAnswer;

function readQuestion(name: keyof typeof ANSWER_TO, payload: Buffer) {
  if (name === 'DataQuestion') {
    const { kind, purpose, fields } = decode('DataQuestion', payload);
    return {
      subject: kind,
      purpose,
      fields,
      isAnsweredBy: (answer: Answer) => 'kind' in answer && answer.kind === kind,
    };
  }
  const { identifier, reference, purpose, fields } = decode('CertificateQuestion', payload);
  const isAnsweredBy = (answer: Answer) =>
    'reference' in answer && answer.identifier === identifier && answer.reference === reference;
  return { subject: identifier || reference, purpose, fields, isAnsweredBy };
}

type Places = Partial<Record<Side, number>>;

/** The places of question and answer in the exporter's log. */
function findEntries(bundle: CheckEvidence, question: Header, answer: Header, context: BundleContext): Places {
  const { checkpoint } = context;
  if (!checkpoint) return {};
  const leaves = { question: leafOf(bundle, 'question', question), answer: leafOf(bundle, 'answer', answer) };
  const { exportedBy } = context;
  const peer = question.sender === exportedBy ? question.recipient : question.sender;
  if (question.sender !== exportedBy) {
    const expected: ExpectedEntry = { kind: 'LOG_ENTRY_KIND_CHECK_ANSWERED', subject: leaves.answer, peer };
    return { answer: checkEntries(bundle.log, [expected], checkpoint)[0]! };
  }
  const asked: ExpectedEntry = { kind: 'LOG_ENTRY_KIND_CHECK_ASKED', subject: leaves.question, peer };
  const received: ExpectedEntry = { kind: 'LOG_ENTRY_KIND_ANSWER_RECEIVED', subject: leaves.answer, peer };
  const [first, second] = checkEntries(bundle.log, [asked, received].slice(0, bundle.log.length), checkpoint);
  return { question: first!, ...(second !== undefined && { answer: second }) };
}

function leafOf(bundle: CheckEvidence, side: Side, { suite }: Header): Buffer {
  return envelopeLeaf(suiteOf(suite).hash, bytesOf(bundle[side].header));
}

/** Age of a message by the log entry about it; undefined when there is none, or its place in the log is not proved. */
function ageOf(places: () => Places, side: Side, { ages }: BundleContext): AgeProof | undefined {
  if (!isGood(places)) return undefined;
  const { [side]: place } = places();
  return place === undefined ? undefined : ages?.ofLeaf(place);
}

function isGood(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

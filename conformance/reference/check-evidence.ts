import { ageOf, demandOlder, type Word } from './ages.ts';
import { type CheckBundle, raw, sealOf } from './bundle-text.ts';
import type { Authorization, Checkpoint, Statement } from './documents.ts';
import { headerOf, type KnownHeader, verifyContent, verifySeal } from './exchange.ts';
import { attempt, demandAuthorization, demandEntries } from './parts.ts';
import { HASHES, type SignedRoot } from './signed.ts';
import {
  demand,
  leafOf,
  readCertificateAnswer,
  readCertificateQuestion,
  readDataAnswer,
  readDataQuestion,
} from './wire.ts';

/** The bundle of a check, as proto/README.md has it. */

const ENTRY_KIND = { answered: 4, asked: 5, received: 6 };
const CODE = 'BUNDLE_INVALID';
/** Numbers of `CertificateStatus` and `DataStatus`. */
const WORDS = {
  CERTIFICATE_STATUS: ['UNSPECIFIED', 'VALID', 'EXPIRED', 'SUSPENDED', 'REVOKED', 'UNKNOWN', 'CANCELLED', 'WITHDRAWN'],
  DATA_STATUS: ['UNSPECIFIED', 'FOUND', 'NOT_FOUND', 'UNKNOWN'],
};
const TYPES = {
  question: ['tongban.v1.CertificateQuestion', 'tongban.v1.DataQuestion'],
  answer: ['tongban.v1.CertificateAnswer', 'tongban.v1.DataAnswer'],
};
type Side = keyof typeof TYPES;

/** What was asked and answered; without payloads only by whom and when. Times in milliseconds. */
export type ProvenCheck = CheckFrame & Partial<CheckContent>;

interface CheckFrame {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly askedAt: number;
}

interface CheckContent {
  readonly subject: string;
  readonly purpose: string;
  readonly asked: readonly string[];
  readonly status: string;
  readonly answeredAt: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A question or an answer that passed every check of its own. */
interface Message {
  readonly header: KnownHeader;
  readonly age: number | undefined;
}

/** What a check is held against. */
interface Ground {
  readonly trusted: (region: string) => Statement;
  readonly checkpoint: Checkpoint | undefined;
  readonly words: readonly Word[];
}

/** Judges question, answer and log. @param check runs one part and keeps its fault */
export function judgeCheck(
  bundle: CheckBundle,
  documents: readonly (Authorization | undefined)[],
  { trusted, checkpoint, words }: Ground,
  check: <T>(where: string, run: () => T) => T | undefined,
): { readonly messages: readonly Message[]; readonly exchange: ProvenCheck | undefined } {
  const headers = {
    question: attempt(() => headerIn(bundle, 'question')),
    answer: attempt(() => headerIn(bundle, 'answer')),
  };
  const [asked, given] = [headers.question.value, headers.answer.value];
  const places = attempt(() => (asked && given ? placesOf(bundle, asked, given, checkpoint) : {}));
  const [question, answer] = (['question', 'answer'] as const).map((side) => judgeMessage(side));
  const exchange = question && answer && check('answer', () => together(bundle, question.header, answer.header));
  if (asked && given && checkpoint)
    check('log', () => {
      if (places.error) throw places.error;
    });
  return { messages: [question, answer].filter((one) => one !== undefined), exchange };

  function judgeMessage(side: Side): Message | undefined {
    const { header: bytes, payload, payload_salt: salt, seal } = bundle[side];
    const header = check(`${side}/header`, () => {
      const { value, error } = headers[side];
      if (error) throw error;
      return value;
    });
    if (header === undefined) return undefined;
    const age = ageOf(words, places.value?.[side]);
    const root = check(`${side}/seal`, () => {
      const signer = trusted(header.sender);
      const sealed = verifySeal(raw(bytes), sealOf(seal), 'tongban-envelopes+jws', signer, 'history');
      demandOlder(sealed.key, age);
      return sealed;
    });
    const content = payload === undefined || salt === undefined ? {} : { payload: raw(payload), salt: raw(salt) };
    const isWhole = [
      root !== undefined && check(`${side}/payload`, () => holds(header, content, root)),
      check(`${side}/authorization`, () => {
        demandAuthorization(header, documents);
        return true;
      }),
    ].every((met) => met === true);
    return isWhole ? { header, age } : undefined;
  }
}

function holds(header: KnownHeader, content: { payload?: Buffer; salt?: Buffer }, root: SignedRoot): true {
  verifyContent(header, content, root, 'history');
  return true;
}

function headerIn(bundle: CheckBundle, side: Side): KnownHeader {
  const header = headerOf(raw(bundle[side].header));
  const sides = [header.sender, header.recipient];
  demand(
    sides[0] !== sides[1] && sides.includes(bundle.exported_by),
    CODE,
    'the exporter is not one of the two regions',
  );
  const isOne = header.sequence === 0 && TYPES[side].includes(header.type);
  demand(isOne && (side === 'answer' || header.inReplyTo === ''), CODE, `no ${side} of a check`);
  const cited = side === 'question' ? header.id : header.inReplyTo;
  demand(cited === bundle.check, CODE, 'a message of another check');
  return header;
}

function placesOf(
  bundle: CheckBundle,
  question: KnownHeader,
  answer: KnownHeader,
  checkpoint: Checkpoint | undefined,
): Partial<Record<Side, number>> {
  const leaves = {
    question: leafOf(HASHES[question.suite], raw(bundle.question.header)),
    answer: leafOf(HASHES[answer.suite], raw(bundle.answer.header)),
  };
  if (question.sender !== bundle.exported_by) {
    const expected = [[ENTRY_KIND.answered, leaves.answer]] as const;
    const [place] = demandEntries(bundle.log, expected, question.sender, checkpoint);
    return place === undefined ? {} : { answer: place };
  }
  const both = [[ENTRY_KIND.asked, leaves.question] as const, [ENTRY_KIND.received, leaves.answer] as const];
  const [first, second] = demandEntries(bundle.log, both.slice(0, bundle.log.length), question.recipient, checkpoint);
  return { ...(first !== undefined && { question: first }), ...(second !== undefined && { answer: second }) };
}

/** Demands that the answer is the one to the question, about the same thing. */
function together(bundle: CheckBundle, question: KnownHeader, answer: KnownHeader): ProvenCheck {
  const fits =
    TYPES.question.indexOf(question.type) === TYPES.answer.indexOf(answer.type) &&
    answer.sender === question.recipient &&
    answer.recipient === question.sender &&
    answer.conversation === question.conversation &&
    answer.authorizationId === question.authorizationId &&
    answer.authorizationDigest.equals(question.authorizationDigest);
  demand(fits, CODE, 'the answer is to another question');
  const { id, sender: from, recipient: to, sentAt: askedAt } = question;
  const [asked, said] = [bundle.question.payload, bundle.answer.payload];
  if (asked === undefined || said === undefined) return { id, from, to, askedAt };
  const read = question.type === TYPES.question[0] ? aboutCertificate : aboutData;
  return { id, from, to, askedAt, ...read(raw(asked), raw(said)) };
}

function aboutCertificate(question: Buffer, answer: Buffer): CheckContent {
  const { identifier, reference, purpose, fields: asked } = readCertificateQuestion(question);
  const { status, answeredAt, fields, ...about } = readCertificateAnswer(answer);
  const isSame = about.identifier === identifier && about.reference === reference;
  demand(isSame, CODE, 'the answer is about another certificate');
  const word = wordOf('CERTIFICATE_STATUS', status);
  return { subject: identifier || reference, purpose, asked, status: word, answeredAt, fields };
}

function aboutData(question: Buffer, answer: Buffer): CheckContent {
  const { kind, purpose, fields: asked } = readDataQuestion(question);
  const { status, answeredAt, fields, ...about } = readDataAnswer(answer);
  demand(about.kind === kind, CODE, 'the answer is about other data');
  return { subject: kind, purpose, asked, status: wordOf('DATA_STATUS', status), answeredAt, fields };
}

function wordOf(list: keyof typeof WORDS, number: number): string {
  const word = WORDS[list][number];
  return word === undefined ? String(number) : `${list}_${word}`;
}

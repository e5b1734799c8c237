import { createHash } from 'node:crypto';
import { CodedError, checkPayload, encode, type messages, typeName } from '#proto';

/** Every kind of question with the kind of its answer. */
export const ANSWER_TO = { CertificateQuestion: 'CertificateAnswer', DataQuestion: 'DataAnswer' } as const;

export type QuestionName = keyof typeof ANSWER_TO;
export type AnswerName = (typeof ANSWER_TO)[QuestionName];

export const QUESTION_NAMES = Object.keys(ANSWER_TO) as readonly QuestionName[];

interface Payloads {
  readonly CertificateQuestion: messages.CertificateQuestion;
  readonly CertificateAnswer: messages.CertificateAnswer;
  readonly DataQuestion: messages.DataQuestion;
  readonly DataAnswer: messages.DataAnswer;
}

type Named<N extends keyof Payloads> = { readonly [K in N]: { readonly name: K; readonly payload: Payloads[K] } }[N];

export type Question = Named<QuestionName>;
export type Answer = Named<AnswerName>;

/** What we want to know of a certificate that another region issued: named by its identifier or by its reference. */
export interface CheckInput {
  readonly identifier?: string | undefined;
  /** From its QR code. */
  readonly reference?: string | undefined;
  /** SHA-256 of the issuer-signed JWT, when we hold the certificate. */
  readonly digest?: Buffer | undefined;
  /** Names of {@link answerable}. */
  readonly fields: readonly string[];
  /** 用途 */
  readonly purpose: string;
}

/** What we want to know of the data that another region holds (数据共享查询). */
export interface DataInput {
  /** Code of the item for which the answer is needed. */
  readonly item: string;
  readonly kind: string;
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly value: string }[];
  readonly fields: readonly string[];
  /** 用途 */
  readonly purpose: string;
  /** 法律依据 */
  readonly legalBasis: string;
}

/** @throws CodedError VALIDATION_FAILED with every wrong field */
export function certificateQuestion({ identifier, reference, digest, fields, purpose }: CheckInput): Question {
  return demandRight({
    name: 'CertificateQuestion',
    payload: {
      identifier: identifier ?? '',
      reference: reference ?? '',
      digest: digest ?? Buffer.alloc(0),
      fields: [...fields],
      purpose,
    },
  });
}

/** @throws CodedError VALIDATION_FAILED with every wrong field */
export function dataQuestion({ item, kind, parameters, fields, purpose, legalBasis }: DataInput): Question {
  return demandRight({
    name: 'DataQuestion',
    payload: { item, kind, parameters: [...parameters], fields: [...fields], purpose, legalBasis },
  });
}

/** SHA-256 over the type and every byte of a question: another purpose or order of fields is another question. */
export function questionDigest({ name, payload }: Question): Buffer {
  return createHash('sha256')
    .update(`${typeName(name)}\n`)
    .update(encode(name, { ...payload }))
    .digest();
}

/** What a question is about, as the book lists it: never a person. */
export function subjectOf({ name, payload }: Question): string {
  return name === 'DataQuestion' ? payload.kind : payload.identifier || payload.reference;
}

function demandRight(question: Question): Question {
  const problems = checkPayload(question.name, question.payload);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  return question;
}

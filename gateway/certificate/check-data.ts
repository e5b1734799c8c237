import { type DataFinding, type DataQuery, PlatformError } from '#adapters';
import { CodedError, checkPayload, type messages } from '#proto';
import type { CompiledAgreement } from '#trust';
import { type Answering, permits } from './answer.ts';

/** Asks the platform that answers questions of this kind; undefined when none does. Throws PlatformError. */
export type AskSource = (query: DataQuery, signal: AbortSignal) => Promise<DataFinding> | undefined;

/** A question about data whose seal was verified, with what it may rest on. */
export interface CheckedDataQuestion {
  /** Id of its envelope. */
  readonly id: string;
  readonly question: messages.DataQuestion;
  /** Region that asks. */
  readonly peer: string;
  /** `sent_at` of the question, milliseconds. */
  readonly sentAt: number;
  readonly agreement: CompiledAgreement;
}

/**
 * Answers a question about data (数据共享查询) by asking the platform that holds it, for no more than the authorization
 * lets travel. What nobody here answers and what the asker may not ask give the same answer.
 *
 * @param signal ends the question to the platform
 * @throws AuthorizationError AUTHORIZATION_INACTIVE; CodedError TRY_LATER when the platform cannot say now
 */
export async function dataAnswerOf(
  checked: CheckedDataQuestion,
  { region, now, validForSeconds }: Answering,
  askSource: AskSource,
  signal: AbortSignal,
): Promise<messages.DataAnswer> {
  const { question, agreement } = checked;
  const { kind } = question;
  const told = question.fields.filter((name) => agreement.allowsField(`data.${kind}.${name}`));
  const asked = isPermitted(checked, region) ? askSource(queryOf(checked, told), signal) : undefined;
  const finding = asked && (await foundIn(asked));
  if (!finding) return { kind, status: 'DATA_STATUS_UNKNOWN', answeredAt: now, fields: {}, validForSeconds: 0 };
  return demandTellable({
    kind,
    status: finding.found ? 'DATA_STATUS_FOUND' : 'DATA_STATUS_NOT_FOUND',
    answeredAt: now,
    fields: finding.found ? only(finding.fields, told) : {},
    validForSeconds,
  });
}

function isPermitted({ question, peer, sentAt, agreement }: CheckedDataQuestion, us: string): boolean {
  const use = { name: 'DataQuestion', payload: question, item: question.item, mode: undefined } as const;
  return permits(() => agreement.judge({ ...use, sender: peer, receiving: peer, handling: us, at: sentAt }));
}

function queryOf({ id, question, peer }: CheckedDataQuestion, fields: readonly string[]): DataQuery {
  const { item, kind, parameters, purpose, legalBasis } = question;
  return { id, region: peer, item, kind, parameters, fields, purpose, legalBasis };
}

/** A platform that is away, or says what cannot be read, may be asked again later. */
async function foundIn(asked: Promise<DataFinding>): Promise<DataFinding> {
  try {
    return await asked;
  } catch (cause) {
    if (!(cause instanceof PlatformError)) throw cause;
    throw new CodedError('TRY_LATER', 'the platform that holds the data does not answer', [], { cause });
  }
}

function only(fields: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name]!]] : [])));
}

function demandTellable(answer: messages.DataAnswer): messages.DataAnswer {
  if (checkPayload('DataAnswer', answer).length > 0)
    throw new CodedError('TRY_LATER', 'the platform answered what cannot be told');
  return answer;
}

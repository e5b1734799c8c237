import { CodedError, type messages } from '#proto';
import { writeCheckBundle } from '#trust';
import { citedDocuments, type ExportContext, statementsOf } from '../evidence/bundle-export.ts';
import { Seals } from '../evidence/bundle-seals.ts';
import { witnessesOf } from '../evidence/bundle-witnesses.ts';
import { checkBook, type StoredCheck } from './check-book.ts';

/**
 * Writes the evidence bundle (核验存证包) of one check: question and answer with their seals, and their places in our log.
 *
 * @param id of the question
 * @param peer the other region; needed only where several asked us under the same id
 * @param hasPayloads false to leave payloads and salts out: then it proves only that there was a check
 * @throws CodedError NOT_FOUND when there is no such check, or no longer; CONFLICT when there are several
 */
export async function exportCheck(
  id: string,
  peer: string | undefined,
  context: ExportContext,
  hasPayloads = true,
): Promise<string> {
  const { region, read, log, now } = context;
  const check = only(await checkBook.withId(read, id, peer));
  const positions = [check.logPosition, ...(check.answerLogPosition === undefined ? [] : [check.answerLogPosition])];
  const { checkpoint, proofs } = await log.prove(positions);
  const indexes = proofs.map(({ index }) => index);
  const seen = await witnessesOf(indexes, checkpoint, { read, log, peer: check.peer });
  const seals = new Seals(context);
  const { question, answer } = check;
  return writeCheckBundle({
    check: id,
    exportedBy: region,
    exportedAt: now(),
    statements: await statementsOf(new Set([region, check.peer, ...seen.regions]), context),
    authorizations: await citedDocuments([question.header, answer.header], context),
    question: written(question, await seals.ofEnvelope(question, check.questionSeal), hasPayloads),
    answer: written(answer, await seals.ofEnvelope(answer, check.answerSeal), hasPayloads),
    log: proofs.map(({ entry, index, path }) => ({ entry, index, inclusionPath: path })),
    checkpoint,
    witnessed: seen.witnessed,
  });
}

/** What we asked comes first: our own ids are given once. */
function only(checks: readonly StoredCheck[]): StoredCheck {
  const [first, second] = checks;
  if (!first) throw new CodedError('NOT_FOUND', 'no check with this id is kept');
  if (second && first.direction !== 'asked')
    throw new CodedError('CONFLICT', 'several regions asked under this id; name one with ?peer=');
  return first;
}

function written({ header, payload, payloadSalt }: messages.Envelope, seal: messages.Seal, hasPayload: boolean) {
  return { header, ...(hasPayload && { payload, payloadSalt }), seal };
}

import type { MaterialStore } from '../../material/material-store.ts';
import type { Sealing } from '../../seal/sealing.ts';
import type { Store } from '../../store/store.ts';
import type { EmitNews } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import type { ActPaper } from './act-papers.ts';
import type { PaperPress } from './drawing/paper-press.ts';
import { factsOf, type PaperSources } from './gather-facts.ts';
import { readFacts, writeFacts } from './paper-facts.ts';
import { KINDS_OF_PAPER } from './paper-kinds.ts';
import { paperTable } from './paper-table.ts';

export interface MakingOptions extends PaperSources {
  /** Our own region. */
  readonly region: string;
  readonly store: Store;
  readonly materials: Pick<MaterialStore, 'take' | 'erase'>;
  readonly press: Pick<PaperPress, 'draw'>;
  readonly sealing: Pick<Sealing, 'seal'>;
  readonly emit: EmitNews;
}

/** Identity documents of people who may not read Chinese: their originals have English beside it. */
const WITH_ENGLISH: ReadonlySet<string> = new Set(['passport', 'foreign-permanent-residence']);

/**
 * Makes the signed original of a notice and keeps it among the files of its case. A crash in between leaves a file that
 * nobody names; the notice is then made again.
 *
 * @throws CodedError as `PaperPress.draw` and `Sealing.seal`
 */
export async function makePaper(file: CaseFile, paper: ActPaper, options: MakingOptions): Promise<void> {
  const { region, store, materials, press, sealing, emit } = options;
  const { conversation, number: ourNumber, peer, state } = file;
  const { kind, number, at } = paper;
  // As whoever opens it will read it.
  const facts = readFacts(writeFacts(await factsOf(file, paper, region, options)));
  const gloss = WITH_ENGLISH.has(facts.applicant.documentType);
  const { pdf } = await press.draw({ facts, gloss, mark: undefined });
  const words = { authority: facts.authority, reason: `文书：${KINDS_OF_PAPER[kind].title.zh}` };
  const signed = await sealing.seal(Buffer.from(pdf), words);
  const { digest, size } = await materials.take(conversation, once(signed));
  const kept = { number, kind, issuer: region, digest, size, issued_at: at, envelope: '', code: '' };
  const isLeft = await store.write(async (tx) => {
    if ((await caseRepository.find(tx, conversation))?.erasedAt !== undefined) return false;
    if (!(await paperTable.keep(tx, conversation, kept))) return true;
    const news = { conversation, number: ourNumber, peer, event: 'paper-issued', actor: region, state, at };
    await emit(tx, news);
    return true;
  });
  // What was personal in the case was erased while the notice was made.
  if (!isLeft) await materials.erase(conversation);
}

async function* once(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes;
}

import { createHash } from 'node:crypto';
import { CodedError, type PaperKind } from '#proto';
import { type RegionStatement, VerificationError } from '#trust';
import type { MaterialStore } from '../../material/material-store.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { type ActPaper, papersOfActs } from './act-papers.ts';
import type { PaperPress } from './drawing/paper-press.ts';
import { type MakingOptions, makePaper } from './make-paper.ts';
import { maskedFacts } from './masked-facts.ts';
import { openPaper } from './open-paper.ts';
import { type KeptPaper, MAX_PAPERS, paperTable } from './paper-table.ts';
import { isToldTo, type TellingOptions, tellPaper } from './tell-paper.ts';

export interface CasePapersOptions extends Omit<MakingOptions, 'press'>, TellingOptions {
  readonly materials: Pick<MaterialStore, 'take' | 'open' | 'erase'>;
  readonly press: PaperPress;
  /** The newest statement that was ever believed of a region, ours included. */
  readonly statementOf: (region: string) => Promise<RegionStatement | undefined>;
}

/** A notice of a case in a list. */
export interface ListedPaper {
  readonly kind: PaperKind;
  readonly number: string;
  /** Region whose act it is. */
  readonly issuer: string;
  /** When it acted, milliseconds. */
  readonly at: number;
  /** Whether its PDF can be had here: the other region's comes some time after its act. */
  readonly isAvailable: boolean;
  /** SHA-256 of the signed original in hex; absent until that is here. */
  readonly digest?: string;
  /** Why the other region did not take it. */
  readonly code?: string;
}

/** Which form of a notice is wanted; neither: the signed original. */
export interface PaperForm {
  /** English beside the Chinese (英文对照). */
  readonly gloss: boolean;
  /** Without personal data (脱敏). */
  readonly masked: boolean;
}

/** Counts up when the same words would be drawn otherwise. */
const DRAWING = 1;

/**
 * Makes notices of the acts of our region as signed PDFs (文书), keeps them with their cases and hands them to the other
 * region. It must be closed by the caller.
 */
export class CasePapers {
  readonly #options: CasePapersOptions;
  readonly #underway = new Map<string, Promise<void>>();

  constructor(options: CasePapersOptions) {
    this.#options = options;
  }

  /** Waits for the notices under way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underway.values());
    await this.#options.press.close();
  }

  /**
   * Makes now what is owed of a case, and tells the other region of it.
   *
   * @throws CodedError as `makePaper` and `tellPaper`
   */
  settle(conversation: string): Promise<void> {
    const before = this.#underway.get(conversation) ?? Promise.resolve();
    const settling = before
      .catch(() => {})
      .then(() => this.#settle(conversation))
      .finally(() => {
        if (this.#underway.get(conversation) === settling) this.#underway.delete(conversation);
      });
    this.#underway.set(conversation, settling);
    return settling;
  }

  /** The notices of a case, of both regions as far as we know of them, oldest first. */
  async list(file: CaseFile): Promise<ListedPaper[]> {
    const { region } = this.#options;
    const [acts, kept] = await Promise.all([
      this.#acts(file),
      paperTable.of(this.#options.store.read, file.conversation),
    ]);
    const isLeft = file.erasedAt === undefined;
    const known = new Map<string, ListedPaper>();
    for (const { kind, number, issuer, at } of acts)
      known.set(number, { kind, number, issuer, at, isAvailable: isLeft && issuer === region });
    for (const { kind, number, issuer, issued_at: at, digest, code } of kept) {
      const found = { digest: digest.toString('hex'), ...(code !== '' && { code }) };
      known.set(number, { kind, number, issuer, at, isAvailable: isLeft, ...found });
    }
    return [...known.values()].sort((one, other) => one.at - other.at);
  }

  /**
   * Finds a notice whose signed original is here, or makes it if that is for us to do.
   *
   * @throws CodedError NOT_FOUND, and as `settle`
   */
  async demand(file: CaseFile, number: string): Promise<KeptPaper> {
    const { store, region } = this.#options;
    const { conversation, erasedAt } = file;
    if (erasedAt !== undefined) throw new CodedError('NOT_FOUND', 'the notices of the case were erased with it');
    const find = async () => (await paperTable.of(store.read, conversation)).find((paper) => paper.number === number);
    const there = await find();
    if (there) return there;
    const act = (await this.#acts(file)).find((paper) => paper.number === number);
    if (act && act.issuer !== region)
      throw new CodedError('NOT_FOUND', `region ${act.issuer} has not sent the notice yet`);
    if (act) await this.settle(conversation);
    const made = act && (await find());
    if (!made) throw new CodedError('NOT_FOUND', 'the case has no notice with this number');
    return made;
  }

  /** Names a form of a notice before it is made: the same name, the same bytes. */
  nameOf({ digest }: KeptPaper, { gloss, masked }: PaperForm): string {
    if (!gloss && !masked) return digest.toString('hex');
    return createHash('sha256')
      .update(JSON.stringify([DRAWING, digest.toString('hex'), gloss, masked]))
      .digest('base64url')
      .slice(0, 22);
  }

  /**
   * The PDF of a notice: the original as it was signed, or a copy for reading (阅读件) that is made from what the original
   * says.
   *
   * @throws VerificationError as `openPaper`, RENDITION_ALTERED when another region signed it than the one it came from;
   *   CodedError BACK_PRESSURE
   */
  async pdf({ conversation }: CaseFile, paper: KeptPaper, form: PaperForm): Promise<Buffer> {
    const { materials, press, statementOf, now } = this.#options;
    const { bytes } = await materials.open(conversation, paper.digest);
    const original = await collect(bytes);
    const statement = await statementOf(paper.issuer);
    const opened = await openPaper(original, statement ? [statement] : [], now());
    if (opened?.facts.number !== paper.number)
      throw new VerificationError('RENDITION_ALTERED', 'the file is no notice with this number');
    const { gloss, masked } = form;
    if (!gloss && !masked) return original;
    const mark = masked ? '脱敏阅读件' : '阅读件';
    const { pdf } = await press.draw({ facts: masked ? maskedFacts(opened.facts) : opened.facts, gloss, mark });
    return Buffer.from(pdf);
  }

  async #acts(file: CaseFile): Promise<ActPaper[]> {
    const { store, region } = this.#options;
    return papersOfActs(file, await caseRepository.events(store.read, file.conversation), region);
  }

  async #settle(conversation: string): Promise<void> {
    const { store, region } = this.#options;
    const file = await caseRepository.find(store.read, conversation);
    if (!file || file.erasedAt !== undefined) return;
    const ours = (await this.#acts(file)).filter(({ issuer }) => issuer === region).slice(0, MAX_PAPERS);
    const there = new Set((await paperTable.of(store.read, conversation)).map(({ number }) => number));
    for (const paper of ours) if (!there.has(paper.number)) await makePaper(file, paper, this.#options);
    if (!isToldTo(file)) return;
    for (const kept of await paperTable.of(store.read, conversation)) {
      const act = ours.find(({ number }) => number === kept.number);
      if (act && kept.envelope === '') await tellPaper(file, act, kept, this.#options);
    }
  }
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

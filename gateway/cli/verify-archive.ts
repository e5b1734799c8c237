import { writeFile } from 'node:fs/promises';
import { CodedError, type ErrorCode } from '#proto';
import {
  type ArchivedEvidence,
  type RegionStatement,
  readAuthorities,
  readVolume,
  type SealedVolume,
  verifyBundle,
} from '#trust';
import { digestOfFile, volumeFile, volumeLines, volumesIn } from '../archive/volume-files.ts';
import type { Answer } from './command.ts';
import { readText } from './files.ts';
import { pairs, table } from './format.ts';
import { readStatements } from './statements.ts';

const MAX_PEM_BYTES = 1024 * 1024;
/** Faults that are told; more help nobody. */
const MAX_FAULTS = 1000;

interface Fault {
  readonly where: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Every volume of a folder, as far as it could be judged. */
interface ArchiveReport {
  readonly verified: boolean;
  readonly region: string;
  readonly volumes: number;
  /** Bundles, and how many of them prove what they say by themselves. */
  readonly bundles: number;
  readonly proved: number;
  /** SHA-256 of the file of the newest volume, hex: what the next one has to name, and what the evidence log has. */
  readonly newest: string;
  readonly faults: readonly Fault[];
}

/**
 * Verifies the volumes of a folder (归档卷) with nothing but statements: the seal of each, that they follow one another from
 * number 1, and each bundle.
 *
 * @param authorityFile PEM certificates of timestamp authorities that are trusted; without it no timestamp counts
 * @param now milliseconds
 * @throws CodedError NOT_FOUND when there is no such folder or no volume in it, VALIDATION_FAILED when a statement is missing
 */
export async function verifyArchive(
  folder: string,
  statementFiles: readonly string[],
  now: number,
  authorityFile?: string,
): Promise<Answer> {
  const statements = await readStatements(statementFiles);
  const authorities = authorityFile === undefined ? [] : readAuthorities(await readText(authorityFile, MAX_PEM_BYTES));
  const numbers = await volumesIn(folder);
  if (numbers.length === 0) throw new CodedError('NOT_FOUND', `there is no volume in ${folder}`);
  const check = new ArchiveCheck(folder, statements);
  for (const number of numbers)
    await check.volume(number, async ({ bundle }) => {
      const report = await verifyBundle(JSON.stringify(bundle), statements, { now, authorities });
      return report.verified
        ? undefined
        : (report.faults[0] ?? { code: 'BUNDLE_INVALID', message: 'nothing was judged' });
    });
  const report = check.report();
  return { json: report, text: reportText(report), exit: report.verified ? 0 : 1 };
}

/**
 * Takes one bundle out of the volumes of a folder: the newest, when several have it.
 *
 * @throws CodedError NOT_FOUND, ARCHIVE_INVALID and what is wrong with the seal of its volume
 */
export async function extractBundle(
  folder: string,
  id: string,
  statementFile: string,
  out: string,
): Promise<{ volume: number; size: number }> {
  const [own] = await readStatements([statementFile]);
  for (const number of (await volumesIn(folder)).reverse()) {
    let found: string | undefined;
    for await (const one of readVolume(volumeLines(volumeFile(folder, number)), () => own!))
      if (one.id === id) found = `${JSON.stringify(one.bundle, undefined, 1)}\n`;
    if (found === undefined) continue;
    await writeFile(out, found, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
      throw new CodedError('VALIDATION_FAILED', `cannot write ${out} (${error.code})`, [], { cause: error });
    });
    return { volume: number, size: Buffer.byteLength(found) };
  }
  throw new CodedError('NOT_FOUND', 'no volume in the folder has evidence of this conversation or check');
}

type Judge = (one: ArchivedEvidence) => Promise<{ readonly code: ErrorCode; readonly message: string } | undefined>;

class ArchiveCheck {
  readonly #folder: string;
  readonly #statements: readonly RegionStatement[];
  readonly #faults: Fault[] = [];
  #region = '';
  #count = 0;
  #bundles = 0;
  #proved = 0;
  #newest = '';

  constructor(folder: string, statements: readonly RegionStatement[]) {
    this.#folder = folder;
    this.#statements = statements;
  }

  async volume(number: number, judge: Judge): Promise<void> {
    const path = volumeFile(this.#folder, number);
    const where = `volume ${number}`;
    this.#count += 1;
    if (number !== this.#count) this.#fault(where, 'ARCHIVE_INVALID', `volume ${this.#count} is missing before it`);
    this.#count = number;
    try {
      const { digest } = await digestOfFile(path);
      const sealed = await this.#read(path, where, judge);
      this.#follow(where, number, sealed);
      this.#newest = digest.toString('hex');
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#fault(where, error.code, error.message);
      this.#newest = '';
    }
  }

  report(): ArchiveReport {
    return {
      verified: this.#faults.length === 0,
      region: this.#region,
      volumes: this.#count,
      bundles: this.#bundles,
      proved: this.#proved,
      newest: this.#newest,
      faults: this.#faults,
    };
  }

  async #read(path: string, where: string, judge: Judge): Promise<SealedVolume> {
    const reading = readVolume(volumeLines(path), (region) => this.#statementOf(region));
    for (;;) {
      const { done, value } = await reading.next();
      if (done) return value as SealedVolume;
      const one = value as ArchivedEvidence;
      this.#bundles += 1;
      const fault = await judge(one);
      if (fault) this.#fault(`${where}/${one.id}`, fault.code, fault.message);
      else this.#proved += 1;
    }
  }

  #follow(where: string, number: number, sealed: SealedVolume): void {
    this.#region ||= sealed.region;
    if (sealed.region !== this.#region) this.#fault(where, 'ARCHIVE_INVALID', `is of region ${sealed.region}`);
    if (sealed.number !== number) this.#fault(where, 'ARCHIVE_INVALID', `its file has the name of another volume`);
    if (sealed.previous !== this.#newest)
      this.#fault(where, 'ARCHIVE_INVALID', 'does not continue the volume before it');
  }

  #statementOf(region: string): RegionStatement {
    const [newest] = this.#statements
      .filter((statement) => statement.region === region)
      .sort((a, b) => b.serial - a.serial);
    if (!newest)
      throw new CodedError('VALIDATION_FAILED', `the statement of region ${region} is needed: --region FILE`);
    return newest;
  }

  #fault(where: string, code: ErrorCode, message: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ where, code, message });
  }
}

function reportText({ verified, region, volumes, bundles, proved, newest, faults }: ArchiveReport): string {
  const head = pairs([
    ['结果 Result', verified ? '核验通过 VERIFIED' : '核验未通过 NOT VERIFIED'],
    ['地区 Region', region],
    ['归档卷 Volumes', volumes],
    ['存证包 Bundles', bundles],
    ['逐个证明 Proved', proved],
    ['末卷 SHA-256 Newest', newest],
  ]);
  if (faults.length === 0) return head;
  const rows = faults.map(({ where, code, message }) => [where, code, message]);
  return `${head}\n${table(['位置 Where', '代码 Code', '详情 Detail'], rows, '')}`;
}

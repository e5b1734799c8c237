import { CodedError } from '#proto';
import { isPaperCertificate } from '#trust';
import { type GatewayClient, path } from '../client.ts';
import type { Answer } from '../command.ts';
import { save } from '../download.ts';
import { openBlob } from '../files.ts';
import { chinaTime, pairs } from '../format.ts';
import { purposeQuery } from '../options.ts';
import { statusText } from './status-text.ts';

/** What is asked about one certificate: by region and identifier, or by its QR code. */
export interface CheckQuestion {
  readonly region?: string | undefined;
  readonly identifier?: string | undefined;
  readonly qr?: string | undefined;
  /** The certificate at hand; only its digest leaves the gateway. */
  readonly certificate?: string | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly purpose: string;
}

interface CheckResult {
  readonly status: string;
  readonly answeredAt?: number;
  readonly fields?: Readonly<Record<string, string>>;
  readonly cached?: boolean;
  /** `library`: the gateway issued it itself, and nobody was asked. */
  readonly source?: string;
  /** Id under which question and answer are kept. */
  readonly evidence?: string;
}

/** One line of the answer to a list. */
interface AnsweredLine {
  readonly line: number;
  readonly status?: string;
  readonly code?: string;
}

/** Lines that are named in the summary, at most. */
const MAX_NAMED = 20;
const REFERENCE_ONLY =
  '只核查了查验码:纸面内容未经核对,请用 --field 要求返回照面字段逐项比对,或用 --certificate 核对证照本身 / only the reference was checked: compare what is printed with fields asked for by --field, or check the certificate itself with --certificate';
/** What an answer must say for a check to succeed. */
const GOOD: ReadonlySet<string> = new Set(['valid', 'found']);

/**
 * Asks about one certificate. Fails unless it is valid.
 *
 * @param evidence where the evidence of the check is saved; nothing is saved where nobody was asked, and
 *   a note says so
 */
export async function checkOne(client: GatewayClient, question: CheckQuestion, evidence?: string): Promise<Answer> {
  const json = await client.post<CheckResult>('/v1/certificates/check', question);
  const isSaved = evidence !== undefined && json.evidence !== undefined;
  if (isSaved) {
    const route = path`/v1/checks/${json.evidence!}/evidence` + purposeQuery(question);
    await save(await client.download(route), evidence);
  }
  const text = pairs([
    ['标识 Identifier', question.identifier],
    ['状态 Status', statusText(json.status)],
    ['答复时间 Answered', chinaTime(json.answeredAt)],
    ['缓存 Cached', json.cached ? '是 yes' : undefined],
    [
      '依据 Source',
      json.source === 'library' ? '本地区签发,查本地区证照库,未询问他人 our own library; nobody was asked' : undefined,
    ],
    ...Object.entries(json.fields ?? {}),
    ['核验编号 Check', json.evidence],
    ['存证包 Evidence', isSaved ? evidence : undefined],
  ]);
  const notes = [
    ...(evidence !== undefined && !isSaved ? [noEvidence(json, evidence)] : []),
    ...(json.status === 'valid' && isReferenceOnly(question) ? [REFERENCE_ONLY] : []),
  ];
  return { json, text, notes, exit: json.status === 'valid' ? 0 : 1 };
}

/**
 * Demands that a QR code is a reference, about which a region can be asked, and not one that holds the certificate itself.
 *
 * @throws CodedError VALIDATION_FAILED
 */
export function demandReference(qr: string): void {
  if (isPaperCertificate(qr.trim()))
    throw new CodedError(
      'VALIDATION_FAILED',
      '这是离线核验码,码中就是证照本身,请用 tongban certificate verify --qr … --statement … 核验 / this code holds the certificate itself: verify it with tongban certificate verify --qr … --statement …',
    );
}

/** Whoever copies a genuine code onto another sheet gets the same answer. */
function isReferenceOnly({ qr, certificate, fields }: CheckQuestion): boolean {
  return qr !== undefined && certificate === undefined && (fields === undefined || fields.length === 0);
}

function noEvidence({ source }: CheckResult, file: string): string {
  const why =
    source === 'library'
      ? '证照由本地区签发,未询问他人 / nobody was asked: the certificate is our own'
      : '网关未给出核验编号 / the gateway named no check';
  return `没有存证包,未写入 ${file} / there is no evidence and no file: ${why}`;
}

/**
 * Asks everything that stands in a file, one question a line. Fails unless every answer is good.
 *
 * @param out where the answers are saved, one a line
 * @throws CodedError VALIDATION_FAILED when a file cannot be read or written, and whatever the gateway answers
 */
export async function checkList(client: GatewayClient, file: string, out: string | undefined): Promise<Answer> {
  const list = await openBlob(file);
  const tally = new Tally();
  const answers = (await client.converse('/v1/certificates/checks', list)).pipeThrough(tally.counting());
  if (out === undefined) for await (const _ of answers);
  else await save(answers, out);
  return tally.answer();
}

/** Counts answers as they pass by. */
class Tally {
  readonly #counts = new Map<string, number>();
  readonly #named: AnsweredLine[] = [];
  #lines = 0;
  #bad = 0;

  counting(): TransformStream<Uint8Array, Uint8Array> {
    const decoder = new TextDecoder();
    let rest = '';
    return new TransformStream({
      transform: (chunk, passed) => {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop()!;
        for (const line of lines) this.#count(line);
        passed.enqueue(chunk);
      },
      flush: () => {
        if (rest.trim() !== '') throw new CodedError('GATEWAY_UNREACHABLE', 'the answer broke off');
      },
    });
  }

  answer(): Answer {
    const counts = Object.fromEntries([...this.#counts].sort());
    const rows = Object.entries(counts).map(([word, count]): [string, string] => [statusText(word), String(count)]);
    const named = this.#named.map(({ line, status, code }): [string, string] => [
      `第 ${line} 行 line`,
      statusText(status ?? code!),
    ]);
    return {
      json: { lines: this.#lines, counts, notGood: this.#bad },
      text: pairs([['核验 Questions', String(this.#lines)], ...rows, ...named]),
      exit: this.#bad === 0 ? 0 : 1,
    };
  }

  #count(text: string): void {
    const answered = JSON.parse(text) as AnsweredLine;
    const word = answered.status ?? answered.code!;
    this.#lines += 1;
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
    if (GOOD.has(word)) return;
    this.#bad += 1;
    if (this.#named.length < MAX_NAMED) this.#named.push(answered);
  }
}

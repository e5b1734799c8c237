import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { answerTo, type GatewayApi } from '../../bench/gateways/gateway-api.ts';
import { CASE_INPUT, handler, ITEM_WITH_MATERIALS, MATERIALS } from '../../bench/sample-case.ts';
import type { Random } from '../../fuzz/random.ts';
import type { Ledger } from './ledger.ts';
import { askUntilAnswered } from './patient-client.ts';

/** Lines of one bulk submit: as few and as many. */
const LINES = [50, 500] as const;
/** Cases with files that are opened at once. */
const AT_ONCE = 4;
/** Bytes of one file, and of one of every ten. */
const FILE_BYTES = [200, 30_000] as const;
const LARGE_BYTES = 400_000;
/** Milliseconds until a gateway that did not answer is asked again. */
const AGAIN_MS = 100;
const LINE = `${JSON.stringify(CASE_INPUT)}\n`;

export interface LoadOptions {
  readonly api: GatewayApi;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Cases to be accepted, those with files among them. */
  readonly cases: number;
  readonly withFiles: number;
  /** Share of those without files that is handed in at first, 0 to 1; {@link Load.allow} lets more come. */
  readonly share: number;
}

interface ShownCase {
  readonly state: string;
  readonly pending: string | null;
  readonly receiptNotice?: string;
}

/** The platform of the sending region: hands in cases until so many are accepted, whatever becomes of the gateway. */
export class Load {
  readonly #options: LoadOptions;
  #waiting: { readonly count: number; readonly reached: () => void }[] = [];
  #allowed: number;
  #isOver = false;
  #lastComplaint = '';

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#allowed = options.share;
  }

  /** Lets this share of the cases be handed in, 0 to 1. */
  allow(share: number): void {
    this.#allowed = share;
  }

  /** @throws Error when the signal ends it before everything is accepted */
  async run(signal: AbortSignal): Promise<void> {
    const { withFiles, random } = this.#options;
    const numbers = Array.from({ length: withFiles }, (_, n) => n).values();
    const files = () => Array.from({ length: MATERIALS.length }, (_, n) => bytesOf(random, n));
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (const n of numbers) await this.#openWithFiles(n, files(), signal);
    });
    try {
      await Promise.all([this.#submitPlain(signal), ...workers]);
    } finally {
      this.#isOver = true;
      this.#tell();
    }
  }

  /** Resolves when this share of the cases is accepted, 0 to 1, or nothing more comes. */
  reached(share: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count: share * this.#options.cases, reached: resolve });
    this.#tell();
    return promise;
  }

  #tell(): void {
    const { count } = this.#options.ledger;
    this.#waiting = this.#waiting.filter((one) => {
      if (!this.#isOver && count < one.count) return true;
      one.reached();
      return false;
    });
  }

  async #submitPlain(signal: AbortSignal): Promise<void> {
    const { cases, withFiles, random } = this.#options;
    const plain = cases - withFiles;
    let left = plain;
    while (left > 0) {
      if (signal.aborted) throw new Error(`${left} cases were never accepted: ${this.#lastComplaint}`);
      const open = Math.ceil(this.#allowed * plain) - (plain - left);
      const lines = Math.min(open, LINES[0] + random.below(LINES[1] - LINES[0]));
      if (open === 0) {
        await pause(AGAIN_MS);
        continue;
      }
      const accepted = await this.#submitSome(lines, signal);
      left -= accepted;
      if (accepted < lines) await pause(AGAIN_MS);
    }
  }

  /** Submits lines in bulk, until the gateway goes away. What it did not say is not accepted. */
  async #submitSome(lines: number, signal: AbortSignal): Promise<number> {
    const { api } = this.#options;
    const call = api.open('POST', '/v1/cases/bulk', { 'content-type': 'application/x-ndjson' });
    const leave = () => void call.destroy(new Error('the round is over'));
    signal.addEventListener('abort', leave, { once: true });
    let accepted = 0;
    try {
      const head = answerTo(call);
      // Whatever fails is told by the answer.
      call.on('error', () => {});
      call.end(LINE.repeat(lines));
      const answer = await head;
      if (answer.statusCode !== 200) this.#lastComplaint = `${answer.statusCode}`;
      let rest = '';
      answer.setEncoding('utf8');
      for await (const chunk of answer) {
        const parts = `${rest}${chunk}`.split('\n');
        rest = parts.pop()!;
        for (const part of parts) accepted += this.#take(part);
        this.#tell();
      }
    } catch (error) {
      this.#lastComplaint = (error as Error).message;
    } finally {
      signal.removeEventListener('abort', leave);
    }
    return accepted;
  }

  /** @returns how many cases a line says were accepted */
  #take(line: string): number {
    const { conversation } = JSON.parse(line) as { conversation?: string };
    if (conversation === undefined) {
      this.#lastComplaint = line.slice(0, 300);
      return 0;
    }
    this.#options.ledger.accepted(conversation);
    return 1;
  }

  /** Asks for each step until it is answered: under one key a case is opened once, however often one asks. */
  async #openWithFiles(n: number, files: readonly Buffer[], signal: AbortSignal): Promise<void> {
    const { api, ledger } = this.#options;
    ledger.keyed();
    const input = JSON.stringify({ ...CASE_INPUT, item: ITEM_WITH_MATERIALS.code });
    const { conversation } = await this.#post<{ conversation: string }>('/v1/cases', input, `open-${n}`, signal);
    for (const [index, name] of MATERIALS.entries()) {
      const path = `/v1/cases/${conversation}/materials?${new URLSearchParams({ name, grade: 'C' })}`;
      const headers = { 'content-type': 'application/octet-stream', 'x-media-type': 'text/plain' };
      const body = files[index]!;
      const told = await askUntilAnswered(api, { method: 'POST', path, body, headers }, signal);
      if (told.status >= 300) throw new Error(`${path}: ${told.status} ${JSON.stringify(told.body)}`);
    }
    for (const act of ['receive', 'transfer']) await this.#act(conversation, act, signal);
    const digests = files.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    ledger.accepted(conversation, digests);
    this.#tell();
  }

  /** An act that was done although its answer was lost is refused the second time: the case then shows that it was done. */
  async #act(conversation: string, act: string, signal: AbortSignal): Promise<void> {
    const { api } = this.#options;
    const path = `/v1/cases/${conversation}`;
    const body = JSON.stringify({ act, data: { handler } });
    const headers = { 'idempotency-key': `${act}-${conversation}` };
    const told = await askUntilAnswered(api, { method: 'POST', path: `${path}/acts`, body, headers }, signal);
    if (told.status < 300) return;
    const { body: file } = await askUntilAnswered<ShownCase>(api, { method: 'GET', path }, signal);
    const isDone =
      act === 'receive' ? file.receiptNotice !== undefined : file.state !== 'draft' || file.pending !== null;
    if (!isDone) throw new Error(`${path} ${act}: ${told.status} ${JSON.stringify(told.body)}`);
  }

  async #post<T>(path: string, body: string, key: string, signal: AbortSignal): Promise<T> {
    const headers = { 'idempotency-key': key };
    const told = await askUntilAnswered<T>(this.#options.api, { method: 'POST', path, body, headers }, signal);
    if (told.status >= 300) throw new Error(`${path}: ${told.status} ${JSON.stringify(told.body)}`);
    return told.body;
  }
}

/** Text that no other file has. */
function bytesOf(random: Random, n: number): Buffer {
  const size = random.once(10) ? LARGE_BYTES : FILE_BYTES[0] + random.below(FILE_BYTES[1] - FILE_BYTES[0]);
  const block = Buffer.from(random.bytes(48).toString('base64'));
  return Buffer.concat([Buffer.from(`${n} `), ...Array.from({ length: Math.ceil(size / 64) }, () => block)]);
}

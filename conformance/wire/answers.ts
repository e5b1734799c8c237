import { decode, type messages } from '#proto';
import { Deviation, say } from '../finding.ts';
import type { Written } from './hostile-peer.ts';

/** What a peer said about one envelope. */
export type Answer =
  | { readonly kind: 'receipt'; readonly code: string; readonly body: Buffer; readonly receipt: messages.ReceiptBody }
  | { readonly kind: 'deferral'; readonly code: string; readonly deferral: messages.Deferral }
  | { readonly kind: 'refusal'; readonly code: string };

const KINDS = {
  receipt: { zh: '回执', en: 'receipt' },
  deferral: { zh: '暂缓', en: 'deferral' },
  refusal: { zh: '拒收', en: 'refusal' },
} as const;

/** The answer to one batch, as it came. */
export class Answers {
  readonly frame: messages.ReceiptBatch;
  readonly #byLeaf = new Map<string, Answer[]>();

  constructor(frame: messages.ReceiptBatch) {
    this.frame = frame;
    for (const body of frame.receipts) {
      const receipt = decode('ReceiptBody', body);
      this.#add(receipt.leafHash, { kind: 'receipt', code: receipt.code, body, receipt });
    }
    for (const deferral of frame.deferrals) {
      this.#add(deferral.leafHash, { kind: 'deferral', code: deferral.code, deferral });
    }
    for (const { leafHash, code } of frame.refusals) this.#add(leafHash, { kind: 'refusal', code });
  }

  /** How many answers there are. */
  get count(): number {
    return this.frame.receipts.length + this.frame.deferrals.length + this.frame.refusals.length;
  }

  /** The one answer to an envelope. @throws Deviation when there is none, or more than one */
  to({ leaf }: Pick<Written, 'leaf'>): Answer {
    const found = this.#byLeaf.get(leaf.toString('hex')) ?? [];
    if (found.length === 1) return found[0]!;
    throw new Deviation(
      say(`报文应有一个应答,实有 ${found.length} 个`, `an envelope needs one answer and got ${found.length}`),
    );
  }

  #add(leaf: Buffer, answer: Answer): void {
    const key = leaf.toString('hex');
    this.#byLeaf.set(key, [...(this.#byLeaf.get(key) ?? []), answer]);
  }
}

/** @throws Deviation unless the answer is of this kind and code; an empty code with a receipt means acceptance */
export function demandAnswer<K extends Answer['kind']>(
  answer: Answer,
  kind: K,
  code: string,
): asserts answer is Extract<Answer, { kind: K }> {
  if (answer.kind === kind && answer.code === code) return;
  const got = answerText(answer);
  const wanted = answerText({ kind, code });
  throw new Deviation(say(`应为${wanted.zh},实为${got.zh}`, `expected ${wanted.en}, got ${got.en}`));
}

/** @throws Deviation unless the envelope was accepted */
export function demandAccepted(answer: Answer): asserts answer is Extract<Answer, { kind: 'receipt' }> {
  demandAnswer(answer, 'receipt', '');
}

/** Names an answer in both languages. */
export function answerText({ kind, code }: Pick<Answer, 'kind' | 'code'>): { zh: string; en: string } {
  const { zh, en } = KINDS[kind];
  if (kind === 'receipt' && code === '') return { zh: '接受回执', en: 'a receipt of acceptance' };
  return { zh: `${zh} ${code}`, en: `a ${en} ${code}` };
}

import { type VendorAnswer, type VendorCall, VendorPlatform, wallTime } from '../testing/vendor-platform.ts';

/** A rating as the platform hands it out (评价记录). */
export interface Evaluation {
  readonly evaluateId: string;
  readonly projectNo: string;
  readonly satisfaction: string;
  readonly writingEvaluation: string;
  readonly channel: string;
  readonly evaluateTime: string;
}

const NAMES = ['appKey', 'timestamp', 'nonce', 'sign'] as const;
const DONE = { body: { code: 200, msg: 'success' } };

/** A rating platform (好差评系统): is told who may rate, and offers what was rated until somebody took it over. */
export class RatingPlatform extends VendorPlatform {
  /** By number of the case (办件编号). */
  readonly invitations = new Map<string, Readonly<Record<string, unknown>>>();
  /** What became of each rating: 1 taken over, 2 refused. */
  readonly synced: Readonly<Record<string, unknown>>[] = [];
  readonly #waiting = new Map<string, Evaluation>();

  /** The applicant rates; the platform knows him by number and query code. @returns whether it believes him */
  rate(projectNo: string, queryCode: string, said: Pick<Evaluation, 'satisfaction' | 'writingEvaluation'>): boolean {
    if (this.invitations.get(projectNo)?.['queryCode'] !== queryCode) return false;
    const evaluateTime = wallTime(this.now());
    this.offer({ evaluateId: `PJ-${projectNo}`, projectNo, channel: '3', evaluateTime, ...said });
    return true;
  }

  /** Puts a rating into the list of those that nobody took over yet. */
  offer(evaluation: Evaluation): void {
    this.#waiting.set(evaluation.evaluateId, evaluation);
  }

  protected answer(call: VendorCall): VendorAnswer {
    const { path, query, body } = call;
    const bytes = Buffer.alloc(0);
    if (!this.isSigned({ bytes }, (name) => query.get(name), { names: NAMES, digest: 'sha256' }))
      return { body: { code: 401, msg: '签名错误' } };
    if (path.endsWith('/evaluations')) return { body: { ...DONE.body, data: { rows: [...this.#waiting.values()] } } };
    if (path.endsWith('/ack')) {
      this.synced.push(body);
      this.#waiting.delete(String(body['evaluateId']));
      return DONE;
    }
    const number = String(body['projectNo']);
    if (this.invitations.has(number)) return { body: { code: 40901, msg: '该办件已邀请评价' } };
    this.invitations.set(number, body);
    return DONE;
  }
}

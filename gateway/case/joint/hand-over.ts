import { CodedError } from '#proto';
import type { Transaction } from '../../store/store.ts';
import type { CaseFile } from '../case-file.ts';
import type { CaseService } from '../case-service.ts';
import type { JointPartRow, PartResult } from './joint-case.ts';
import { isToBeHandedOver } from './move-joint.ts';

interface HandOver {
  readonly cases: CaseService;
  /** Input of the step `deliver`. */
  readonly input: object;
}

/**
 * The one hand-over (统一出件): every decided part is delivered in one unit of work, or none; what came to nothing is named.
 *
 * @throws CodedError the codes of `CaseService.act`, such as RIGHT_MISSING, naming the part
 */
export async function handOverParts(
  tx: Transaction,
  rows: readonly JointPartRow[],
  files: ReadonlyMap<string, CaseFile>,
  { cases, input }: HandOver,
): Promise<PartResult[]> {
  const results: PartResult[] = [];
  for (const { part, conversation } of rows) {
    const file = files.get(conversation);
    const delivered = isToBeHandedOver(file);
    if (delivered) await deliver(part, conversation);
    results.push({ part, outcome: file?.state ?? 'skipped', delivered });
  }
  return results;

  async function deliver(part: string, conversation: string): Promise<void> {
    try {
      await cases.actWithWhole(tx, conversation, 'deliver', input);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      throw new CodedError(error.code, `part "${part}": ${error.message}`, error.problems, { cause: error });
    }
  }
}

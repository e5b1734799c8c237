import { CodedError } from '#proto';
import { type RegionStatement, verifyJoint } from '#trust';
import type { Answer } from './command.ts';
import { chinaTime, pairs } from './format.ts';
import { readStatements } from './statements.ts';

/**
 * Verifies the complete document of a joint-handling agreement with nothing but statements. Whether it was ended only its
 * parties know.
 *
 * @param now milliseconds
 * @throws CodedError the codes of the statements
 */
export async function verifyJointFile(
  document: string,
  statementFiles: readonly string[],
  now: number,
): Promise<Answer> {
  const statementOf = newestOf(await readStatements(statementFiles));
  try {
    const { content, digest, signedBy } = verifyJoint(document, statementOf, { signatures: 'complete' });
    const inForce = now >= Date.parse(content.valid_from) && now < Date.parse(content.valid_until);
    return {
      json: { verified: true, inForce, id: content.id, digest: digest.toString('hex'), signedBy, content },
      text: pairs([
        ['核验 Verified', `${signedBy.length} 方签名无误 all signatures are good`],
        ['联办 Agreement', content.name],
        ['编号 Id', content.id],
        ['牵头 Lead', content.lead],
        ['签署 Signed by', signedBy.join(', ')],
        [
          '期限 Validity',
          `${validity(content.valid_from, content.valid_until)}${inForce ? '' : ' (不在期限内 not now)'}`,
        ],
        ['摘要 Digest', digest.toString('hex')],
      ]),
      notes: ['是否已终止只有签署各方知道 / whether it was ended, only its parties know'],
    };
  } catch (error) {
    return refused(error);
  }
}

/** The newest statement of each region among those that the user trusts. */
export function newestOf(statements: readonly RegionStatement[]): (region: string) => RegionStatement | undefined {
  const sorted = [...statements].sort((a, b) => a.serial - b.serial);
  const byRegion = new Map(sorted.map((statement) => [statement.region, statement]));
  return (region) => byRegion.get(region);
}

/** What a verification that failed has to say. */
export function refused(error: unknown): Answer {
  if (!(error instanceof CodedError)) throw error;
  const { code, message, problems } = error;
  const places = problems.map((problem) => `  ${problem.pointer}  ${problem.code}  ${problem.message}\n`).join('');
  return {
    json: { verified: false, code, message, problems },
    text: `${pairs([['核验未通过 Refused', `${code}: ${message}`]])}${places}`,
    exit: 1,
  };
}

/** A validity as people in China read it. */
export function validity(from: string, until: string): string {
  return `${chinaTime(Date.parse(from))} — ${chinaTime(Date.parse(until))}`;
}

import { type RegionStatement, verifyStatement } from '#trust';
import { readStatementText } from './gateway-folder.ts';

/**
 * Reads and verifies statements that the user trusts.
 *
 * @throws CodedError VALIDATION_FAILED for a file that cannot be read; VerificationError STATEMENT_INVALID or the code
 *   of the signature's fault
 */
export async function readStatements(files: readonly string[]): Promise<RegionStatement[]> {
  const statements: RegionStatement[] = [];
  for (const file of files) statements.push(await verifyStatement(await readStatementText(file)));
  return statements;
}

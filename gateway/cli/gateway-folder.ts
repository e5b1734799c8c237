import { join, resolve } from 'node:path';
import { CodedError } from '#proto';
import { CONFIG_FILE, type GatewayConfig, loadConfig, statementFile } from '../config/config.ts';
import { readText } from './files.ts';

const STATEMENT_BYTES = 64 * 1024;

/**
 * The config of the gateway in a folder.
 *
 * @throws CodedError CONFIG_INVALID when there is none or it is wrong
 */
export function configIn(folder: string): Promise<GatewayConfig> {
  return loadConfig(join(resolve(folder), CONFIG_FILE));
}

/**
 * Reads the text of a region statement.
 *
 * @throws CodedError VALIDATION_FAILED when the file cannot be read
 */
export async function readStatementText(file: string): Promise<string> {
  return (await readText(file, STATEMENT_BYTES)).trim();
}

/**
 * Reads our own statement.
 *
 * @throws CodedError NOT_FOUND when there is none
 */
export async function readOwnStatement({ data }: Pick<GatewayConfig, 'data'>): Promise<string> {
  try {
    return await readStatementText(statementFile(data));
  } catch (cause) {
    const message = `there is no statement at ${statementFile(data)}; make one with: tongban init`;
    throw new CodedError('NOT_FOUND', message, [], { cause });
  }
}

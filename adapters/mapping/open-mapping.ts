import { CodedError, type Problem } from '#proto';
import type { AdapterContext } from '../adapter.ts';
import { FreshMapping } from './fresh-mapping.ts';
import type { Mapping } from './mapping.ts';

/**
 * The mapping that the setting `mapping` names. What is wrong with it is added to the problems of the settings: at
 * `/mapping`, followed by the place within the file.
 */
export async function openMapping(
  file: string,
  context: Pick<AdapterContext, 'now' | 'log'>,
  problems: Problem[],
): Promise<Mapping | undefined> {
  try {
    return await FreshMapping.open(file, context);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    problems.push(...error.problems.map((one) => ({ ...one, pointer: `/mapping${one.pointer}` })));
    if (error.problems.length === 0) problems.push({ pointer: '/mapping', code: 'FILE', message: error.message });
    return undefined;
  }
}

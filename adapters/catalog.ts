import { CodedError, type Problem, type Rule } from '#proto';
import type { Adapter, AdapterContext } from './adapter.ts';
import { directoryKind } from './directory/directory-adapter.ts';
import { httpKind } from './http/http-adapter.ts';
import { httpCreditKind } from './http/http-credit-adapter.ts';
import { httpQueryKind } from './http/http-query-adapter.ts';

/** One way to reach a platform. */
interface AdapterKind {
  /** The shape of its configuration. */
  readonly rules: Rule;
  /**
   * Called only with a configuration that obeys the rules.
   * @throws CodedError CONFIG_INVALID with every problem that shows only on this machine, such as a missing folder
   */
  create(config: unknown, context: AdapterContext): Promise<Adapter>;
}

const KINDS: ReadonlyMap<string, AdapterKind> = new Map<string, AdapterKind>([
  ['http', httpKind],
  ['directory', directoryKind],
  ['http-query', httpQueryKind],
  ['http-credit', httpCreditKind],
]);

/** Every kind that a configuration may name. */
export const ADAPTER_KINDS: readonly string[] = [...KINDS.keys()];

/**
 * Makes the adapter that a configuration describes.
 *
 * @param kind one of {@link ADAPTER_KINDS}
 * @param config the settings of that kind, `name` included and `kind` left out
 * @throws CodedError CONFIG_INVALID with every problem by its JSON pointer within `config` (`/kind` for the kind)
 */
export async function createAdapter(kind: string, config: unknown, context: AdapterContext): Promise<Adapter> {
  const entry = KINDS.get(kind);
  if (!entry) {
    const message = `must be one of: ${ADAPTER_KINDS.join(', ')}`;
    throw new CodedError('CONFIG_INVALID', 'there is no adapter of this kind', [
      { pointer: '/kind', code: 'NOT_IN_LIST', message },
    ]);
  }
  const problems: Problem[] = [];
  entry.rules(config, '', problems);
  if (problems.length > 0)
    throw new CodedError('CONFIG_INVALID', `the settings of the ${kind} adapter are wrong`, problems);
  return entry.create(config, context);
}

import { CodedError, fields, optional, type Problem, type Rule } from '#proto';
import type { Adapter, AdapterContext } from './adapter.ts';
import { amqpKind } from './amqp/amqp-adapter.ts';
import { absolutePath } from './config-rules.ts';
import { databaseKind } from './database/database-adapter.ts';
import { directoryKind } from './directory/directory-adapter.ts';
import { httpKind } from './http/http-adapter.ts';
import { httpCreditKind } from './http/http-credit-adapter.ts';
import { httpQueryKind } from './http/http-query-adapter.ts';
import { kafkaKind } from './kafka/kafka-adapter.ts';
import type { Mapping } from './mapping/mapping.ts';
import { openMapping } from './mapping/open-mapping.ts';
import { httpLockerKind } from './services/http-locker-adapter.ts';
import { httpParcelKind } from './services/http-parcel-adapter.ts';
import { httpRatingKind } from './services/http-rating-adapter.ts';
import { httpSmsKind } from './services/http-sms-adapter.ts';
import { httpSupervisionKind } from './services/http-supervision-adapter.ts';
import { soapKind } from './soap/soap-adapter.ts';

/** One way to reach a platform. */
interface AdapterKind {
  /** The shape of its configuration, without `mapping`. */
  readonly rules: Rule;
  /** Whether it can put the platform's words into ours (`mapping`); without the word it cannot. */
  readonly mapping?: 'optional' | 'required';
  /**
   * Called only with a configuration that obeys the rules.
   * @throws CodedError CONFIG_INVALID with every problem that shows only on this machine, such as a missing folder
   */
  create(config: unknown, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter>;
}

const KINDS: ReadonlyMap<string, AdapterKind> = new Map<string, AdapterKind>([
  ['http', httpKind],
  ['directory', directoryKind],
  ['database', databaseKind],
  ['soap', soapKind],
  ['amqp', amqpKind],
  ['kafka', kafkaKind],
  ['http-query', httpQueryKind],
  ['http-credit', httpCreditKind],
  ['http-sms', httpSmsKind],
  ['http-parcel', httpParcelKind],
  ['http-locker', httpLockerKind],
  ['http-rating', httpRatingKind],
  ['http-supervision', httpSupervisionKind],
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
  const { mapping: file, settings } = withoutMapping(entry, config);
  const problems: Problem[] = [];
  entry.rules(settings, '', problems);
  mappingRule(entry)(file === undefined ? {} : { mapping: file }, '', problems);
  const mapping = typeof file === 'string' && entry.mapping ? await openMapping(file, context, problems) : undefined;
  if (problems.length > 0)
    throw new CodedError('CONFIG_INVALID', `the settings of the ${kind} adapter are wrong`, problems);
  return entry.create(settings, context, mapping);
}

function withoutMapping(entry: AdapterKind, config: unknown): { mapping?: unknown; settings: unknown } {
  if (!entry.mapping || typeof config !== 'object' || config === null) return { settings: config };
  const { mapping, ...settings } = config as Record<string, unknown>;
  return { mapping, settings };
}

function mappingRule({ mapping }: AdapterKind): Rule {
  if (!mapping) return () => {};
  return fields({ mapping: mapping === 'required' ? absolutePath : optional(absolutePath) });
}

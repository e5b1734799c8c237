import { both, dataKind, fields, list, type Rule } from '#proto';
import type { Adapter, AdapterContext, DataQuery } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { openQuestions, QUESTION_RULES, type QuestionConfig } from './question-client.ts';

interface HttpQueryConfig extends QuestionConfig {
  /** Kinds of questions that the platform answers. */
  readonly kinds: readonly string[];
}

/** Bytes of an answer in our own words. */
const MAX_ANSWER_BYTES = 256 * 1024;

const kinds: Rule = both(list(dataKind, 50, 1), (value, pointer, problems) => {
  const all = value as readonly string[];
  all.forEach((kind, index) => {
    if (all.indexOf(kind) !== index)
      problems.push({ pointer: `${pointer}/${index}`, code: 'DUPLICATE', message: 'is there twice' });
  });
});

/**
 * Questions to a data-sharing platform (数据共享): every question is one POST of JSON, or the request that a mapping makes of
 * it; the answer is in its response. It is never asked twice by itself: whoever asked may ask again.
 */
export const httpQueryKind = {
  rules: fields({ ...QUESTION_RULES, kinds }),
  mapping: 'optional' as const,

  async create(config: HttpQueryConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const own = { call: 'data-question' as const, say, maxBytes: MAX_ANSWER_BYTES };
    const questions = await openQuestions(config, context, mapping, own);
    return {
      kind: 'http-query',
      name: config.name,
      data: {
        kinds: config.kinds,
        async answer(query, signal) {
          // That a record is missing must be said, not guessed: what cannot be read was thrown before.
          const answer = await questions.ask(query, signal, (said) => askedFor(said, query.fields));
          const read = answer as { found: boolean; fields?: Record<string, string> | null };
          return read.found ? { found: true, fields: read.fields ?? {} } : { found: false };
        },
      },
      close: async () => questions.close(),
    };
  },
};

function say({ id, region, item, kind, parameters, fields: wanted, purpose, legalBasis }: DataQuery): object {
  return { id, region, item, kind, parameters, fields: wanted, purpose, legal_basis: legalBasis };
}

/** One mapping serves every question: what it puts into fields that nobody asked for goes no further than here. */
function askedFor(said: unknown, wanted: readonly string[]): unknown {
  if (!hasFields(said)) return said;
  const kept = Object.entries(said.fields).filter(([name]) => wanted.includes(name));
  return { ...said, fields: Object.fromEntries(kept) };
}

function hasFields(said: unknown): said is { readonly fields: object } {
  const found = (said as { readonly fields?: unknown } | null | undefined)?.fields;
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}

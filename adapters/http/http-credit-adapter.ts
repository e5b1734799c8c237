import { fields } from '#proto';
import type { Adapter, AdapterContext } from '../adapter.ts';
import type { CreditFinding, CreditQuery } from '../credit.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { openQuestions, QUESTION_RULES, type QuestionConfig } from './question-client.ts';

/** Bytes of an answer in our own words. */
const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Questions to a credit platform (信用平台): every question is one POST of JSON, or the request that a mapping makes of it;
 * the answer is in its response. It is never asked twice by itself: whoever asked may ask again.
 */
export const httpCreditKind = {
  rules: fields(QUESTION_RULES),
  mapping: 'optional' as const,

  async create(config: QuestionConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const own = { call: 'credit-question' as const, say, maxBytes: MAX_ANSWER_BYTES };
    const questions = await openQuestions(config, context, mapping, own);
    return {
      kind: 'http-credit',
      name: config.name,
      credit: {
        async check(query, signal) {
          // Good credit must be said, not guessed: what cannot be read was thrown before.
          const answer = (await questions.ask(query, signal)) as Pick<CreditFinding, 'result'> & {
            code?: string | null;
          };
          return { result: answer.result, code: answer.code ?? '' };
        },
      },
      close: async () => questions.close(),
    };
  },
};

function say({ id, documentType, documentNumber, name }: CreditQuery): object {
  return { id, document_type: documentType, document_number: documentNumber, name };
}

import { CodedError, fields, oneOf, optional, optionalText, type Problem } from '#proto';
import { type Adapter, type AdapterContext, PlatformError } from '../adapter.ts';
import { adapterName } from '../config-rules.ts';
import { CREDIT_RESULTS, type CreditFinding, type CreditQuery } from '../credit.ts';
import { attempt, timeoutMs, webUrl } from './attempt.ts';
import { type AuthenticationConfig, authenticate, authenticationRules, secretProblems } from './authentication.ts';
import { agentFor, type BodyAnswer, postForBody } from './post.ts';
import { networksRule } from './targets.ts';

interface HttpCreditConfig {
  readonly name: string;
  readonly url: string;
  /** Internal networks into which the name of the URL may lead. */
  readonly networks?: readonly string[];
  readonly auth: AuthenticationConfig;
  /** Most that one question may take. */
  readonly timeout_ms?: number;
}

/** Somebody stands at a window meanwhile. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Bytes of an answer. */
const MAX_ANSWER_BYTES = 16 * 1024;
const JSON_TYPE = 'application/json';

/** What a platform must answer. */
const answerRule = fields({
  result: oneOf(...CREDIT_RESULTS),
  code: optional(optionalText(64, { pattern: /^[\w.-]+$/, hint: 'must be a code: letters, digits, . _ -' })),
});

/**
 * Questions to a credit platform (信用平台): every question is one POST of JSON, the answer is in its response. It is never
 * asked twice by itself: whoever asked may ask again.
 */
export const httpCreditKind = {
  rules: fields({
    name: adapterName,
    url: webUrl,
    networks: optional(networksRule),
    auth: authenticationRules,
    timeout_ms: optional(timeoutMs),
  }),

  async create(config: HttpCreditConfig, context: AdapterContext): Promise<Adapter> {
    const problems = await secretProblems(config.auth, '/auth');
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the secret cannot be used', problems);
    const url = new URL(config.url);
    const agent = agentFor(url, config.networks);

    return {
      kind: 'http-credit',
      name: config.name,
      credit: {
        async check(query, signal) {
          const body = encode(query);
          const proof = await authenticate(config.auth, { id: query.id, url, body }, context);
          const headers = { 'content-type': JSON_TYPE, accept: JSON_TYPE, ...proof };
          const limitMs = config.timeout_ms ?? DEFAULT_TIMEOUT_MS;
          const answer = await attempt(url.host, limitMs, signal, (limit) =>
            postForBody(url, headers, body, agent, limit, MAX_ANSWER_BYTES),
          );
          return findingIn(url.host, answer);
        },
      },
      async close() {
        agent.destroy();
      },
    };
  },
};

function encode({ id, documentType, documentNumber, name }: CreditQuery): Buffer {
  return Buffer.from(JSON.stringify({ id, document_type: documentType, document_number: documentNumber, name }));
}

/** @throws PlatformError for everything but a readable answer: good credit must be said, not guessed */
function findingIn(host: string, { status, body }: BodyAnswer): CreditFinding {
  if (status !== 200) {
    const retryable = status < 400 || status >= 500 || status === 408 || status === 429;
    throw new PlatformError(retryable, `the credit platform at ${host} did not answer: it said ${status}`);
  }
  const answer = body && parse(body);
  const problems: Problem[] = [];
  answerRule(answer, '', problems);
  if (problems.length > 0)
    throw new PlatformError(false, `the credit platform at ${host} answered what cannot be read`);
  const { result, code } = answer as { result: CreditFinding['result']; code?: string | null };
  return { result, code: code ?? '' };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

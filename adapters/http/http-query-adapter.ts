import {
  boolean,
  both,
  CodedError,
  dataKind,
  fields,
  list,
  optional,
  optionalText,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';
import { type Adapter, type AdapterContext, type DataFinding, type DataQuery, PlatformError } from '../adapter.ts';
import { adapterName } from '../config-rules.ts';
import { attempt, timeoutMs, webUrl } from './attempt.ts';
import { type AuthenticationConfig, authenticate, authenticationRules, secretProblems } from './authentication.ts';
import { agentFor, postForBody } from './post.ts';
import { networksRule } from './targets.ts';

interface HttpQueryConfig {
  readonly name: string;
  readonly url: string;
  /** Internal networks into which the name of the URL may lead. */
  readonly networks?: readonly string[];
  /** Kinds of questions that the platform answers. */
  readonly kinds: readonly string[];
  readonly auth: AuthenticationConfig;
  /** Most that one question may take. */
  readonly timeout_ms?: number;
}

/** Shorter than the time that the gateway gives a group of questions. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Bytes of an answer. */
const MAX_ANSWER_BYTES = 256 * 1024;
const JSON_TYPE = 'application/json';

const kinds: Rule = both(list(dataKind, 50, 1), (value, pointer, problems) => {
  const all = value as readonly string[];
  all.forEach((kind, index) => {
    if (all.indexOf(kind) !== index)
      problems.push({ pointer: `${pointer}/${index}`, code: 'DUPLICATE', message: 'is there twice' });
  });
});

/** What a platform must answer. */
const answerRule = fields({
  found: boolean,
  fields: optional(record(text(64), optionalText(4000, { lines: true }), 50)),
});

/**
 * Questions to a data-sharing platform (数据共享): every question is one POST of JSON, the answer is in its response. It
 * is never asked twice by itself: whoever asked may ask again.
 */
export const httpQueryKind = {
  rules: fields({
    name: adapterName,
    url: webUrl,
    networks: optional(networksRule),
    kinds,
    auth: authenticationRules,
    timeout_ms: optional(timeoutMs),
  }),

  async create(config: HttpQueryConfig, context: AdapterContext): Promise<Adapter> {
    const problems = await secretProblems(config.auth, '/auth');
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the secret cannot be used', problems);
    const url = new URL(config.url);
    const agent = agentFor(url, config.networks);

    return {
      kind: 'http-query',
      name: config.name,
      data: {
        kinds: config.kinds,
        async answer(query, signal) {
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

function encode({ id, region, item, kind, parameters, fields: wanted, purpose, legalBasis }: DataQuery): Buffer {
  return Buffer.from(
    JSON.stringify({ id, region, item, kind, parameters, fields: wanted, purpose, legal_basis: legalBasis }),
  );
}

/** @throws PlatformError for everything but a readable answer: that a record is missing must be said, not guessed */
function findingIn(host: string, { status, body }: { status: number; body: Buffer | undefined }): DataFinding {
  if (status !== 200) {
    const retryable = status < 400 || status >= 500 || status === 408 || status === 429;
    throw new PlatformError(retryable, `the platform at ${host} did not answer the question: it answered ${status}`);
  }
  const answer = body && parse(body);
  const problems: Problem[] = [];
  answerRule(answer, '', problems);
  if (problems.length > 0) throw new PlatformError(false, `the platform at ${host} answered what cannot be read`);
  const read = answer as { found: boolean; fields?: Record<string, string> | null };
  return read.found ? { found: true, fields: read.fields ?? {} } : { found: false };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { both, CodedError, fields, integer, oneOf, optional, type Rule, text } from '#proto';
import { type Adapter, type AdapterContext, PlatformError, type PlatformEvent } from '../adapter.ts';
import { binaryEvent, headerText, STRUCTURED_TYPE, structuredEvent } from '../cloud-event.ts';
import { adapterName } from '../config-rules.ts';
import { type AuthenticationConfig, authenticate, authenticationRules, secretProblems } from './authentication.ts';
import { type PostAnswer, post } from './post.ts';
import { verdict } from './verdict.ts';

interface HttpConfig {
  readonly name: string;
  readonly url: string;
  readonly mode?: 'structured' | 'binary';
  readonly auth: AuthenticationConfig;
  /** Most that one attempt may take. */
  readonly timeout_ms?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

const webUrl: Rule = both(text(2048), (value, pointer, problems) => {
  const url = URL.parse(value as string);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    problems.push({ pointer, code: 'FORMAT', message: 'must be an http or https URL' });
  else if (url.username !== '' || url.password !== '')
    problems.push({ pointer, code: 'SECRET', message: 'must not hold a name or password; use auth' });
});

/**
 * Webhooks: every event is one POST in CloudEvents 1.0. The way in is the gateway's own REST interface, so this kind has
 * no source.
 */
export const httpKind = {
  rules: fields({
    name: adapterName,
    url: webUrl,
    mode: optional(oneOf('structured', 'binary')),
    auth: authenticationRules,
    timeout_ms: optional(integer(50, 120_000)),
  }),

  async create(config: HttpConfig, context: AdapterContext): Promise<Adapter> {
    const problems = await secretProblems(config.auth, '/auth');
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the secret cannot be used', problems);
    const url = new URL(config.url);
    const agent = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });

    return {
      kind: 'http',
      name: config.name,
      sink: {
        async deliver(event, signal) {
          const { headers, body } = encode(event, config.mode ?? 'structured');
          const proof = await authenticate(config.auth, { id: headerText(event.id), url, body }, context);
          const timeoutMs = config.timeout_ms ?? DEFAULT_TIMEOUT_MS;
          const answer = await attempt(url.host, timeoutMs, signal, (limit) =>
            post(url, { ...headers, ...proof }, body, agent, limit),
          );
          const failure = verdict(url.host, answer, context.now());
          if (failure) throw failure;
        },
      },
      async close() {
        agent.destroy();
      },
    };
  },
};

function encode(event: PlatformEvent, mode: 'structured' | 'binary') {
  if (mode === 'binary') return binaryEvent(event);
  return { headers: { 'content-type': STRUCTURED_TYPE }, body: structuredEvent(event) };
}

/** Runs one request within its time, and says in words what went wrong. */
async function attempt(
  host: string,
  timeoutMs: number,
  signal: AbortSignal,
  send: (limit: AbortSignal) => Promise<PostAnswer>,
): Promise<PostAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await send(AbortSignal.any([signal, timeout]));
  } catch (cause) {
    if (signal.aborted) throw new PlatformError(true, `the delivery to ${host} was broken off`, { cause });
    if (timeout.aborted)
      throw new PlatformError(true, `the platform at ${host} did not answer within ${timeoutMs} ms`, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    throw new PlatformError(true, `the platform at ${host} cannot be reached (${code ?? 'no answer'})`, { cause });
  }
}

import { CodedError, fields, oneOf, optional } from '#proto';
import type { Adapter, AdapterContext, PlatformEvent } from '../adapter.ts';
import { binaryEvent, headerText, STRUCTURED_TYPE, structuredEvent } from '../cloud-event.ts';
import { adapterName } from '../config-rules.ts';
import { attempt, DEFAULT_TIMEOUT_MS, timeoutMs, webUrl } from './attempt.ts';
import { type AuthenticationConfig, authenticate, authenticationRules, secretProblems } from './authentication.ts';
import { agentFor, post } from './post.ts';
import { networksRule } from './targets.ts';
import { verdict } from './verdict.ts';

interface HttpConfig {
  readonly name: string;
  readonly url: string;
  /** Internal networks into which the name of the URL may lead. */
  readonly networks?: readonly string[];
  readonly mode?: 'structured' | 'binary';
  readonly auth: AuthenticationConfig;
  /** Most that one attempt may take. */
  readonly timeout_ms?: number;
}

/**
 * Webhooks: every event is one POST in CloudEvents 1.0. The way in is the gateway's own REST interface, so this kind has
 * no source.
 */
export const httpKind = {
  rules: fields({
    name: adapterName,
    url: webUrl,
    networks: optional(networksRule),
    mode: optional(oneOf('structured', 'binary')),
    auth: authenticationRules,
    timeout_ms: optional(timeoutMs),
  }),

  async create(config: HttpConfig, context: AdapterContext): Promise<Adapter> {
    const problems = await secretProblems(config.auth, '/auth');
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the secret cannot be used', problems);
    const url = new URL(config.url);
    const agent = agentFor(url, config.networks);

    return {
      kind: 'http',
      name: config.name,
      sink: {
        async deliver(event, signal) {
          const { headers, body } = encode(event, config.mode ?? 'structured');
          const proof = await authenticate(config.auth, { id: headerText(event.id), url, body }, context);
          const answer = await attempt(url.host, config.timeout_ms ?? DEFAULT_TIMEOUT_MS, signal, (limit) =>
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

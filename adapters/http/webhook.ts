import type { DeliverySink } from '../adapter.ts';
import { headerText, STRUCTURED_TYPE, structuredEvent } from '../cloud-event.ts';
import { attempt, DEFAULT_TIMEOUT_MS } from './attempt.ts';
import { agentFor, post } from './post.ts';
import { verdict } from './verdict.ts';
import { decodeSecret, signWebhook } from './webhook-signature.ts';

/** Where the webhooks of a subscription go, and how they are signed. */
export interface WebhookOptions {
  readonly url: string;
  /** Internal networks into which the name of the URL may lead. */
  readonly networks: readonly string[];
  /** `whsec_` and base64, asked for at each attempt; each signs, so that one can take the place of another. */
  readonly secrets: () => readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told how each attempt was answered, where it was: status of HTTP. */
  readonly onAnswer: (status: number) => void;
}

/** A subscription of a platform to events. */
export interface Webhook {
  readonly sink: DeliverySink;
  /** Frees the connections. */
  close(): void;
}

/** Events to one URL, each a POST in CloudEvents 1.0 with signatures of Standard Webhooks 1.0. */
export function createWebhook({ url: address, networks, secrets, now, onAnswer }: WebhookOptions): Webhook {
  const url = new URL(address);
  const agent = agentFor(url, networks);
  return {
    sink: {
      async deliver(event, signal) {
        const body = structuredEvent(event);
        const headers = { 'content-type': STRUCTURED_TYPE, ...signedBy(secrets(), headerText(event.id), now(), body) };
        const answer = await attempt(url.host, DEFAULT_TIMEOUT_MS, signal, (limit) =>
          post(url, headers, body, agent, limit),
        );
        onAnswer(answer.status);
        const failure = verdict(url.host, answer, now());
        if (failure) throw failure;
      },
    },
    close: () => agent.destroy(),
  };
}

/** The headers of the first secret, with a signature of every one. */
function signedBy(secrets: readonly string[], id: string, nowMs: number, body: Uint8Array): Record<string, string> {
  const signed = secrets.map((secret) => signWebhook(id, nowMs, body, decodeSecret(secret)!));
  return { ...signed[0], 'webhook-signature': signed.map((one) => one['webhook-signature']).join(' ') };
}

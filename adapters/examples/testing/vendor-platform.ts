import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { verifyWebhook } from '../../http/webhook-signature.ts';
import { PlatformServer, type ReceivedRequest } from '../../testing/platform-server.ts';

/** A request as a platform reads it. */
export interface VendorCall {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The exact bytes, and what they say. */
  readonly bytes: Buffer;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What it says to that, as JSON; `status` is 200 when absent, as with most vendors whatever went wrong. */
export interface VendorAnswer {
  readonly status?: number;
  readonly body: object;
}

/** How a platform wants to be called. */
export interface VendorOptions {
  /** The secret that it shares with the gateway. */
  readonly secret: string;
  /** Its clock, milliseconds since 1970. */
  readonly now: () => number;
}

const TOLERANCE_MS = 5 * 60_000;

/** What the simulators of platforms have in common: a server on 127.0.0.1 that answers JSON. Must be closed. */
export abstract class VendorPlatform {
  readonly server = new PlatformServer();
  readonly secret: string;
  readonly now: () => number;

  constructor({ secret, now }: VendorOptions) {
    this.secret = secret;
    this.now = now;
  }

  async listen(): Promise<this> {
    this.server.handler = (request, response) => this.#handle(request, response);
    await this.server.listen();
    return this;
  }

  get url(): string {
    return `http://${this.server.host}`;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  protected abstract answer(call: VendorCall): VendorAnswer;

  /** Whether application, time and nonce are signed by the secret, under the names that the platform gives them. */
  protected isSigned(
    { bytes }: Pick<VendorCall, 'bytes'>,
    values: (name: string) => string | null | undefined,
    way: { readonly names: readonly [app: string, time: string, nonce: string, sign: string]; readonly digest: Digest },
  ): boolean {
    const [app, time, nonce, sign] = way.names.map((name) => values(name) ?? '');
    if (Math.abs(this.now() - Number(time)) > TOLERANCE_MS) return false;
    return sign === DIGESTS[way.digest](Buffer.concat([Buffer.from(`${app}${time}${nonce}`), bytes]), this.secret);
  }

  /** Whether a request carries a good signature of Standard Webhooks. */
  protected isProven({ headers, bytes }: Pick<VendorCall, 'headers' | 'bytes'>): boolean {
    return verifyWebhook(headers, bytes, this.secret, this.now(), TOLERANCE_MS).ok;
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.path ?? '/', this.url);
    const body = request.body.length > 0 ? (JSON.parse(request.body.toString()) as VendorCall['body']) : {};
    const call = { path: pathname, query: searchParams, headers: request.headers, bytes: request.body, body };
    const answer = this.answer(call);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json;charset=UTF-8' });
    response.end(JSON.stringify(answer.body));
  }
}

type Digest = keyof typeof DIGESTS;

const DIGESTS = {
  'hmac-sm3': (told: Buffer, secret: string) => createHmac('sm3', secret).update(told).digest('hex'),
  sha256: (told: Buffer, secret: string) => createHash('sha256').update(told).update(secret).digest('hex'),
  sm3: (told: Buffer, secret: string) => createHash('sm3').update(told).update(secret).digest('hex'),
} as const;

/** A moment as on the wall in China: `2026-11-22 16:30:00`. */
export function wallTime(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

import type { ServerResponse } from 'node:http';
import { decodeSecret, signWebhook } from '../../http/webhook-signature.ts';
import { PlatformServer, type ReceivedRequest } from '../../testing/platform-server.ts';

/** What the platform pushes of one part (分项) of a set, or of the set itself; `tsbh` numbers the push. */
export interface Push {
  readonly tsbh: string;
  readonly jlx: 'ZJ' | 'FX';
  readonly zjbh: string;
  readonly fxbj?: { readonly fxbh: string; readonly bldq: string };
  readonly [name: string]: unknown;
}

interface Part {
  readonly zjbh: string;
  /** Codes of its states in order; 50 is decided. */
  readonly states: string[];
  /** `Y` granted, `N` denied. */
  result?: string;
}

/**
 * An approval platform for one thing (一件事一次办审批管理平台): REST, pushes the parts of its sets one by one, takes the state of
 * each by PUT and finds by itself when the set is done.
 */
export class OneThingPlatform {
  readonly server = new PlatformServer();
  readonly parts = new Map<string, Part>();
  readonly #hookSecret: string;
  readonly #seen = new Set<string>();

  /** @param hookSecret with which pushes are signed, in base64 */
  constructor(hookSecret: string) {
    this.#hookSecret = hookSecret;
  }

  async listen(): Promise<this> {
    this.server.handler = (request, response) => this.#handle(request, response);
    await this.server.listen();
    return this;
  }

  get url(): string {
    return `http://${this.server.host}/yjs/api`;
  }

  /** Pushes a record to the gateway, as the platform does after each step at its window. */
  async push(gateway: string, push: Push, nowMs: number): Promise<{ status: number; answer: Record<string, unknown> }> {
    const { fxbj, zjbh } = push;
    if (fxbj && !this.parts.has(fxbj.fxbh)) this.parts.set(fxbj.fxbh, { zjbh, states: [] });
    const body = Buffer.from(JSON.stringify(push));
    const signed = signWebhook(push.tsbh, nowMs, body, decodeSecret(this.#hookSecret)!);
    const headers = { 'content-type': 'application/json', ...signed };
    const response = await fetch(`${gateway}/hooks/one-thing`, { method: 'POST', headers, body });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  }

  /** Somebody of the own region decides a part that is not exchanged. */
  decideHere(fxbh: string, result: string): void {
    this.#move(this.parts.get(fxbh)!, '50', result);
  }

  /** Whether every part of a set is decided: the results are handed over together. */
  isDone(zjbh: string): boolean {
    const parts = [...this.parts.values()].filter((part) => part.zjbh === zjbh);
    return parts.length > 0 && parts.every(({ result }) => result !== undefined);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    const number = /\/fxbj\/([^/]+)\/zt$/.exec(request.path ?? '')?.[1];
    const part = this.parts.get(decodeURIComponent(number ?? ''));
    if (!request.headers.authorization?.startsWith('Bearer ')) say(response, 401, { success: false });
    else if (request.method !== 'PUT' || !part) say(response, 200, { success: false, errCode: 'NO_PART' });
    else {
      const { ztdm, jgdm } = JSON.parse(request.body.toString()) as { ztdm: string; jgdm?: string };
      const id = String(request.headers['idempotency-key']);
      if (!this.#seen.has(id)) this.#move(part, ztdm, jgdm);
      this.#seen.add(id);
      say(response, 200, { success: true });
    }
  }

  #move(part: Part, state: string, result: string | undefined): void {
    part.states.push(state);
    if (result !== undefined) part.result = result;
  }
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

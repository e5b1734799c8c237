import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { PlatformServer, type ReceivedRequest } from '../../testing/platform-server.ts';

/** A record of the platform (办件记录) under its own names; `xlh` is its serial number. */
export interface Banjian {
  readonly xlh: string;
  readonly sblsh: string;
  readonly zt: string;
  readonly [name: string]: unknown;
}

type Answer = { readonly code: string; readonly msg: string; readonly data?: unknown };

const DONE: Answer = { code: '200', msg: '操作成功' };

/**
 * An integrated online service platform (一体化在线政务服务平台): REST, always HTTP 200 with a code of its own. It offers its
 * records in a list until they are acknowledged, and takes what becomes of each case.
 */
export class OnlinePlatform {
  readonly server = new PlatformServer();
  /** What the gateway said of each record: `jg` 1 taken, 2 refused. */
  readonly receipts: Record<string, string>[] = [];
  /** What the platform knows of each case: every status in order, and its certificates. */
  readonly cases = new Map<string, { zt: string[]; told: Record<string, unknown>[]; zz: Record<string, unknown>[] }>();
  readonly #secret: string;
  readonly #waiting = new Map<string, Banjian>();
  readonly #files = new Map<string, Uint8Array>();
  readonly #handled = new Set<string>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  async listen(): Promise<this> {
    this.server.handler = (request, response) => this.#handle(request, response);
    await this.server.listen();
    return this;
  }

  get url(): string {
    return `http://${this.server.host}`;
  }

  /** Somebody at a window enters a record; again for one that is to be offered once more. */
  offer(record: Banjian, files: Readonly<Record<string, Uint8Array>> = {}): void {
    for (const [id, bytes] of Object.entries(files)) this.#files.set(id, bytes);
    if (!this.cases.has(record.sblsh)) this.cases.set(record.sblsh, { zt: [], told: [], zz: [] });
    this.#waiting.set(record.xlh, record);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.path ?? '/', this.url);
    const file = /^\/openapi\/v2\/file\/(\w+)$/.exec(pathname)?.[1];
    if (!this.#isSigned(searchParams)) answer(response, { code: '401', msg: '签名错误' });
    else if (file !== undefined) this.#giveFile(response, file);
    else {
      const body = request.body.length > 0 ? (JSON.parse(request.body.toString()) as Record<string, string>) : {};
      answer(response, this.#answerTo(pathname, body, String(request.headers['x-request-no'] ?? '')));
    }
  }

  #answerTo(path: string, body: Record<string, string>, id: string): Answer {
    if (path.endsWith('/banjian/list')) {
      return { ...DONE, data: { list: [...this.#waiting.values()] } };
    }
    if (path.endsWith('/banjian/hz')) {
      this.receipts.push(body);
      this.#waiting.delete(body['xlh']!);
      return DONE;
    }
    const found = this.cases.get(body['sblsh'] ?? '');
    if (!found) return { code: '404', msg: '办件不存在' };
    if (this.#handled.has(id)) return DONE;
    this.#handled.add(id);
    if (path.endsWith('/banjian/zz')) found.zz.push(body);
    else {
      found.zt.push(body['zt']!);
      found.told.push(body);
    }
    return DONE;
  }

  #giveFile(response: ServerResponse, id: string): void {
    const bytes = this.#files.get(id);
    if (bytes) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
    else response.writeHead(404).end();
  }

  #isSigned(query: URLSearchParams): boolean {
    const told = ['appid', 'timestamp', 'nonce'].map((name) => query.get(name) ?? '').join('');
    return query.get('sign') === createHmac('sha256', this.#secret).update(told).digest('hex');
  }
}

function answer(response: ServerResponse, body: Answer): void {
  response.writeHead(200, { 'content-type': 'application/json;charset=UTF-8' }).end(JSON.stringify(body));
}

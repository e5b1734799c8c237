import type { ServerResponse } from 'node:http';
import { PlatformServer, type ReceivedRequest } from '../../testing/platform-server.ts';

/** An item as the library keeps it (事项), by its own names. */
export type LibraryItem = Readonly<Record<string, unknown>>;

/** An item library (事项库): pages of items by REST, and a place where it is told that another region published some. */
export class ItemLibrary {
  readonly server = new PlatformServer();
  readonly items: LibraryItem[] = [];
  /** Regions of which it was told, in order. */
  readonly changed: string[] = [];
  readonly #key: string;

  /** @param key that whoever reads has to show */
  constructor(key: string) {
    this.#key = key;
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

  #handle({ path, headers, body }: ReceivedRequest, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(path ?? '/', this.url);
    if (headers['x-access-key'] !== this.#key) say(response, { code: 40101, message: '密钥无效' });
    else if (pathname.endsWith('/items')) {
      const [page, size] = [Number(searchParams.get('pageNum')), Number(searchParams.get('pageSize'))];
      const rows = this.items.slice((page - 1) * size, page * size);
      say(response, { code: 0, message: 'success', data: { rows, total: this.items.length } });
    } else {
      this.changed.push((JSON.parse(body.toString()) as { areaCode: string }).areaCode);
      say(response, { code: 0, message: 'success' });
    }
  }
}

function say(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testSigner } from '../../document/testing/certificates.ts';
import { setSeal } from '../../document/testing/e-seals.ts';
import { plainPdf } from '../../document/testing/pdf.ts';
import { type SealedFile, type SealHolder, type SealSetting, setSealOn } from './set-seal.ts';

/** What it may do instead of setting the seal that it was asked for. */
export type SealMischief =
  | 'hang' // takes the request and never answers
  | 'reset' // breaks the connection
  | 'garbage' // answers what is not JSON
  | 'huge' // answers without end
  | 'redirect' // sends the caller elsewhere
  | 'unsealed' // gives back what it got
  | 'another' // seals another document
  | 'edited' // changes the text of a page, and then seals it
  | 'noted' // lays a text over the page, and then seals it
  | 'spoilt' // changes a byte of what it got, and then seals it
  | 'appended' // seals it, and then appends something
  | 'stranger' // seals it with another certificate of the same authority
  | 'forged'; // sets a signature that is over something else

/** A request as it came. */
export interface SealCall {
  readonly request_id: string;
  readonly signatory: string;
  readonly seal: string;
  readonly document: string;
  readonly [member: string]: unknown;
}

export interface ReferenceSealOptions {
  /** Whether a request comes from whom it should; everybody may ask unless told. */
  readonly admits?: (headers: IncomingHttpHeaders, body: Buffer) => boolean;
}

interface Reply {
  readonly status: number;
  readonly value: object;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * A service of electronic seals (电子印章服务) as docs/e-seal.md wants it, over HTTP on 127.0.0.1, with keys in memory. For
 * tests it can also misbehave in every way that counts. Must be closed.
 */
export class ReferenceSeal {
  /** Requests for a seal that have arrived, as they came. */
  readonly calls: SealCall[] = [];
  /** How many seals it has set; a request id that it knows sets none. */
  seals = 0;
  /** What it does instead, for as long as it is set. */
  mischief: SealMischief | undefined;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #options: ReferenceSealOptions;
  readonly #holders = new Map<string, SealHolder>();
  readonly #answered = new Map<string, { readonly document: string; readonly sealed: string }>();
  #failures: number[] = [];
  #held: Promise<void> | undefined;

  static async start(options: ReferenceSealOptions = {}): Promise<ReferenceSeal> {
    const service = new ReferenceSeal(options);
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  private constructor(options: ReferenceSealOptions) {
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/seals`;
  }

  /** Makes a seal. @param kind an SM2 key sets electronic seals of GB/T 38540; the others need the openssl command line */
  addSeal(name: string, kind: 'sm2' | 'rsa' | 'ec' = 'sm2'): SealHolder {
    const holder = { signer: testSigner(`测试印章 ${name}`, { kind }), maker: testSigner('测试制章系统') };
    this.#holders.set(name, holder);
    return holder;
  }

  /** Answers the next requests with this status. */
  failNext(count: number, status = 503): void {
    this.#failures = Array.from({ length: count }, () => status);
  }

  /** Is slow: answers nothing until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readBody(request);
      const call = request.method === 'POST' ? (JSON.parse(body.toString('utf8')) as SealCall) : undefined;
      if (call) this.calls.push(call);
      await this.#held;
      const failure = this.#failures.shift();
      if (failure !== undefined) say(response, { status: failure, value: { error: 'told to fail' } });
      else if (this.#options.admits?.(request.headers, body) === false)
        say(response, { status: 401, value: { error: 'who are you?' } });
      else if (!call) say(response, { status: 200, value: { seals: [...this.#holders.keys()] } });
      else if (!this.#misbehaves(request, response)) say(response, this.#serve(call));
    } catch {
      response.destroy();
    }
  }

  #serve({ request_id: id, seal, document }: SealCall): Reply {
    const holder = this.#holders.get(seal);
    if (!holder) return { status: 404, value: { error: 'no such seal' } };
    const known = this.#answered.get(id);
    if (known && known.document !== document) return { status: 409, value: { error: 'the id is of another document' } };
    if (known) return { status: 200, value: { document: known.sealed } };
    const sealed = this.#sealed(Buffer.from(document, 'base64'), holder)?.toString('base64');
    if (sealed === undefined) return { status: 422, value: { error: 'no PDF' } };
    this.seals += 1;
    if (!this.mischief) this.#answered.set(id, { document, sealed });
    return { status: 200, value: { document: sealed } };
  }

  /** Mischief that has nothing to do with documents. */
  #misbehaves(request: IncomingMessage, response: ServerResponse): boolean {
    switch (this.mischief) {
      case 'hang':
        return true;
      case 'reset':
        request.socket.destroy();
        return true;
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"document":');
        return true;
      case 'huge':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(`{"document":"${'A'.repeat(16 * 1024 * 1024)}`);
        return true;
      case 'redirect':
        response.writeHead(307, { location: `${this.url}/elsewhere` }).end();
        return true;
      default:
        return false;
    }
  }

  /** The document under the seal, or what mischief makes of it; undefined for what is no PDF. */
  #sealed(pdf: Buffer, holder: SealHolder): Buffer | undefined {
    const signedAt = Date.now();
    const sign = (content: Buffer) => setSeal(content, holder.signer, holder.maker, { signedAt }).value;
    const setting = { signedAt, ...(holder.signer.kind === 'sm2' && { sign }) };
    const set = (file: Buffer, more: SealSetting = {}) => setSealOn(file, holder, { ...setting, ...more });
    try {
      switch (this.mischief) {
        case 'unsealed':
          return pdf;
        case 'another':
          return set(plainPdf());
        case 'edited':
          return set(pdf, { tamper: otherText });
        case 'noted':
          return set(pdf, { tamper: noteOver });
        case 'spoilt':
          return set(Buffer.from(pdf.toString('latin1').replace('/MediaBox', '/MediaBoy'), 'latin1'));
        case 'appended':
          return Buffer.concat([set(pdf), Buffer.from('\n% and more\n')]);
        case 'stranger':
          return setSealOn(
            pdf,
            { ...holder, signer: testSigner('另一枚印章', { kind: holder.signer.kind }) },
            { signedAt },
          );
        case 'forged':
          return set(pdf, { sign: () => setSeal(Buffer.from('something else'), holder.signer, holder.maker).value });
        default:
          return set(pdf);
      }
    } catch {
      return undefined;
    }
  }
}

function otherText({ update, page, pageDictionary }: SealedFile): void {
  const stream = update.add(() => '<< /Length 3 >>\nstream\nq Q\nendstream');
  update.set(page, pageDictionary, 'Contents', `${stream} 0 R`);
}

function noteOver({ update, page, pageDictionary }: SealedFile): void {
  const note = update.add(() => '<< /Type /Annot /Subtype /FreeText /Rect [0 0 600 800] /Contents (Another) >>');
  update.append(page, pageDictionary, 'Annots', note);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function say(response: ServerResponse, { status, value }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

import type { ServerResponse } from 'node:http';
import { PlatformServer, type ReceivedRequest } from '../../testing/platform-server.ts';
import { readXml } from '../../xml/read-xml.ts';
import { writeXml } from '../../xml/write-xml.ts';

const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/';

/** A call as the platform understood it. */
export interface SoapCall {
  readonly operation: string;
  /** What was in the message; attributes of namespaces left out. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly header: unknown;
  readonly request: ReceivedRequest;
}

/** A platform that speaks SOAP 1.1, read and written by other rules than the adapter's: an envelope is only XML here. */
export class SoapPlatform {
  readonly server = new PlatformServer();
  readonly calls: SoapCall[] = [];
  /** What it answers: the inside of the body, or a whole answer. */
  answer: (call: SoapCall) => unknown = ({ operation }) => ({ [`${operation}Response`]: { return: 'ok' } });

  async listen(): Promise<this> {
    this.server.handler = (request, response) => this.#handle(request, response);
    await this.server.listen();
    return this;
  }

  get url(): string {
    return `http://${this.server.host}/cases`;
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    const { Envelope } = readXml(request.body, 8 * 1024 * 1024) as {
      Envelope: Record<string, Record<string, unknown>>;
    };
    const [[operation, body]] = Object.entries(Envelope['Body']!) as [[string, Record<string, unknown>]];
    const call = { operation, body, header: Envelope['Header'], request };
    this.calls.push(call);
    const answer = this.answer(call);
    if (answer instanceof Reply) response.writeHead(answer.status, answer.headers).end(answer.body);
    else response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8' }).end(envelope(answer));
  }
}

/** A whole answer of HTTP. */
export class Reply {
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** The answer by which a service refuses or fails. */
export function fault(code: string, words: string, status = 500): Reply {
  return new Reply(status, envelope({ 'S:Fault': { faultcode: `S:${code}`, faultstring: words } }), {
    'content-type': 'text/xml; charset=utf-8',
  });
}

export function envelope(body: unknown, namespace: string = SOAP_11): string {
  return writeXml({ 'S:Envelope': { 'S:Body': body } }, { prefixes: { S: namespace } });
}

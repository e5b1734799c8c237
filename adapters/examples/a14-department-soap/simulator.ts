import type { ServerResponse } from 'node:http';
import { PlatformServer, type ReceivedRequest } from '../../testing/platform-server.ts';
import { readXml } from '../../xml/read-xml.ts';
import { writeXml } from '../../xml/write-xml.ts';

const NAMESPACE = 'http://service.approve.department.example/';
const MAX_BYTES = 32 * 1024 * 1024;

/** A row of the handling table (办理记录); `ROW_GUID` is its own. */
export interface HandleRecord {
  readonly ROW_GUID: string;
  readonly PROJECT_NO: string;
  readonly STATUS: string;
  readonly [name: string]: unknown;
}

/** A case that was handed to the department, as the last message said it. */
export interface DepartmentCase {
  readonly PROJECT_NO: string;
  readonly TB_NO: string;
  readonly CONVERSATION: string;
  /** `I` handed in, `U` supplemented, `D` withdrawn, in order. */
  readonly operations: string[];
  message: Readonly<Record<string, unknown>>;
}

type Words = Readonly<Record<string, unknown>>;

/**
 * The approval system of a department (部门审批系统): SOAP 1.1 with one text argument that is XML itself. It gives each case a
 * number of its own, and hands its records out until they are confirmed.
 */
export class ApprovalSystem {
  readonly server = new PlatformServer();
  readonly cases = new Map<string, DepartmentCase>();
  /** What the gateway said of each record: `flag` 1 taken, 2 refused. */
  readonly confirmed: Words[] = [];
  /** Answers so many calls with a SOAP fault, as when the database behind it is away. */
  faults = 0;
  readonly #waiting = new Map<string, HandleRecord>();
  readonly #events = new Set<string>();

  async listen(): Promise<this> {
    this.server.handler = (request, response) => this.#handle(request, response);
    await this.server.listen();
    return this;
  }

  get url(): string {
    return `http://${this.server.host}/services/ApproveService`;
  }

  /** Somebody at the department works on a case. */
  record(record: HandleRecord): void {
    this.#waiting.set(record.ROW_GUID, record);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    const { Envelope } = readXml(request.body, MAX_BYTES) as { Envelope: { Header?: Words; Body: Words } };
    const [operation, body] = Object.entries(Envelope.Body)[0] as [string, Words];
    if (!JSON.stringify(Envelope.Header ?? {}).includes('UsernameToken')) fault(response, 'Client', '未通过认证');
    else if (this.faults > 0) {
      this.faults -= 1;
      fault(response, 'Server', 'ORA-12541');
    } else {
      const inner = writeXml({ RESULT: this.#answerTo(operation, body) }, {});
      send(response, 200, { [`ns:${operation}Response`]: { return: inner } });
    }
  }

  #answerTo(operation: string, body: Words): Words {
    if (operation === 'receiveCase') return this.#receive(body['xmlStr'] as string);
    if (operation === 'getHandleRecords')
      return { CODE: '0', MSG: '成功', ROWS: { ROW: [...this.#waiting.values()].slice(0, Number(body['pageSize'])) } };
    this.confirmed.push(body);
    this.#waiting.delete(body['rowGuid'] as string);
    return { CODE: '0', MSG: '成功' };
  }

  #receive(xml: string): Words {
    const { CASE } = readXml(Buffer.from(xml), MAX_BYTES) as { CASE: Record<string, string> };
    const number = CASE['TB_NO']!;
    let found = this.cases.get(number);
    if (!found) {
      const PROJECT_NO = `UX2026${String(this.cases.size + 1).padStart(4, '0')}`;
      found = { PROJECT_NO, TB_NO: number, CONVERSATION: CASE['CONVERSATION']!, operations: [], message: CASE };
      this.cases.set(number, found);
    }
    if (!this.#events.has(CASE['EVENT_ID']!)) {
      this.#events.add(CASE['EVENT_ID']!);
      found.operations.push(CASE['OPERATION']!);
      found.message = CASE;
    }
    return { CODE: '0', MSG: '成功', PROJECT_NO: found.PROJECT_NO };
  }
}

function fault(response: ServerResponse, code: string, words: string): void {
  send(response, 500, { 'S:Fault': { faultcode: `S:${code}`, faultstring: words } });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const prefixes = { S: 'http://schemas.xmlsoap.org/soap/envelope/', ns: NAMESPACE };
  response.writeHead(status, { 'content-type': 'text/xml; charset=utf-8' });
  response.end(writeXml({ 'S:Envelope': { 'S:Body': body } }, { prefixes }));
}

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Adapter, SubmissionOutcome, Wish } from '../adapter.ts';
import { encodeText } from '../encodings.ts';
import { loadMapping } from '../mapping/load-mapping.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { NOW, testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { bodyOf, Ledger, REFUSED, tryAgain } from '../testing/ledger.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { readXml } from '../xml/read-xml.ts';
import { soapKind } from './soap-adapter.ts';
import type { SoapConfig } from './soap-config.ts';

const PASSWORD = '示例口令-0123456789';
const NAMESPACE = 'http://hall.example/cases';
const TYPES = { '1.1': 'text/xml; charset=utf-8', '1.2': 'application/soap+xml; action="submitCase"' } as const;
const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
};
const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
const RECORD = '<m:submitCase xmlns:m="http://hall.example/cases"><no>A-1</no><name>示例</name></m:submitCase>';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let ledger: Ledger;
let clock: { ahead: number };
let context: ReturnType<typeof testContext>;
const adapters: Adapter[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
  ledger = new Ledger();
  clock = { ahead: 0 };
  context = { ...testContext(), now: () => NOW + clock.ahead };
  await writeFile(join(folder.path, 'password'), `${PASSWORD}\n`);
});
afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.close();
  await folder.remove();
});

type Version = keyof typeof TYPES;

function envelope(inside: string, header = '', version: Version = '1.1'): string {
  const head = header && `<s:Header>${header}</s:Header>`;
  return `<s:Envelope xmlns:s="${ENVELOPES[version]}">${head}<s:Body>${inside}</s:Body></s:Envelope>`;
}

interface TokenChanges {
  readonly user?: string;
  readonly password?: string;
  readonly nonce?: string;
  readonly at?: number;
  readonly type?: 'Digest' | 'Text';
}

/** By the profile, in other words than ours. */
function token({ user = 'hall', password = PASSWORD, nonce = 'n-1', at = NOW, type = 'Digest' }: TokenChanges = {}) {
  const created = new Date(at).toISOString();
  const digest = createHash('sha1').update(`${nonce}${created}${password}`).digest('base64');
  return `<w:Security xmlns:w="${WSS}-wssecurity-secext-1.0.xsd" xmlns:u="${WSS}-wssecurity-utility-1.0.xsd"><w:UsernameToken>
    <w:Username>${user}</w:Username>
    <w:Password Type="${WSS}-username-token-profile-1.0#Password${type}">${type === 'Text' ? password : digest}</w:Password>
    <w:Nonce>${Buffer.from(nonce).toString('base64')}</w:Nonce><u:Created>${created}</u:Created>
  </w:UsernameToken></w:Security>`;
}

const AS_IT_IS = plainMapping((document) => document);

async function start(hook: object = {}, changes: Partial<SoapConfig> = {}, mapping: Mapping = AS_IT_IS) {
  const auth = { type: 'username-token', user: 'hall', password_file: join(folder.path, 'password') };
  const config = { name: 'hall', auth: { type: 'none' }, namespace: NAMESPACE, operations: {} };
  const settings = { ...config, ...changes, hook: { auth, key: ['submitCase.no'], ...hook } } as SoapConfig;
  const adapter = await soapKind.create(settings, context, mapping);
  adapters.push(adapter);
  await adapter.source!.start(ledger.submit);
  return adapter;
}

/** @returns undefined when it is not believed */
async function push(adapter: Adapter, body: string | Uint8Array, type: string = TYPES['1.1']) {
  const request = { headers: { 'content-type': type }, body: Buffer.from(body) };
  const record = await adapter.hook!.open(request);
  if (!record) return undefined;
  const { status, headers, body: bytes } = record.answer!(await record.submit());
  const answer = readXml(bytes, 1_000_000) as { Envelope: { Body: Record<string, Record<string, unknown>> } };
  return { status, headers, text: Buffer.from(bytes).toString(), said: answer.Envelope.Body };
}

describe('a message of a platform', () => {
  it.each(['1.1', '1.2'] as const)('in SOAP %s is handed in once and answered in its protocol', async (version) => {
    const adapter = await start();
    expect([adapter.sink, adapter.source]).toEqual([undefined, expect.anything()]);
    for (const nonce of ['a', 'b']) {
      const told = await push(adapter, envelope(RECORD, token({ nonce }), version), TYPES[version]);
      expect(told).toMatchObject({
        status: 200,
        headers: { 'content-type': expect.stringContaining(TYPES[version].split(';')[0]!) },
        said: { submitCaseResponse: { conversation: 'conversation-1', caseNumber: '320600-2026-1' } },
      });
      expect(told!.text).toContain(`xmlns:m="${NAMESPACE}"`);
      expect(told!.text).toContain(ENVELOPES[version]);
    }
    expect(bodyOf(ledger.calls[0]!)).toEqual({ submitCase: { no: 'A-1', name: '示例' } });
    expect([ledger.calls.length, ledger.cases.size]).toEqual([2, 1]);
  });

  it('brings files within it, in base64 as other systems break its lines', async () => {
    const file = join(folder.path, 'mapping.yaml');
    const files = '[{ each: submitCase.file, name: name, content: data }]';
    await writeFile(file, `mapping: 1\nin: [{ open: { no: submitCase.no }, files: ${files} }]\n`);
    const adapter = await start({}, {}, await loadMapping(file, context));
    const scan = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * 7) % 251));
    const lines = scan.toString('base64').replace(/.{76}/g, '$&\r\n');
    const [licence, photo] = ['营业执照.pdf', '照片'].map((name) => `<name>${name}</name>`);
    const uri = `data:image/png;base64,${Buffer.from('PNG').toString('base64')}`;
    const record = RECORD.replace(
      '</m:',
      `<file>${licence}<data>\n${lines}\n</data></file><file>${photo}<data>${uri}</data></file></m:`,
    );
    expect(await push(adapter, envelope(record, token()))).toMatchObject({ status: 200 });
    const { files: brought } = ledger.calls[0]!.wishes[0] as Extract<Wish, { do: 'open' }>;
    expect(brought.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['营业执照.pdf', 'application/pdf'],
      ['照片', 'image/png'],
    ]);
    const { signal } = new AbortController();
    const contents = await Promise.all(brought.map(async ({ open }) => buffer(await open(signal))));
    expect(contents.map((content) => content.equals(scan))).toEqual([true, false]);
    expect(contents[1]!.toString()).toBe('PNG');
  });

  it('is answered in the words of its WSDL, and may be in GBK', async () => {
    const answer = { element: 'submitResult', body: { code: 0, no: '号:{caseNumber}' } };
    const adapter = await start({ answer });
    const gbk = encodeText(`<?xml version="1.0" encoding="GBK"?>${envelope(RECORD, token())}`, 'gb18030');
    const told = await push(adapter, gbk, 'text/xml');
    expect(told!.said).toMatchObject({ submitResult: { code: '0', no: '号:320600-2026-1' } });
    expect(bodyOf(ledger.calls[0]!)).toMatchObject({ submitCase: { name: '示例' } });
  });

  it.each<[string, SubmissionOutcome, Version, number, object]>([
    ['refused', REFUSED, '1.1', 500, { faultcode: 'soap:Client', detail: { refusal: { code: 'VALIDATION_FAILED' } } }],
    [
      'refused',
      REFUSED,
      '1.2',
      400,
      { Code: { Value: 'soap:Sender' }, Detail: { refusal: { code: 'VALIDATION_FAILED' } } },
    ],
    ['put off', tryAgain('BACK_PRESSURE'), '1.1', 503, { faultcode: 'soap:Server' }],
    ['put off', tryAgain('BACK_PRESSURE'), '1.2', 503, { Code: { Value: 'soap:Receiver' } }],
  ])('that is %s (%#) is answered with a fault', async (_, outcome, version, status, fault) => {
    ledger.answers.push(outcome);
    const told = await push(await start(), envelope(RECORD, token(), version), TYPES[version]);
    expect(told).toMatchObject({ status, said: { Fault: fault } });
    expect(told!.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    if (outcome === REFUSED) expect(told!.text).toContain('<pointer>/applicant/number</pointer>');
  });

  it.each<[string, string, string, string]>([
    ['DOCTYPE', `<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]>${envelope(RECORD)}`, TYPES['1.1'], 'DOCTYPE'],
    ['no XML', 'no=A-1', TYPES['1.1'], 'MALFORMED'],
    ['the envelope of the other version', envelope(RECORD), TYPES['1.2'], 'ENVELOPE'],
    ['two records', envelope(RECORD + RECORD.replaceAll('submitCase', 'other')), TYPES['1.1'], 'ENVELOPE'],
    ['nothing in it', envelope(''), TYPES['1.1'], 'ENVELOPE'],
    ['JSON', '{}', 'application/json', 'MEDIA_TYPE'],
  ])('with %s is parked with the reason and refused, once it is proven who sent it', async (_, body, type, code) => {
    const secret = 'a-secret-of-the-hall-0123456789';
    await writeFile(join(folder.path, 'secret'), secret);
    const auth = { type: 'bearer', secret_file: join(folder.path, 'secret'), header: 'x-secret' };
    const adapter = await start({ auth });
    const request = { headers: { 'content-type': type, 'x-secret': secret }, body: Buffer.from(body) };
    const record = await adapter.hook!.open(request);
    const outcome = await record!.submit();
    expect(ledger.calls).toMatchObject([{ document: null, wishes: [], problems: [{ code }] }]);
    expect(Buffer.from(record!.answer!(outcome).body).toString()).toMatch(/soap:(Client|Sender)/);
    expect(ledger.cases.size).toBe(0);
  });
});

describe('a UsernameToken', () => {
  it.each<[string, string]>([
    ['with a wrong password', envelope(RECORD, token({ password: 'wrong' }))],
    ['of another user', envelope(RECORD, token({ user: 'other' }))],
    ['six minutes old', envelope(RECORD, token({ at: NOW - 360_000 }))],
    ['of six minutes later', envelope(RECORD, token({ at: NOW + 360_000 }))],
    ['whose time was altered', envelope(RECORD, token({ at: NOW - 360_000 }).replace(/:2\d:/g, ':30:'))],
    ['without a nonce', envelope(RECORD, token().replace(/<w:Nonce>.*?<\/w:Nonce>/, ''))],
    ['with the password itself', envelope(RECORD, token({ type: 'Text' }))],
    ['in another namespace', envelope(RECORD, token().replace('secext', 'other'))],
    ['twice', envelope(RECORD, token() + token({ nonce: 'n-2' }))],
    ['in the body', envelope(`${token()}${RECORD}`)],
    ['missing', envelope(RECORD)],
    ['behind a DOCTYPE', `<!DOCTYPE s []>${envelope(RECORD, token())}`],
    ['in an entity bomb', `<!DOCTYPE s [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>${envelope('&b;', token())}`],
  ])('%s is not believed, and nothing is handed in', async (_, body) => {
    expect(await push(await start(), body)).toBeUndefined();
    expect(ledger.calls).toEqual([]);
    expect(context.lines).toMatchObject([{ level: 'warn', fields: { code: 'UNAUTHORIZED' } }]);
    expect(JSON.stringify(context.lines)).not.toMatch(/示例口令|A-1/);
  });

  it('counts once, also when it comes twice at once; the next one counts again', async () => {
    const adapter = await start();
    const message = envelope(RECORD, token());
    const answers = await Promise.all([push(adapter, message), push(adapter, message)]);
    expect(answers.filter((one) => one !== undefined)).toHaveLength(1);
    clock.ahead = 299_000;
    expect(await push(adapter, message)).toBeUndefined();
    // Now it is too old, whoever remembers it.
    clock.ahead = 301_000;
    expect(await push(adapter, message)).toBeUndefined();
    expect(await push(adapter, envelope(RECORD, token({ at: NOW + 301_000 })))).toMatchObject({ status: 200 });
    expect(ledger.calls).toHaveLength(2);
  });

  it('may be the password itself where the settings say so, by the file as it is now', async () => {
    const auth = {
      type: 'username-token',
      user: 'hall',
      password_file: join(folder.path, 'password'),
      password: 'text',
    };
    const adapter = await start({ auth });
    const message = envelope(RECORD, token({ type: 'Text' }));
    expect(await push(adapter, message)).toMatchObject({ status: 200 });
    expect(await push(adapter, envelope(RECORD, token()))).toBeUndefined();
    await writeFile(auth.password_file, 'another');
    expect(await push(adapter, message)).toBeUndefined();
    expect(ledger.calls).toHaveLength(1);
  });
});

it('names what is wrong with its settings', async () => {
  const hook = { auth: { type: 'username-token', user: 'hall', password_file: '/nowhere/password' } };
  await expect(start({ ...hook, answer: { element: 'no name', namespace: NAMESPACE } })).rejects.toMatchObject({
    problems: [{ pointer: '/hook/auth/password_file' }, { pointer: '/hook/answer' }],
  });
  const problems: { pointer: string }[] = [];
  const base = { name: 'hall', auth: { type: 'none' }, operations: {} };
  soapKind.rules({ ...base, hook: { auth: { type: 'basic' }, answer: { body: 'x' } } }, '', problems as never);
  expect(problems.map(({ pointer }) => pointer)).toEqual(
    expect.arrayContaining(['/hook/auth/type', '/hook/answer/body']),
  );
});

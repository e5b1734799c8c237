import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlatformServer } from '../../../adapters/testing/platform-server.ts';
import { localUrl } from '../../config/address.ts';
import { verifyLog } from '../../evidence/verify-log.ts';
import { agreementDraft } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { licence } from '../../testing/check-region.ts';
import { pinEachOther, until } from '../../testing/live-region.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const ABSENT = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';
const OWNER = '11370800MB28559184';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let nantong: ApiRegion;
let uxin: ApiRegion;
let sharing: PlatformServer;
let url: string;
let identifiers: string[];

beforeAll(async () => {
  sharing = await new PlatformServer().listen();
  const withSharing = (folder: string) =>
    appendFile(
      join(folder, 'gateway.yaml'),
      `\nplatforms:\n  - { kind: http-query, name: sharing, url: "http://${sharing.host}/query", kinds: [real-estate], auth: { type: none }, timeout_ms: 500 }\n`,
    );
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626', withSharing)]);
  await uxin.live.services.platforms.start(uxin.live.core.config.platforms);
  await pinEachOther(nantong.live, uxin.live);
  await agree();
  const issued = Array.from({ length: 100 }, (_, n) =>
    uxin.live.services.certificates.issue(licence(Date.now() - DAY_MS, { number: `JY${n}` })),
  );
  identifiers = (await Promise.all(issued)).map(({ identifier }) => identifier);
  url = localUrl(await nantong.api.listen({ host: '127.0.0.1', port: 0 }));
}, 60_000);

afterAll(async () => {
  await nantong?.close();
  await uxin?.live.services.platforms.stop();
  await uxin?.close();
  await sharing?.close();
});

/** Signs an agreement under which some fields of certificates and of one kind of data may travel. */
async function agree(): Promise<void> {
  const year = new Date().getUTCFullYear();
  const draft = agreementDraft('320600', '150626', {
    fields: ['certificate.certificate_holder_name', 'data.real-estate.owner_code', 'data.real-estate.address'],
    valid_from: `${year - 1}-01-01T00:00:00+08:00`,
    valid_until: `${year + 2}-01-01T00:00:00+08:00`,
  });
  const { authorizations } = nantong.live.services;
  const { id } = await authorizations.propose(draft);
  const theirs = uxin.live.services.authorizations;
  await until('the proposal', async () => (await theirs.list()).length > 0);
  await theirs.accept(id);
  await until('the agreement', async () => (await authorizations.get(id)).state === 'active');
}

interface Said {
  readonly line: number;
  readonly status?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly code?: string;
}

/** Sends lines and tells each answer as it comes. */
async function converse(lines: Iterable<string>, onSaid: (said: Said) => void): Promise<void> {
  const answer = await fetch(`${url}/v1/certificates/checks`, {
    method: 'POST',
    headers: { authorization: await nantong.api.bearer('platform'), 'content-type': 'application/x-ndjson' },
    body: Readable.toWeb(Readable.from(lines).map((line: string) => Buffer.from(line))) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  expect(answer.status).toBe(200);
  let rest = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    const texts = (rest + chunk).split('\n');
    rest = texts.pop()!;
    for (const text of texts) onSaid(JSON.parse(text) as Said);
  }
}

async function all(lines: readonly unknown[]): Promise<Said[]> {
  const said: Said[] = [];
  await converse(
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`),
    (one) => said.push(one),
  );
  return said;
}

const question = (identifier: string, changes: object = {}) => ({
  region: '150626',
  identifier,
  fields: ['certificate_holder_name', 'residence'],
  purpose: '批量核验',
  ...changes,
});

const dataQuestion = (changes: object = {}) => ({
  region: '150626',
  item: 'EX018',
  kind: 'real-estate',
  parameters: [{ name: 'owner_code', type: 'social-credit-code', value: OWNER }],
  fields: ['address', 'price'],
  purpose: '核验经营场所',
  legalBasis: '国务院关于在线政务服务的若干规定第八条',
  ...changes,
});

async function checks({ live }: ApiRegion, direction: string): Promise<number> {
  const text = 'SELECT count(*) AS n FROM certificate_check WHERE direction = ?';
  return (await live.core.store.read.get<{ n: number }>(text, direction))!.n;
}

async function demandSoundLogs(): Promise<void> {
  for (const { live } of [nantong, uxin]) {
    await live.core.evidence.integrate();
    const { core } = live;
    const report = await verifyLog(core.store.read, core.own);
    expect(report.faults).toEqual([]);
  }
}

describe('a certificate', () => {
  test('is asked about by its QR code, which its issuer shows', async () => {
    const shown = await uxin.ask('GET', `/v1/certificates/${identifiers[0]}`);
    expect(shown.json.qr).toMatch(/^TONGBAN:150626:[A-Z2-7]{26}$/);
    expect((await uxin.ask('GET', `/v1/certificates/${identifiers[0]}`)).json.qr).toBe(shown.json.qr);
    const body = { qr: shown.json.qr, fields: ['certificate_holder_name', 'certificate_identifier'], purpose: '核验' };
    const { status, json } = await nantong.ask('POST', '/v1/certificates/check', { role: 'platform', body });
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'valid', fields: { certificate_holder_name: '示例餐饮有限公司' } });
    expect(Object.keys(json.fields)).toEqual(['certificate_holder_name']);
  });

  test.each(['https://evil.example/?c=TONGBAN:150626:AAAAAAAAAAAAAAAAAAAAAAAAAA', 'TONGBAN:150626:not-a-reference'])(
    'is not asked about by %s',
    async (qr) => {
      const before = await checks(nantong, 'asked');
      const { status, json } = await nantong.ask('POST', '/v1/certificates/check', { body: { qr, purpose: '核验' } });
      expect([status, json.code]).toEqual([422, 'CERTIFICATE_REFERENCE']);
      expect(await checks(nantong, 'asked')).toBe(before);
    },
  );

  test('is named one way only, and of its own region the library answers', async () => {
    const qr = 'TONGBAN:320600:AAAAAAAAAAAAAAAAAAAAAAAAAA';
    const both = { qr, region: '150626', identifier: ABSENT, purpose: '核验' };
    const answer = await nantong.ask('POST', '/v1/certificates/check', { body: both });
    expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/region', '/identifier']);
    const own = await nantong.ask('POST', '/v1/certificates/check', { body: { qr, purpose: '核验' } });
    expect(own).toMatchObject({ status: 200, json: { status: 'unknown', source: 'library' } });
    expect(own.json).not.toHaveProperty('evidence');
  });
});

describe('many questions', () => {
  test('answer line by line; bad lines and bad questions do not stop the rest', async () => {
    const said = await all([
      question(identifiers[0]!),
      'not json',
      question('1.2.3'),
      question(ABSENT),
      question(ABSENT, { region: '350500' }),
      question(identifiers[1]!),
    ]);
    expect(said.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(said.map(({ status, code }) => status ?? code)).toEqual([
      'valid',
      'REQUEST_INVALID',
      'VALIDATION_FAILED',
      'unknown',
      'PEER_NOT_PINNED',
      'valid',
    ]);
    expect(said[0]!.fields).toEqual({ certificate_holder_name: '示例餐饮有限公司' });
    await demandSoundLogs();
  });

  test('ten thousand go over TLS in memory that does not grow, each in both logs', async () => {
    const count = 10_000;
    const asked = await checks(nantong, 'asked');
    const answered = await checks(uxin, 'answered');
    const heap: number[] = [];
    const words = new Map<string, number>();
    let next = 1;
    function* lines() {
      for (let n = 0; n < count; n += 1)
        yield `${JSON.stringify(question(n % 50 === 49 ? ABSENT : identifiers[n % 100]!))}\n`;
    }
    const began = performance.now();
    await converse(lines(), ({ line, status, code }) => {
      expect(line).toBe(next);
      next += 1;
      const word = status ?? code!;
      words.set(word, (words.get(word) ?? 0) + 1);
      if (line % 1000 !== 0) return;
      collectGarbage();
      heap.push(process.memoryUsage().heapUsed / 2 ** 20);
    });
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(
      `${count} checks between two gateways in one process: ${seconds.toFixed(1)} s, ${Math.round(count / seconds)}/s; ` +
        `heap after 1,000: ${heap[0]!.toFixed(0)} MiB, after all: ${heap.at(-1)!.toFixed(0)} MiB\n`,
    );
    expect(Object.fromEntries(words)).toEqual({ valid: count - count / 50, unknown: count / 50 });
    expect(Math.max(...heap.slice(1)) - heap[0]!).toBeLessThan(48);
    expect(await checks(nantong, 'asked')).toBe(asked + count);
    expect(await checks(uxin, 'answered')).toBe(answered + count);
    await demandSoundLogs();
  }, 180_000);

  test('share signatures: a group has one seal', async () => {
    const text =
      'SELECT count(DISTINCT question_group) AS groups, count(*) AS n FROM certificate_check WHERE question_group > 0';
    const { groups, n } = (await uxin.live.core.store.read.get<{ groups: number; n: number }>(text))!;
    expect(n / groups).toBeGreaterThan(30);
  });
});

describe('data of another region', () => {
  const bodies: Record<string, unknown>[] = [];
  const become = (state: 'well' | 'broken' | 'silent') => {
    sharing.handler = ({ body }, response) => {
      bodies.push(JSON.parse(body.toString()));
      if (state === 'silent') return;
      const fields = { address: '示例街1号', price: '1000000', owner: '示例人' };
      if (state === 'broken') response.writeHead(503).end();
      else response.writeHead(200).end(JSON.stringify({ found: true, fields }));
    };
  };
  const ask = async (changes: object = {}) => {
    bodies.length = 0;
    return nantong.ask('POST', '/v1/data/check', { role: 'platform', body: dataQuestion(changes) });
  };

  test('is told field by field, no more than was asked and may travel', async () => {
    become('well');
    const { status, json } = await ask();
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'found', fields: { address: '示例街1号' }, cached: false });
    expect(Object.keys(json.fields)).toEqual(['address']);
    expect(bodies).toEqual([
      {
        id: json.evidence,
        region: '320600',
        item: 'EX018',
        kind: 'real-estate',
        parameters: [{ name: 'owner_code', type: 'social-credit-code', value: OWNER }],
        fields: ['address'],
        purpose: '核验经营场所',
        legal_basis: '国务院关于在线政务服务的若干规定第八条',
      },
    ]);
  });

  test.each(['broken', 'silent'] as const)('is asked for later when the platform is %s', async (state) => {
    become(state);
    const before = await checks(uxin, 'answered');
    const { status, json } = await ask();
    expect([status, json.code]).toEqual([503, 'TRY_LATER']);
    expect(await checks(uxin, 'answered')).toBe(before);
    become('well');
    expect((await ask()).json.status).toBe('found');
  });

  test('travels in lines too, beside questions about certificates', async () => {
    become('well');
    const said = await all([dataQuestion(), question(identifiers[0]!), dataQuestion({ kind: 'marriage' })]);
    expect(said.map(({ status, code }) => status ?? code)).toEqual(['found', 'valid', 'FIELD_NOT_ALLOWED']);
  });

  test.each([
    [{ region: '1', extra: 1, purpose: '' }, ['/extra UNKNOWN_FIELD', '/purpose REQUIRED', '/region IDENTIFIER']],
    [{ region: undefined }, ['/region TYPE']],
    [
      { parameters: 'x', fields: undefined, kind: 'Real Estate', legalBasis: '' },
      ['/kind FORMAT', '/legalBasis REQUIRED', '/parameters TYPE'],
    ],
    [
      { parameters: [{ name: 'owner', type: 'citizen-number', value: '110101199003070000' }] },
      ['/parameters/0/value IDENTIFIER'],
    ],
  ])('is not asked for with %j', async (changes, expected) => {
    const { status, json } = await ask(changes);
    expect(status).toBe(422);
    const problems = (json.errors as { pointer: string; code: string }[]).map(
      ({ pointer, code }) => `${pointer} ${code}`,
    );
    expect(problems.sort()).toEqual(expected);
    expect(bodies).toEqual([]);
  });

  test('leaves nothing of anybody in either evidence log', async () => {
    for (const { live } of [nantong, uxin]) {
      const rows = await live.core.store.read.all<{ entry: Buffer }>('SELECT entry FROM log_entry');
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter(({ entry }) => /11370800MB28559184|示例街/.test(entry.toString()))).toEqual([]);
    }
    await demandSoundLogs();
  });
});

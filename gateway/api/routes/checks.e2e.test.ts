import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyBundle } from '#trust';
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
  readonly evidence?: string;
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
    const shownAt = `/v1/certificates/${identifiers[0]}?purpose=${encodeURIComponent('打印证照')}`;
    const shown = await uxin.ask('GET', shownAt);
    expect(shown.json.qr).toMatch(/^TONGBAN:150626:[A-Z2-7]{26}$/);
    expect((await uxin.ask('GET', shownAt)).json.qr).toBe(shown.json.qr);
    const body = { qr: shown.json.qr, fields: ['certificate_holder_name', 'certificate_identifier'], purpose: '核验' };
    const { personal_access: looks } = await nantong.counts();
    const { status, json } = await nantong.ask('POST', '/v1/certificates/check', { role: 'platform', body });
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'valid', fields: { certificate_holder_name: '示例餐饮有限公司' } });
    expect(Object.keys(json.fields)).toEqual(['certificate_holder_name']);
    // Of what another region told there is evidence: it is no look into our own library.
    expect((await nantong.counts())['personal_access']).toBe(looks);
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

describe('the words of the trade', () => {
  const ask = async (body: object) =>
    (await nantong.ask('POST', '/v1/certificates/check', { role: 'platform', body })).json as Record<string, unknown>;
  const decide = async (number: string, status?: string, changes: object = {}) => {
    const content = licence(Date.now() - DAY_MS, { number, ...changes });
    const { identifier } = await uxin.live.services.certificates.issue(content);
    if (status) await uxin.live.services.certificates.setStatus(identifier, status as 'revoked', '示例事由', 'window');
    return identifier;
  };

  test('are kept apart, asked alone and together: 暂停, 注销, 撤销, 吊销, 过期, 未知', async () => {
    const words = ['suspended', 'cancelled', 'revoked', 'withdrawn'];
    const asked = new Map<string, string>();
    for (const word of words) asked.set(word, await decide(`STATUS-${word}`, word));
    asked.set('expired', await decide('STATUS-expired', undefined, { validUntil: Date.now() + 1_000 }));
    // An item that the agreement does not cover: not to be told looks like not there.
    asked.set('unknown', await decide('STATUS-item', undefined, { item: 'EX999' }));
    asked.set('valid', identifiers[0]!);
    await until('the last second of one of them', async () => {
      return (await ask(question(asked.get('expired')!)))['status'] === 'expired';
    });
    const lines = await all([...asked.values()].map((identifier) => question(identifier)));
    expect(lines.map(({ status }) => status)).toEqual([...asked.keys()]);
    for (const [word, identifier] of asked) {
      const { status, fields } = await ask(question(identifier));
      expect(status).toBe(word);
      expect(Object.keys(fields as object)).toEqual(word === 'unknown' ? [] : ['certificate_holder_name']);
    }
    expect((await ask(question(ABSENT)))['status']).toBe('unknown');
    await demandSoundLogs();
  });

  test('say what ended a certificate when it is past its date as well', async () => {
    const revoked = await decide('STATUS-both', 'revoked', { validUntil: Date.now() + 1_000 });
    const suspended = await decide('STATUS-paused', 'suspended', { validUntil: Date.now() + 1_000 });
    await until('its last second', async () => (await ask(question(suspended)))['status'] === 'expired');
    expect((await ask(question(revoked)))['status']).toBe('revoked');
  });

  test('count for stamped copies too, which their region makes and does not keep', async () => {
    const identifier = await decide('STAMPED');
    const path = `/v1/certificates/${identifier}/stamped-copies`;
    const stamp = { creator: '示例政务服务中心', cause: '仅供办理贷款' };
    const copyUntil = (expiresAt: number) =>
      uxin.ask('POST', path, { role: 'platform', body: { ...stamp, expiresAt } });
    const made = await copyUntil(Date.now() + DAY_MS);
    expect([made.status, made.json.cause]).toEqual([201, stamp.cause]);
    const listed = await uxin.ask('GET', path, { role: 'auditor' });
    expect(listed.json.copies).toMatchObject([{ ...stamp, digest: made.json.digest }]);
    expect(listed.json.copies[0].text).toBeUndefined();
    expect((await uxin.ask('GET', path, { role: 'platform' })).status).toBe(403);
    const held = (certificate: string) => question(identifier, { certificate });
    expect((await ask(held(made.json.text)))['status']).toBe('valid');
    const short = await copyUntil(Date.now() + 1_000);
    await until('the end of a copy', async () => (await ask(held(short.json.text)))['code'] === 'CERTIFICATE_EXPIRED');
    await uxin.live.services.certificates.setStatus(identifier, 'revoked', '示例事由', 'window');
    expect((await ask(held(made.json.text)))['status']).toBe('revoked');
    const late = await copyUntil(Date.now() + DAY_MS);
    expect([late.status, late.json.code]).toEqual([409, 'CONFLICT']);
    const wrong = await uxin.ask('POST', path, { body: { ...stamp, expiresAt: 1, more: 1 } });
    expect(wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/expiresAt', '/more']);
  });

  test('do not hide that nothing is permitted: 未授权 is no status of a certificate', async () => {
    const asked = await checks(nantong, 'asked');
    const { authorizations } = nantong.live.services;
    const [agreement] = await authorizations.list();
    await authorizations.suspend(agreement!.id, '示例');
    expect((await ask(question(identifiers[0]!)))['code']).toBe('AUTHORIZATION_REQUIRED');
    const [line] = await all([question(identifiers[0]!)]);
    expect(line).toMatchObject({ code: 'AUTHORIZATION_REQUIRED' });
    expect(line!.status).toBeUndefined();
    await authorizations.resume(agreement!.id, '示例');
    const theirs = uxin.live.services.authorizations;
    await until('the agreement', async () => (await theirs.get(agreement!.id)).state === 'active');
    const unpinned = await ask(question(ABSENT, { region: '350500' }));
    expect(unpinned['code']).toBe('PEER_NOT_PINNED');
    expect(await checks(nantong, 'asked')).toBe(asked);
    await until('an answer again', async () => (await ask(question(identifiers[0]!)))['status'] === 'valid');
  });
});

describe('the evidence of a check', () => {
  const PURPOSE = `?purpose=${encodeURIComponent('存证')}`;
  const evidence = (region: ApiRegion, id: string, role: 'operator' | 'platform' | 'auditor' = 'operator') =>
    region.ask('GET', `/v1/checks/${id}/evidence${PURPOSE}`, { role });

  test('is given by both regions, for one asked alone and for one of a group, and proves it offline', async () => {
    const alone = await nantong.ask('POST', '/v1/certificates/check', { body: question(identifiers[0]!) });
    const together = await all(identifiers.slice(0, 3).map((identifier) => question(identifier)));
    const statements = [nantong, uxin].map(({ live }) => live.core.own);
    for (const id of [String(alone.json.evidence), String(together[1]!.evidence)]) {
      const subject = id === alone.json.evidence ? identifiers[0] : identifiers[1];
      for (const region of [nantong, uxin]) {
        const { status, headers, bytes } = await evidence(region, id);
        expect(status).toBe(200);
        expect(headers['content-disposition']).toContain(`check-${id}.json`);
        const report = await verifyBundle(bytes.toString(), statements);
        expect(report.faults).toEqual([]);
        expect(report.check).toMatchObject({ id, subject, status: 'CERTIFICATE_STATUS_VALID' });
      }
    }
  });

  test('holds no payload for who may not see one, or does not say why, and is proof of the check all the same', async () => {
    const { json } = await nantong.ask('POST', '/v1/certificates/check', { body: question(identifiers[0]!) });
    const bare = await nantong.ask('GET', `/v1/checks/${json.evidence}/evidence`);
    for (const { bytes } of [bare, await evidence(nantong, json.evidence, 'auditor')]) {
      const { question: asked, answer } = JSON.parse(bytes.toString());
      expect([asked.payload, asked.payload_salt, answer.payload, answer.payload_salt]).toEqual(
        Array(4).fill(undefined),
      );
      const report = await verifyBundle(
        bytes.toString(),
        [nantong, uxin].map(({ live }) => live.core.own),
      );
      expect([report.verified, report.check?.id, report.check?.status]).toEqual([true, json.evidence, undefined]);
    }
  });

  test('is for staff, and only for checks that are kept', async () => {
    const { json } = await nantong.ask('POST', '/v1/certificates/check', { body: question(identifiers[0]!) });
    expect((await evidence(nantong, json.evidence, 'platform')).json.code).toBe('FORBIDDEN');
    const absent = await evidence(nantong, '0f9e8d7c-6b5a-7c3d-8e1f-a0b1c2d3e4f5');
    expect([absent.status, absent.json.code]).toEqual([404, 'NOT_FOUND']);
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

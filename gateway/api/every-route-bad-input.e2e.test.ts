import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isErrorCode } from '#proto';
import { fingerprintOf, verifyStatement } from '#trust';
import { statementFile } from '../config/config.ts';
import { agreementDraft, authorize, caseInput, FOOD_LICENCE, WINDOW } from '../testing/agency-case.ts';
import { type ApiRegion, apiRegion, type Told } from '../testing/api-region.ts';
import { makeRegionFolder, pinEachOther, removeFolders, until } from '../testing/live-region.ts';
import { ROLES } from './roles.ts';
import { ROUTE_ACCESS } from './route-access.ts';
import { type Existing, ROUTE_INPUTS, type RouteInput } from './testing/route-inputs.ts';

/** Query parameters as the API describes them. */
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly enum?: readonly string[]; readonly pattern?: string; readonly maxLength?: number };
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const UUID = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
/** Keys of the right form that name nothing. */
const NOTHING: Readonly<Record<string, string>> = {
  id: UUID,
  key: 'NT404',
  region: '140400',
  code: 'EX404',
  digest: '0'.repeat(64),
  identifier: '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F',
  number: '404',
  n: '404',
  file: 'nothing.js',
  subject: 'nobody',
  platform: 'nobody',
};
/** Keys that nobody gives in good faith. */
const HOSTILE = [
  '%00',
  '..%2F..%2Fgateway.yaml',
  encodeURIComponent("' OR 1=1 --"),
  encodeURIComponent('😀'),
  'x'.repeat(199),
  '%F0%28',
];
/** What is of the wrong type wherever it stands, unless the value there is of the same. */
const WRONG: readonly unknown[] = [42.5, true, ['x'], { x: 1 }, 'x'.repeat(600_000)];

let nantong: ApiRegion;
let uxin: ApiRegion;
/** Folder of a region that is pinned and away. */
let third: string;
let existing: Existing;
let parameters: ReadonlyMap<string, readonly Parameter[]>;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  const agreement = await authorize(nantong.live, uxin.live);
  const { number } = (await nantong.ask('POST', '/v1/cases', { body: caseInput('150626', FOOD_LICENCE) })).json;
  const question = { kind: 'consultation', question: '是否收件', handler: WINDOW };
  const ask = async (from: ApiRegion, region: string) =>
    (await from.ask('POST', '/v1/inquiries', { body: { ...question, region } })).json.conversation as string;
  const draft = agreementDraft('150626', '320600', {
    valid_from: '2026-01-01T00:00:00+08:00',
    valid_until: '2030-12-31T00:00:00+08:00',
  });
  const { id: proposal } = await uxin.live.services.authorizations.propose(draft);
  await until('the proposal', async () => (await nantong.ask('GET', `/v1/authorizations/${proposal}`)).status === 200);
  third = await makeRegionFolder('350500');
  const statement = await verifyStatement(await readFile(statementFile(third), 'utf8'));
  await nantong.live.core.peers.pin(statement.jwt, fingerprintOf(statement.identity));
  existing = {
    case: number,
    agreement,
    proposal,
    asking: await ask(nantong, '150626'),
    asked: await ask(uxin, '320600'),
  };
  await until('the question', async () => (await nantong.ask('GET', `/v1/inquiries/${existing.asked}`)).status === 200);
  await until(
    'quiet',
    () => nantong.live.core.outbox.pending('150626') + uxin.live.core.outbox.pending('320600') === 0,
  );
  const { paths } = (await nantong.api.app.inject({ url: '/openapi.json' })).json() as {
    paths: Record<string, Record<string, { parameters?: readonly Parameter[] }>>;
  };
  parameters = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [
        `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
        (operation.parameters ?? []).filter((one) => one.in === 'query'),
      ]),
    ),
  );
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((region) => region?.close()));
  if (third) await removeFolders(third);
});

test('the table names every route', () => {
  expect(Object.keys(ROUTE_INPUTS).sort()).toEqual(Object.keys(ROUTE_ACCESS).sort());
});

test.each(Object.entries(ROUTE_INPUTS))('%s takes nothing wrong, and nothing happens', async (route, input) => {
  const [method, pattern] = route.split(' ') as [Method, string];
  const before = await nantong.counts();
  await refusesStrangers(method, pattern, route);
  await refusesUnknownKeys(method, pattern, input);
  await refusesWrongQueries(method, pattern, route, input);
  if (method !== 'GET') await refusesWrongBodies(method, pattern, input);
  expect(await nantong.counts()).toEqual(before);
});

/** Without a token, and with the token of a role that may not. */
async function refusesStrangers(method: Method, pattern: string, route: string): Promise<void> {
  const access = ROUTE_ACCESS[route];
  if (typeof access === 'string') return;
  const url = filled(pattern);
  const none = await nantong.api.app.inject({ method, url });
  expect(none.json()).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  for (const role of ROLES.filter((one) => !access!.includes(one))) {
    const { json } = await nantong.ask(method, url, { role });
    expect(json).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  }
}

/** Of the right form, and of none. */
async function refusesUnknownKeys(method: Method, pattern: string, input: RouteInput): Promise<void> {
  if (!pattern.includes(':')) return;
  const { good: body, unknown = 'NOT_FOUND', query } = input;
  const told = await send(method, withQuery(filled(pattern), query), input, body);
  if (unknown === '200') expect(told.status).toBe(200);
  else expect([told.status >= 400, told.json?.code]).toEqual([true, unknown]);
  for (const key of HOSTILE) {
    const url = pattern.replaceAll(/:\w+/g, key);
    const hostile = await send(method, withQuery(url, query), input, body);
    if (hostile.status !== 200) isProblem(hostile, url);
  }
}

/** Every parameter with what it does not take, and one that there is not. */
async function refusesWrongQueries(method: Method, pattern: string, route: string, input: RouteInput): Promise<void> {
  const url = filled(pattern, input);
  const known = parameters.get(route) ?? [];
  const wrong = async (name: string, value: string) => {
    const others = new URLSearchParams(input.query);
    others.delete(name);
    const told = await send(method, withQuery(url, `${others}&${name}=${value}`), input, input.good);
    isProblem(told, `${route}?${name}=${value.slice(0, 20)}`);
    return told.json;
  };
  for (const { name, schema } of known) {
    const values = name === 'cursor' ? ['x', 'W10', 'WyJ4IiwxLDIsM10'] : schema.enum || schema.pattern ? ['!'] : [];
    const all = name === 'limit' ? ['0', '201', '1e1', '-1', 'x'] : values;
    for (const value of all) {
      const { code, errors } = await wrong(name, value);
      expect([code, errors[0]?.pointer], `${name}=${value}`).toEqual(['VALIDATION_FAILED', `/query/${name}`]);
    }
    const long = await send(method, withQuery(url, `${name}=${'x'.repeat(5000)}`), input, input.good);
    if (long.status >= 300) isProblem(long, `${route}?${name}=xxx`);
  }
  if (known.length === 0) return;
  const { code, errors } = await wrong('colour', 'red');
  expect(code).toBe('VALIDATION_FAILED');
  expect(errors.map(({ pointer }: { pointer: string }) => pointer)).toContain('/query/colour');
}

/** Not JSON, of another media type, too large, unknown members, and each member with what it does not take. */
async function refusesWrongBodies(method: Method, pattern: string, input: RouteInput): Promise<void> {
  const { good, free = [], streams, query } = input;
  const url = withQuery(filled(pattern, input), query);
  const raw = (bytes: Buffer, type: string) =>
    nantong.ask(method, url, { body: bytes, headers: { 'content-type': type } });
  const xml = await raw(Buffer.from('<case/>'), 'application/xml');
  expect([xml.status, xml.json?.code]).toEqual([415, 'REQUEST_INVALID']);
  if (streams) return;
  const broken = await raw(Buffer.from('{"reason": "'), 'application/json');
  expect([broken.status, broken.json.code]).toEqual([400, 'REQUEST_INVALID']);
  const announced = { 'content-type': 'application/json', 'content-length': String(2 ** 30) };
  const large = await nantong.ask(method, url, { body: Buffer.from('{}'), headers: announced });
  expect([large.status, large.json.code]).toEqual([413, 'REQUEST_INVALID']);
  await names(method, url, input, { ...good, colour: 'red' }, '/colour');
  if (!good) return;
  for (const nothing of [[], 'case', 7, null]) isProblem(await send(method, url, input, nothing), `${url} ${nothing}`);
  for (const [member, value] of Object.entries(good)) {
    if (free.includes(member)) continue;
    // A form has the members that the item asks for.
    if (kindOf(value) === 'object' && !['form', 'forms', 'fields'].includes(member))
      await names(method, url, input, { ...good, [member]: { ...(value as object), colour: 'red' } }, `/${member}`);
    for (const wrong of WRONG)
      if (kindOf(wrong) !== kindOf(value) || kindOf(wrong) === 'string')
        await names(method, url, input, { ...good, [member]: wrong }, `/${member}`);
  }
}

/** Refused with a problem of the member. */
async function names(method: Method, url: string, input: RouteInput, body: unknown, pointer: string): Promise<void> {
  const told = await send(method, url, input, body);
  const what = `${method} ${url} ${JSON.stringify(body).slice(0, 200)}`;
  isProblem(told, what);
  const pointers = told.json.errors.map((problem: { pointer: string }) => problem.pointer) as string[];
  expect(
    input.isPlain ||
      told.json.code === input.first ||
      pointers.some((one) => one === pointer || one.startsWith(`${pointer}/`)),
    `${what}: ${told.json.code} ${pointers}`,
  ).toBe(true);
}

/** An error of the closed registry that says what to do, and never that something broke. */
function isProblem({ status, json }: Told, what: string): void {
  expect(status, what).toBeGreaterThanOrEqual(400);
  expect(status, what).toBeLessThan(500);
  expect([json?.status, isErrorCode(json?.code), typeof json?.detail], what).toEqual([status, true, 'string']);
}

function send(method: Method, url: string, { streams }: RouteInput, body: unknown): Promise<Told> {
  if (!streams) return nantong.ask(method, url, body === undefined ? {} : { body });
  return nantong.ask(method, url, { body: Buffer.from('x'), headers: { 'content-type': streams } });
}

function filled(pattern: string, { at }: RouteInput = {}): string {
  return pattern.replaceAll(/:(\w+)/g, (_, name: string) => (at ? existing[at] : NOTHING[name])!);
}

function withQuery(url: string, query: string | undefined): string {
  return query ? `${url}?${query}` : url;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RegionStatement, type StatementContent, SUITE_NAMES, statedKeys } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../../trust/testing/index.ts';
import { readRequest, requestText } from './request-file.ts';

const NOW = Date.UTC(2026, 10, 22);
const YEAR = 365 * 24 * 60 * 60 * 1000;

let folder: string;
let file: string;
let nantong: ThrowawayRegion;
let request: RequestJson;

interface RequestJson {
  readonly current: string;
  readonly statement: { readonly keys: readonly { readonly jwk: object }[] };
}
type Change = (request: RequestJson) => object;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-request-'));
  file = join(folder, 'request.json');
  nantong = await throwawayRegion('320600', { now: NOW });
  request = JSON.parse(requestText(nantong.statement, await contentAfter(nantong))) as RequestJson;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function contentAfter({ store, statement }: ThrowawayRegion): Promise<StatementContent> {
  const { region, name, serial, digest, endpoint, contacts }: RegionStatement = statement;
  const times = { issuedAt: NOW, expiresAt: NOW + YEAR };
  const previous = digest.toString('base64url');
  return {
    region,
    name,
    serial: serial + 1,
    previous,
    endpoint,
    contacts,
    ...times,
    ...(await statedKeys(store, NOW)),
  };
}

const saying =
  (changes: object): Change =>
  (value) => ({ ...value, statement: { ...value.statement, ...changes } });
const withKey =
  (changes: object): Change =>
  (value) =>
    saying({ keys: value.statement.keys.with(0, { ...value.statement.keys[0]!, ...changes }) })(value);
const withJwk =
  (changes: object): Change =>
  (value) =>
    withKey({ jwk: { ...value.statement.keys[0]!.jwk, ...changes } })(value);

it.each(SUITE_NAMES)('reads what was written, for keys of %s', async (suite) => {
  const region = await throwawayRegion('320600', { now: NOW, suite });
  const content = await contentAfter(region);
  await writeFile(file, requestText(region.statement, content));
  const read = await readRequest(file);
  expect(read.content).toEqual(content);
  expect(read.current.jwt).toBe(region.jwt);
  expect(read.preview).toMatchObject({ serial: 2, expiresAt: NOW + YEAR });
  expect(read.preview.keys.map(({ kid }) => kid)).toEqual(region.statement.keys.map(({ kid }) => kid));
});

it.each<[string, string, Change]>([
  ['of another format', 'VALIDATION_FAILED', (value) => ({ ...value, format: 'something-else' })],
  ['of a later version', 'VALIDATION_FAILED', (value) => ({ ...value, version: 2 })],
  ['that says more than it should', 'VALIDATION_FAILED', (value) => ({ ...value, more: true })],
  ['without a statement', 'VALIDATION_FAILED', ({ current }) => ({ current })],
  ['that names a key for another purpose', 'VALIDATION_FAILED', withKey({ purpose: 'identity' })],
  [
    'with far too many keys',
    'VALIDATION_FAILED',
    (value) => saying({ keys: Array(501).fill(value.statement.keys[0]) })(value),
  ],
  ['that carries a private key', 'JWS_INVALID', withJwk({ d: 'AAAA' })],
  ['that names a key by another id', 'STATEMENT_INVALID', withJwk({ kid: 'A'.repeat(43) })],
  ['with a certificate that is none', 'STATEMENT_INVALID', saying({ tls: ['AAAA'] })],
  ['for another region', 'STATEMENT_INVALID', saying({ region: '150626' })],
  ['that skips a serial', 'STATEMENT_STALE', saying({ serial: 3 })],
  ['that follows another statement', 'STATEMENT_STALE', saying({ previous: 'A'.repeat(43) })],
  ['for ten years', 'STATEMENT_INVALID', saying({ expiresAt: NOW + 10 * YEAR })],
  ['for no time at all', 'STATEMENT_INVALID', saying({ expiresAt: NOW })],
  [
    'with a forged statement',
    'SIGNATURE_INVALID',
    (value) => ({ ...value, current: `${value.current.slice(0, -4)}AAAA` }),
  ],
])('refuses a request %s', async (_, code, change) => {
  await writeFile(file, JSON.stringify(change(request)));
  await expect(readRequest(file)).rejects.toMatchObject({ code });
});

it('refuses a file that is none, or far too large', async () => {
  await writeFile(file, 'not json');
  await expect(readRequest(file)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  await writeFile(file, ' '.repeat(300_000));
  await expect(readRequest(file)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  await expect(readRequest(join(folder, 'absent'))).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

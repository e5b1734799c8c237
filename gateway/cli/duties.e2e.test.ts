import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestApi } from '../api/testing/api.ts';
import { readApiKey } from '../api/token.ts';
import { localUrl } from '../config/address.ts';
import { writeRunFile } from '../config/run-file.ts';
import { stepAt, totpCode } from '../duty/totp.ts';
import { apiOf } from '../testing/api-region.ts';
import { type LiveRegion, makeRegionFolder, openLiveRegion, removeFolders } from '../testing/live-region.ts';
import { runHere } from './testing/run-here.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

let folder: string;
let files: string;
let live: LiveRegion;
let api: TestApi;

beforeAll(async () => {
  folder = await makeRegionFolder('320600');
  files = await mkdtemp(join(tmpdir(), 'tongban-duties-'));
  live = await openLiveRegion(folder);
  const { administrators: duties, audit } = live.services;
  const tokens = { secret: await readApiKey(join(folder, 'keys')), ...live.core.config.tokens };
  api = await apiOf(live, { duties, audit, tokens, clock: live.core.clock });
  const http = localUrl(await api.listen({ host: '127.0.0.1', port: 0 }));
  await writeRunFile(folder, { pid: process.pid, http, peer: '127.0.0.1:1', startedAt: Date.now() });
});

afterAll(async () => {
  await api?.close(0);
  await live?.services.audit.stop();
  await live?.stop();
  await removeFolders(folder, files);
});

async function tongban(args: readonly string[], more: { token?: string; stdin?: string } = {}) {
  const environment: Record<string, string> = more.token === undefined ? {} : { TONGBAN_TOKEN: more.token };
  const said = await runHere([...args, '--gateway', folder, '--json'], more.stdin, environment);
  return { code: said.code, json: JSON.parse(said.stdout), stderr: said.stderr };
}

function codeOf(secret: string): string {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return totpCode({ algorithm: 'SHA1', secret: Buffer.from(bytes) }, stepAt(Date.now()));
}

test('a person of the sign-on gets a second factor, and no token: by hand neither', async () => {
  const { code, json } = await tongban(['administrator', 'enrol', 'oidc:u-17', '--role', 'auditor', '--ttl', '1h']);
  expect(code).toBe(0);
  expect(Object.keys(json).toSorted()).toEqual(['administrator', 'secret', 'uri']);
  const byHand = await tongban(['token', '--role', 'auditor', '--subject', 'oidc:u-17']);
  expect(byHand.json.error.code).toBe('VALIDATION_FAILED');
  expect((await tongban(['administrator', 'remove', 'oidc:u-17'])).code).toBe(0);
});

test('an administrator is enrolled with a code to scan, opens a session, acts in it, and ends it', async () => {
  const shown = await runHere(['administrator', 'enrol', 'li', '--role', 'sysadmin', '--gateway', folder]);
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/[█▀▄]{10}[\s\S]*令牌 Token/) });
  const { json } = await tongban(['administrator', 'enrol', 'zhang', '--role', 'secadmin']);
  expect(json.uri).toMatch(/^otpauth:\/\/totp\/Tongban%20320600:zhang\?secret=/);
  expect(await tongban(['administrator', 'remove', 'li'], { token: json.token })).toMatchObject({
    code: 2,
    json: { error: { code: 'SECOND_FACTOR_REQUIRED' } },
  });
  expect(await tongban(['session', 'open'], { stdin: codeOf(json.secret) })).toMatchObject({
    code: 2,
    json: { error: { code: 'VALIDATION_FAILED' } },
  });
  const opened = await tongban(['session', 'open'], { token: json.token, stdin: `${codeOf(json.secret)}\n` });
  expect(opened).toMatchObject({ code: 0, json: { amr: ['otp'] } });
  const { token } = opened.json;
  expect((await tongban(['administrator', 'remove', 'li'], { token })).code).toBe(0);
  const { administrators } = (await tongban(['administrator', 'list'], { token })).json;
  expect(administrators).toMatchObject([{ subject: 'zhang', role: 'secadmin' }]);
  expect((await tongban(['session', 'close'], { token })).code).toBe(0);
  expect((await tongban(['administrator', 'list'], { token })).json.error.code).toBe('UNAUTHORIZED');
});

test('the key of the machine acts with a reason alone, once somebody has the role', async () => {
  expect((await tongban(['peer', 'remove', '150626'])).json.error.code).toBe('SECOND_FACTOR_REQUIRED');
  const wish = ['token', '--role', 'secadmin', '--break-glass', '管理员失联'];
  const { token } = (await tongban(wish)).json;
  expect((await tongban(['peer', 'remove', '150626'], { token })).json.error.code).toBe('NOT_FOUND');
  expect((await tongban([...wish, '--subject', 'zhang'])).json.error.code).toBe('VALIDATION_FAILED');
  expect((await tongban(['token', '--role', 'operator', '--break-glass', 'why'])).json.error.code).toBe(
    'VALIDATION_FAILED',
  );
});

test('what was done is listed, exported once, and verified offline with the statement alone', async () => {
  const { json } = await tongban(['audit', 'list', '--subject', 'zhang', '--since', '2026-01-01']);
  expect(json.records.map(({ route }: { route: string }) => route)).toContain('POST /v1/sessions');
  const out = join(files, 'audit.jsonl');
  const exported = await tongban(['audit', 'export', '--out', out]);
  expect(exported.json.records).toBeGreaterThan(json.records.length);
  expect((await tongban(['audit', 'export', '--out', out])).json.error.code).toBe('CONFLICT');
  const verify = (file: string) => runHere(['audit', 'verify', file, '--region', join(folder, 'statement.jwt')]);
  expect(await verify(out)).toMatchObject({ code: 0, stdout: expect.stringContaining(`${exported.json.records} 条`) });
  const altered = join(files, 'altered.jsonl');
  await writeFile(altered, (await readFile(out, 'utf8')).replace('NOT_FOUND', 'FORBIDDEN'));
  expect(await verify(altered)).toMatchObject({ code: 1, stderr: expect.stringContaining('LOG_PROOF_INVALID') });
  await writeFile(altered, 'nothing\n');
  expect(await verify(altered)).toMatchObject({ code: 1, stderr: expect.stringContaining('BUNDLE_INVALID') });
});

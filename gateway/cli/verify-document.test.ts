import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PAGE, packOfd, plainOfd, sealedOfd, sealingCast, TEST_NOW } from '../../trust/testing/index.ts';
import { runTongban } from '../testing/gateway-process.ts';
import { verifyDocumentFile } from './verify-document.ts';

const { authority, ...cast } = sealingCast();
const files = sealedOfd(cast);
let folder: string;
let sealed: string;
let trust: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-document-'));
  sealed = await put('sealed.ofd', packOfd(files));
  trust = await put('trust.pem', authority.pem);
});

afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, content: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

it('tells who sealed a file and ends with 0 only when the trust list has them', async () => {
  const good = await verifyDocumentFile(sealed, [trust], TEST_NOW);
  expect(good).toMatchObject({ exit: 0, json: { verdict: 'sealed', seals: [{ trusted: true, state: 'intact' }] } });
  expect(good.text).toMatch(/内容完好,签章人在信任名单内[\s\S]*GB\/T 38540-2020[\s\S]*印章 Seal +测试市行政审批局/);
  const unknown = await verifyDocumentFile(sealed, [], TEST_NOW);
  expect(unknown).toMatchObject({ exit: 1, json: { verdict: 'untrusted' } });
  expect(unknown.text).toContain('intact, signer not in the trust list');
  expect(unknown.text).toContain('NOT LISTED');
  expect(unknown.text).not.toMatch(/有效 valid|VERIFIED/);
});

it('names what was changed, and says when nothing is sealed', async () => {
  const other = new Map(files).set(PAGE, Buffer.from('<ofd:Page/>'));
  const altered = await verifyDocumentFile(await put('altered.ofd', packOfd(other)), [trust], TEST_NOW);
  expect(altered).toMatchObject({ exit: 1, json: { verdict: 'altered' } });
  expect(altered.text).toMatch(/file-changed +Doc_0\/Pages\/Page_0\/Content\.xml +文件与签章时不一致/);
  const plain = await verifyDocumentFile(await put('plain.ofd', packOfd(plainOfd())), [trust], TEST_NOW);
  expect(plain).toMatchObject({ exit: 1, json: { verdict: 'unsealed' } });
});

it('writes nothing to a terminal that a file could use to rewrite what it shows', async () => {
  const forged = sealingCast({ organisation: '假\u001b[2J\u202e名' });
  const file = await put('forged.ofd', packOfd(sealedOfd(forged)));
  const { text } = await verifyDocumentFile(file, [], TEST_NOW);
  expect(text).toMatch(/假/);
  expect(text!.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
});

it('runs as a command: 0, 1 and 2', async () => {
  const run = (...args: string[]) => runTongban('document', 'verify', ...args, '--json');
  const good = await run(sealed, '--trust', trust);
  expect({ code: good.code, verdict: JSON.parse(good.stdout).verdict }).toEqual({ code: 0, verdict: 'sealed' });
  const untrusted = await run(sealed);
  expect({ code: untrusted.code, verdict: JSON.parse(untrusted.stdout).verdict }).toEqual({
    code: 1,
    verdict: 'untrusted',
  });
  const missing = await run(join(folder, 'missing.ofd'));
  expect({ code: missing.code, error: JSON.parse(missing.stdout).error.code }).toEqual({
    code: 2,
    error: 'VALIDATION_FAILED',
  });
  const noList = await run(sealed, '--trust', sealed);
  expect({ code: noList.code, error: JSON.parse(noList.stdout).error.code }).toEqual({
    code: 2,
    error: 'CONFIG_INVALID',
  });
});

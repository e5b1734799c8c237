import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packOfd, sealedOfd, sealingCast, TEST_NOW, testRevocationList } from '../../trust/testing/index.ts';
import { runTongban } from '../testing/gateway-process.ts';
import { showRevocationLists } from './revocation-lists.ts';
import { verifyDocumentFile } from './verify-document.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const { authority, ...cast } = sealingCast();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-lists-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, content: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

it('tells with lists what is revoked, and plainly that it was not checked without them', async () => {
  const [file, trust] = [await put('.sealed.ofd', packOfd(sealedOfd(cast))), await put('.trust.pem', authority.pem)];
  const without = await verifyDocumentFile(file, [trust], TEST_NOW);
  expect(without.text).toMatch(/吊销 Revocation +未核验 not checked/);
  expect(without.text).toMatch(/revocation-unknown .*未核验证书是否已吊销/);
  const good = await put('.good.crl', testRevocationList(authority));
  const checked = await verifyDocumentFile(file, [trust], TEST_NOW, [good]);
  expect(checked).toMatchObject({ exit: 0, json: { verdict: 'sealed', findings: [] } });
  expect(checked.text).toContain('未吊销 not revoked');
  const revoked = testRevocationList(authority, { revoked: [{ signer: cast.signer, at: TEST_NOW - 300 * DAY_MS }] });
  const answer = await verifyDocumentFile(file, [trust], TEST_NOW, [good, await put('.bad.crl', revoked)]);
  expect(answer).toMatchObject({ exit: 1, json: { verdict: 'altered' } });
  expect(answer.text).toMatch(/已吊销 REVOKED[\s\S]*certificate-revoked/);
});

it('looks through a folder, and ends with 0 only when every file can be used', async () => {
  await put('a.crl', testRevocationList(authority, { revoked: [{ signer: cast.maker, at: TEST_NOW - DAY_MS }] }));
  expect(await showRevocationLists(folder, TEST_NOW)).toMatchObject({
    exit: 0,
    json: { lists: [{ file: 'a.crl', state: 'usable', entries: 1 }] },
  });
  await put('b.crl', testRevocationList(authority, { nextUpdate: TEST_NOW - 1000 }));
  await put('c.crl', 'no list');
  const { text, exit } = await showRevocationLists(folder, TEST_NOW);
  expect(exit).toBe(1);
  expect(text).toMatch(/b\.crl +已过期 OUT OF DATE/);
  expect(text).toMatch(/c\.crl +不可用 UNUSABLE/);
  const run = await runTongban('document', 'lists', folder, '--json');
  expect({ code: run.code, lists: JSON.parse(run.stdout).lists.length }).toEqual({ code: 1, lists: 3 });
  expect((await runTongban('document', 'lists', join(folder, 'missing'))).code).toBe(2);
});

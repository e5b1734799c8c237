import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTongban } from '../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from './testing/scripted-gateway.ts';

const PDF = Buffer.from('%PDF-1.7 example');

let gateway: ScriptedGateway;
let folder: string;

/** A gateway that knows one certificate. */
beforeAll(async () => {
  gateway = await startScriptedGateway((request, response) => {
    if (request.url === '/v1/certificates/1.2.3/pdf')
      return response.writeHead(200, { 'content-type': 'application/pdf' }).end(PDF);
    const problem = { code: 'RENDITION_UNSUPPORTED', detail: 'so it is', errors: [] };
    return response.writeHead(409, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  folder = gateway.folder;
});

afterAll(() => gateway.stop());

test('the PDF is saved for its owner alone', async () => {
  const file = join(folder, 'licence.pdf');
  const { code, stdout } = await pdf('1.2.3', file);
  expect({ code, json: JSON.parse(stdout) }).toEqual({
    code: 0,
    json: { identifier: '1.2.3', out: file, size: PDF.length },
  });
  expect(await readFile(file)).toEqual(PDF);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('when there is none, no file is left', async () => {
  const before = await readdir(folder);
  const { code, stdout } = await pdf('9.9.9', join(folder, 'none.pdf'));
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'RENDITION_UNSUPPORTED' } });
  expect(await readdir(folder)).toEqual(before);
});

function pdf(identifier: string, out: string) {
  return runTongban('certificate', 'pdf', identifier, '--out', out, '--gateway', folder, '--json');
}

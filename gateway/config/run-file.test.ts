import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findGateway, type RunInfo, readRunFile, removeRunFile, runFile, writeRunFile } from './run-file.ts';

const info: RunInfo = {
  pid: process.pid,
  http: 'http://127.0.0.1:8080',
  peer: '127.0.0.1:7443',
  startedAt: 1_793_000_000_000,
};

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tongban-run-'));
});

afterEach(async () => {
  await rm(data, { recursive: true });
});

test('a running gateway is found', async () => {
  await writeRunFile(data, info);
  expect(await findGateway(data)).toEqual(info);
  expect(JSON.parse(await readFile(join(data, 'run', 'gateway.json'), 'utf8'))).toEqual({
    pid: process.pid,
    http: 'http://127.0.0.1:8080',
    peer: '127.0.0.1:7443',
    started_at: 1_793_000_000_000,
  });
});

test('a folder without a running gateway says how to start it', async () => {
  await expect(findGateway(data)).rejects.toMatchObject({
    code: 'GATEWAY_UNREACHABLE',
    message: expect.stringContaining('tongban start'),
  });
  expect(await readRunFile(data)).toBeUndefined();
});

test('a gateway that died without notice is not taken for running', async () => {
  const dead = Number(execFileSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' }));
  await writeRunFile(data, { ...info, pid: dead });
  await expect(findGateway(data)).rejects.toMatchObject({
    code: 'GATEWAY_UNREACHABLE',
    message: expect.stringContaining('ended without notice'),
  });
  await writeRunFile(data, info);
  expect(await findGateway(data)).toEqual(info);
});

test('one of several that share the folder is found, by name or any that lives', async () => {
  const dead = Number(execFileSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' }));
  await writeRunFile(data, { ...info, pid: dead }, 'a');
  await expect(findGateway(data)).rejects.toMatchObject({ message: expect.stringContaining('ended without notice') });
  await writeRunFile(data, { ...info, http: 'http://127.0.0.1:8081' }, 'b');
  expect((await findGateway(data)).http).toBe('http://127.0.0.1:8081');
  await expect(findGateway(data, 'a')).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
});

test('stopping removes the file, but not the one of a successor', async () => {
  await writeRunFile(data, info);
  await removeRunFile(data, process.pid + 1);
  expect(await readRunFile(data)).toEqual(info);
  await removeRunFile(data, process.pid);
  expect(await readRunFile(data)).toBeUndefined();
  await removeRunFile(data, process.pid);
});

test.each(['', '{"pid":1', '[]', '{"pid":"1","http":"h","peer":"p","started_at":1}'])(
  'a damaged file is refused: %s',
  async (content) => {
    await mkdir(dirname(runFile(data)));
    await writeFile(runFile(data), content);
    await expect(findGateway(data)).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      message: expect.stringContaining('damaged'),
    });
  },
);

import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig, parseConfig } from './config.ts';
import { writeConfig } from './write-config.ts';

const VALUES = { region: '150626', name: '乌审旗 "政务" # 1', peerEndpoint: '10.1.2.3:7443' };

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-config-'));
  file = join(folder, 'gateway.yaml');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('what was written is what is loaded', async () => {
  const written = await writeConfig(file, {
    ...VALUES,
    httpListen: '127.0.0.1:9001',
    peerListen: '127.0.0.1:9002',
    storePath: 'db/x.db',
    passphraseFile: '/run/secrets/pass',
  });
  expect(await loadConfig(file)).toEqual(written);
  expect(written).toMatchObject({
    region: '150626',
    name: VALUES.name,
    http: { listen: { port: 9001 } },
    peer: { listen: { port: 9002 }, endpoint: '10.1.2.3:7443' },
    store: { path: join(folder, 'db/x.db') },
    keys: { passphraseFile: '/run/secrets/pass' },
  });
});

test('the defaults shown in comments are the real defaults', async () => {
  const byDefault = await writeConfig(file, VALUES);
  const uncommented = (await readFile(file, 'utf8'))
    .split('\n')
    // Settings are lower-case words and a colon, or list entries; prose comments are neither.
    .map((line) => line.replace(/^( *)# ( *(?:- )?[a-z_]+:(?: .*)?)$/, '$1$2'))
    .join('\n');
  expect(uncommented).not.toEqual(await readFile(file, 'utf8'));
  await rm(file);
  const spelledOut = parseConfig(uncommented, file);
  expect(spelledOut).toEqual({
    ...byDefault,
    keys: { ...byDefault.keys, passphraseFile: join(folder, 'passphrase') },
    log: { ...byDefault.log, file: join(folder, 'gateway.log') },
    platforms: [{ kind: 'directory', name: 'hall', settings: { out: '/var/lib/hall/out', in: '/var/lib/hall/in' } }],
  });
});

test('the file is replaced as a whole, is not readable by everybody, and leaves nothing beside it', async () => {
  await writeConfig(file, VALUES);
  await writeConfig(file, { ...VALUES, name: '乌审旗' });
  expect((await loadConfig(file)).name).toBe('乌审旗');
  expect((await stat(file)).mode & 0o007).toBe(0);
  expect(await readdir(folder)).toEqual(['gateway.yaml']);
});

test('wrong values are all named and nothing is written', async () => {
  const wrong = { region: '999999', name: '', peerEndpoint: 'nowhere', httpListen: 'x' };
  await expect(writeConfig(file, wrong)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: [
      { pointer: '/region', code: 'IDENTIFIER' },
      { pointer: '/name', code: 'REQUIRED' },
      { pointer: '/http/listen', code: 'FORMAT' },
      { pointer: '/peer/endpoint', code: 'FORMAT' },
    ],
  });
  expect(await readdir(folder)).toEqual([]);
});

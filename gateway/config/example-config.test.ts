import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ADAPTER_KINDS, createAdapter } from '#adapters';
import type { Problem } from '#proto';
import { testContext } from '../../adapters/testing/context.ts';
import { loadConfig, parseConfig } from './config.ts';
import { configRule, SECTIONS } from './config-rules.ts';

const EXAMPLE = join(import.meta.dirname, '../../deploy/config/gateway.example.yaml');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-example-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

it('loads', async () => {
  expect(await loadConfig(EXAMPLE)).toMatchObject({
    region: '320600',
    peer: { endpoint: '10.32.6.1:7443' },
    keys: { passphraseFile: '/etc/tongban/passphrase' },
  });
});

it('says the defaults wherever it does not have to choose', async () => {
  const { file: _file, data: _data, platforms: _platforms, keys: _keys, ...said } = await loadConfig(EXAMPLE);
  const smallest = 'region: "320600"\nname: 南通市\npeer: { endpoint: "10.32.6.1:7443" }\n';
  expect(parseConfig(smallest, EXAMPLE)).toMatchObject(said);
});

it('shows every section, in use or commented out', async () => {
  const shown = (await readFile(EXAMPLE, 'utf8')).matchAll(/^(?:# )?([a-z_]+):/gm);
  const names = new Set(Array.from(shown, ([, name]) => name));
  expect(SECTIONS.filter((name) => !names.has(name))).toEqual([]);
});

it('shows what it comments out as it may be written', async () => {
  const lines = (await readFile(EXAMPLE, 'utf8')).split('\n');
  // A comment in words has a letter beyond ASCII, or no setting.
  const settings = lines.map((line) => (/^# *(?:#|[a-z_]+:|- )/.test(line) ? line.replace(/^# ?/, '') : line));
  const problems: Problem[] = [];
  configRule(parse(settings.join('\n')), '', problems);
  expect(problems).toEqual([]);
});

it('has a platform of every kind, and each adapter takes its settings', async () => {
  for (const name of ['events', 'submissions']) await mkdir(join(folder, name));
  for (const secret of ['hall.secret', 'sharing.secret', 'credit.secret', 'sms.secret'])
    await writeFile(join(folder, secret), Buffer.alloc(32, 1).toString('base64'), { mode: 0o600 });
  await writeFile(join(folder, 'banner-hall.password'), 'secret');
  await writeFile(join(folder, 'banner-hall.mapping.yaml'), 'mapping: 1\nin: [{ ignore: "true" }]\n');
  await writeFile(join(folder, 'exchange.password'), 'secret');
  await writeFile(join(folder, 'exchange.mapping.yaml'), 'mapping: 1\nin: [{ ignore: "true" }]\n');
  await writeFile(join(folder, 'topics.password'), 'secret');
  await writeFile(join(folder, 'topics.mapping.yaml'), 'mapping: 1\nin: [{ ignore: "true" }]\n');
  await writeFile(join(folder, 'county-hall.password'), 'secret');
  await writeFile(join(folder, 'county-hall.mapping.yaml'), 'mapping: 1\nin: [{ ignore: "true" }]\n');
  const here = (await readFile(EXAMPLE, 'utf8')).replaceAll(/\/(?:etc|srv)\/tongban/g, folder);
  const { platforms } = parseConfig(here, EXAMPLE);
  expect(platforms.map(({ kind }) => kind).sort()).toEqual([...ADAPTER_KINDS].sort());
  for (const { kind, name, settings } of platforms) {
    const adapter = await createAdapter(kind, { name, ...settings }, testContext());
    expect(adapter.name).toBe(name);
    await adapter.close();
  }
});

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/config.ts';
import { until } from '../testing/live-region.ts';
import { runCli } from './program.ts';
import { clockOf, demandTrueClock } from './test-clock.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const HOUR = 60 * 60 * 1000;

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-clock-'));
  file = join(folder, 'offset');
  await writeFile(file, '0\n');
});

afterAll(() => rm(folder, { recursive: true }));

function context(environment: Record<string, string>) {
  return { clock: { now: () => NOW }, passphrase: undefined, environment, stdin: async () => '' };
}

function configOf(http: string, peer: string) {
  const yaml = `region: "320600"\nname: x\nhttp: { listen: "${http}" }\npeer: { listen: "${peer}", endpoint: "127.0.0.1:7443" }\n`;
  return parseConfig(yaml, join(folder, 'gateway.yaml'));
}

describe('the clock of a process', () => {
  it('is the true one when nobody asks for another', () => {
    expect(clockOf(context({ NODE_ENV: 'test' })).now()).toBe(NOW);
  });

  it('jumps in a test when the file says so', async () => {
    const clock = clockOf(context({ NODE_ENV: 'test', TONGBAN_TEST_CLOCK: file }));
    expect(clock.now()).toBe(NOW);
    for (const jump of [HOUR, -HOUR]) {
      await writeFile(`${file}.new`, String(jump));
      await rename(`${file}.new`, file);
      await until('the jump', () => clock.now() === NOW + jump);
    }
  });

  it.each(['', 'production'])('is never another one in production: NODE_ENV=%s', async (production) => {
    const asked = { NODE_ENV: production, TONGBAN_TEST_CLOCK: file };
    expect(() => clockOf(context(asked))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(await runCli(['start', '--gateway', folder], context(asked))).toBe(2);
  });

  it.each(['missing', 'words'])('is refused when its file is of no use: %s', async (name) => {
    await writeFile(join(folder, 'words'), 'an hour');
    const asked = { NODE_ENV: 'test', TONGBAN_TEST_CLOCK: join(folder, name) };
    expect(() => clockOf(context(asked))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('a gateway that others can reach', () => {
  const asked = context({ NODE_ENV: 'test', TONGBAN_TEST_CLOCK: '/offset' });

  it.each([
    ['0.0.0.0:8080', '127.0.0.1:7443'],
    ['127.0.0.1:8080', '0.0.0.0:7443'],
    ['127.0.0.1:8080', '10.1.2.3:7443'],
  ])('does not start with a test clock: %s %s', (http, peer) => {
    expect(() => demandTrueClock(asked, configOf(http, peer))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('true time') }),
    );
    expect(() => demandTrueClock(context({}), configOf(http, peer))).not.toThrow();
  });

  it('is another thing than one of this machine alone', () => {
    expect(() => demandTrueClock(asked, configOf('127.0.0.1:8080', '127.0.0.1:7443'))).not.toThrow();
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { throwawayRegion } from '../trust/testing/index.ts';
import { runCommand } from './command.ts';

describe('the command of the runner', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tongban-runner-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function run(...argv: string[]) {
    let [out, err] = ['', ''];
    const code = await runCommand(argv, {
      now: Date.now,
      passphrase: 'a passphrase for tests',
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
    });
    return { code, out, err };
  }

  it('explains itself', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('--as DIR');
  });

  it.each([
    ['nothing', []],
    ['an unknown command', ['walk', '--as', 'x', '--target', 'x', '--report', 'x']],
    ['an unknown option', ['run', '--port', '1']],
    ['no target', ['run', '--as', 'x', '--report', 'x']],
    ['an unknown plan', ['run', '--as', 'x', '--target', 'x', '--report', 'x', '--plan', 'toString']],
  ])('refuses %s', async (_what, argv) => {
    const { code, err } = await run(...argv);
    expect(err).toContain('VALIDATION_FAILED');
    expect(code).toBe(2);
  });

  it('refuses a target that is no statement', async () => {
    const file = join(folder, 'statement.jwt');
    await writeFile(file, 'no statement');
    const { code, err } = await run('run', '--as', folder, '--target', file, '--report', folder);
    expect(err).toContain('JWS_INVALID');
    expect(code).toBe(2);
  });

  it('refuses a region that would test itself', async () => {
    const file = join(folder, 'statement.jwt');
    await writeFile(file, (await throwawayRegion('320600')).jwt);
    const { code, err } = await run('run', '--as', folder, '--target', file, '--report', folder);
    expect(err).toContain('CONFIG_INVALID');
    expect(code).toBe(2);
  });

  it('refuses a folder without keys', async () => {
    const [own, target] = [join(folder, 'statement.jwt'), join(folder, 'target.jwt')];
    await writeFile(own, (await throwawayRegion('320600')).jwt);
    await writeFile(target, (await throwawayRegion('150626')).jwt);
    const { code, err } = await run('run', '--as', folder, '--target', target, '--report', folder);
    expect(err).toContain('KEY_MISSING');
    expect(code).toBe(2);
  });
});

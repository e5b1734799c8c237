import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileKeyStore } from '#trust';
import { passphraseOf } from './passphrase.ts';

const CLI = fileURLToPath(new URL('./main.ts', import.meta.url));
const PASSPHRASE = '密钥口令 typed here';

/** `script` of util-linux gives a command a terminal of its own. */
const noTerminal =
  spawnSync('script', ['--version']).stdout?.includes('util-linux') === true
    ? undefined
    : 'there is no script command of util-linux here, which makes terminals';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-prompt-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A command at a terminal: what it shows there, and a hand to type. */
class Terminal {
  shown = '';
  readonly #child: ChildProcess;

  constructor(...args: readonly string[]) {
    const command = [process.execPath, CLI, ...args].map((part) => `'${part}'`).join(' ');
    const { TONGBAN_PASSPHRASE: _, ...env } = process.env;
    this.#child = spawn('script', ['-qefc', command, '/dev/null'], { env, stdio: 'pipe' });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text;
    });
  }

  async type(question: string, text: string): Promise<void> {
    await expect.poll(() => this.shown, { timeout: 15_000 }).toContain(question);
    this.#child.stdin?.write(text);
  }

  exit(): Promise<number | null> {
    if (this.#child.exitCode !== null) return Promise.resolve(this.#child.exitCode);
    return new Promise((resolve) => this.#child.on('close', resolve));
  }
}

describe('at a terminal', () => {
  const REGION = ['--region', '320600', '--name', '南通网关', '--peer-endpoint', 'nantong.example:7443'];

  it('a new passphrase is asked for twice, opens the keys, and is never shown', async ({ skip }) => {
    if (noTerminal) skip(noTerminal);
    const gateway = join(folder, 'made');
    const terminal = new Terminal('init', gateway, ...REGION);
    await terminal.type('new passphrase', 'wrong\u0015口令x\u007f');
    await terminal.type('new passphrase', `\u0015${PASSPHRASE}\r`);
    await terminal.type('the same again', `${PASSPHRASE}\r`);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.shown).not.toContain('typed');
    expect(terminal.shown).not.toContain('口令x');
    await expect((await openFileKeyStore(join(gateway, 'keys'), PASSPHRASE)).signer('signing')).resolves.toBeDefined();

    const again = new Terminal('statement', '--renew', '--gateway', gateway);
    await again.type('passphrase of the keys', 'mistyped\r');
    expect(await again.exit()).toBe(2);
    expect(again.shown).toContain('PASSPHRASE_WRONG');
    expect(again.shown).not.toContain('mistyped');
  });

  it.for<[string, string[], string]>([
    ['differs the second time', ['typed1\r', 'typed2\r'], 'differ'],
    ['is broken off with Ctrl-C', ['typed\u0003'], 'broken off'],
    ['is broken off with Ctrl-D', ['\u0004'], 'broken off'],
    ['is empty', ['\r', '\r'], 'empty'],
  ])('nothing is made when what is typed %s', async ([, [first, second], words], { skip }) => {
    if (noTerminal) skip(noTerminal);
    const gateway = join(folder, `not made ${words}`);
    const terminal = new Terminal('init', gateway, ...REGION);
    await terminal.type('new passphrase', first!);
    if (second) await terminal.type('the same again', second);
    expect(await terminal.exit()).toBe(2);
    expect(terminal.shown).toContain(words);
    expect(terminal.shown).not.toContain('typed');
    await expect(access(gateway)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('without a terminal', () => {
  it('nobody is asked, and the error says what to do', async () => {
    await expect(passphraseOf(undefined, {}, { passphrase: undefined })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/--passphrase-file.*TONGBAN_PASSPHRASE/),
    });
  });
});

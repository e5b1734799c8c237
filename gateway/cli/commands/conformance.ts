import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type Cli, type CommonOptions, type ExitCode, handle } from '../command.ts';
import { configIn } from '../gateway-folder.ts';
import { type PassphraseOptions, passphraseOption } from '../options.ts';

interface RunOptions extends CommonOptions, PassphraseOptions {
  readonly as: string;
  readonly target: string;
  readonly plan: string;
  readonly report: string;
}

/** The runner is a program of its own: it judges gateways, so it shares no code with them. */
const RUNNER = fileURLToPath(new URL('../../../conformance/main.ts', import.meta.url));

/** `tongban conformance`: drives a peer over the wire and judges its answers. */
export function define(command: Command, cli: Cli): void {
  const run = command.command('run').description('对一个对端执行测试计划 / run a plan against a peer');
  run
    .requiredOption('--as <dir>', '以此地区的名义(对端已登记并授权) / folder of the region in whose name it speaks')
    .requiredOption('--target <statement>', '被测地区声明 / statement of the peer under test')
    .option('--plan <name>', '测试计划 / plan', 'core')
    .requiredOption('--report <dir>', '报告目录 / folder of the report');
  handle<RunOptions>(passphraseOption(run), cli, async ({ as, target, plan, report, json, passphraseFile }) => {
    const args = ['--as', as, '--target', target, '--plan', plan, '--report', report];
    const file = passphraseFile ?? (await configIn(as)).keys.passphraseFile;
    if (file !== undefined) args.push('--passphrase-file', resolve(file));
    return { exit: await spawnRunner(['run', ...args, ...(json ? ['--json'] : [])]) };
  });
}

function spawnRunner(args: readonly string[]): Promise<ExitCode> {
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, [RUNNER, ...args], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => settle(code === 0 || code === 2 || code === 3 ? code : 1));
  });
}

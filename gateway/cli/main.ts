#!/usr/bin/env node
// The only place of the CLI that looks at the process: arguments, environment, time, terminal and standard input.
import { text } from 'node:stream/consumers';

const REQUIRED_MAJOR = 26;

if (Number(process.versions.node.split('.')[0]) < REQUIRED_MAJOR) {
  process.stderr.write(
    `需要 Node ${REQUIRED_MAJOR} 或更高版本,当前为 ${process.versions.node};请在 npm ci 之后用 npx tongban 启动。\n` +
      `Tongban needs Node ${REQUIRED_MAJOR} or later and this is ${process.versions.node}; ` +
      'start it with npx tongban after npm ci, which brings the right one.\n',
  );
  process.exitCode = 2;
} else {
  // A reader such as `head` may close the pipe before everything is written.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { runCli } = await import('./program.ts');
  const { askHidden } = await import('./hidden-prompt.ts');
  process.exitCode = await runCli(process.argv.slice(2), {
    clock: { now: Date.now },
    passphrase: process.env['TONGBAN_PASSPHRASE'],
    askHidden: process.stdin.isTTY ? (question) => askHidden(question, process.stdin, process.stderr) : undefined,
    environment: process.env,
    stdin: () => text(process.stdin),
  });
}

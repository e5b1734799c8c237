// The only place of the runner that looks at the process: arguments, environment and time.
import { runCommand } from './command.ts';

// A reader such as `head` may close the pipe before everything is written.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCommand(process.argv.slice(2), {
  now: Date.now,
  passphrase: process.env['TONGBAN_PASSPHRASE'],
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});

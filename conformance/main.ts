// The only place of the runner that looks at the process: arguments, environment and time.
import { runCommand } from './command.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  now: Date.now,
  passphrase: process.env['TONGBAN_PASSPHRASE'],
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});

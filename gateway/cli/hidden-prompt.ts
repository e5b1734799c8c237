import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CodedError } from '#proto';

/**
 * Asks on a terminal for something that nobody may see: what is typed is not shown, and kept nowhere.
 *
 * @param input the terminal, which is switched to raw mode meanwhile: it shows nothing by itself
 * @param output where the question goes; the standard error output, since the other may be read by a program
 * @throws CodedError CONFIG_INVALID when the question is broken off (Ctrl-C, Ctrl-D)
 */
export function askHidden(question: string, input: NodeJS.ReadableStream, output: Writable): Promise<string> {
  // The library edits the line, takes deletions and pasted text; what it would show for that goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  output.write(question);
  return new Promise((resolve, reject) => {
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => {
      output.write('\n');
      // After an answer this comes too late to matter.
      reject(new CodedError('CONFIG_INVALID', 'the question for the passphrase was broken off'));
    });
    lines.question('', (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}

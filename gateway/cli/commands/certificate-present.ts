import type { Command } from 'commander';
import { CodedError } from '#proto';
import { type Cli, type CommonOptions, handle } from '../command.ts';
import { type PassphraseOptions, passphraseOption } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';

interface PresentOptions extends CommonOptions, PassphraseOptions {
  readonly field?: string[];
  readonly nonce?: string;
  readonly audience?: string;
  readonly key?: string;
  readonly paper?: boolean;
  readonly out: string;
}

/** `present`: a certificate with fewer fields, made offline, with the proof of its holder if a verifier wants one. */
export function definePresent(command: Command, cli: Cli): void {
  const present = command.command('present').description('离线制作出示件,只含所选字段 / show only some fields of one');
  present
    .argument('<file>', "证照文件或其 PDF,'-' 为标准输入 / certificate or its PDF, '-' for the standard input")
    .option('--field <name...>', '出示的字段 / fields to show, such as certificate_holder_name')
    .option('--nonce <text>', '核验方给的随机数 / nonce that the verifier gave')
    .option('--audience <text>', '核验方名称 / who verifies')
    .option('--key <file>', '持证人私钥(PEM 或 JWK) / private key of the holder')
    .option('--paper', '写成离线核验码的二维码文本 / write it as the text of a QR code')
    .requiredOption('--out <file>', '存为 / save as');
  handle<PresentOptions>(passphraseOption(present), cli, async (options, file) => {
    const { field: fields = [], nonce, audience, key, paper = false, out } = options;
    const given = [nonce, audience, key].filter((one) => one !== undefined);
    if (given.length % 3 !== 0) throw new CodedError('VALIDATION_FAILED', '--nonce, --audience and --key go together');
    const [{ readPresented }, { presentFile }] = await Promise.all([
      import('../certificate/presented.ts'),
      import('../certificate/present.ts'),
    ]);
    return presentFile(await readPresented({ file }, cli.stdin), {
      fields,
      binding: key === undefined ? undefined : { nonce: nonce!, audience: audience!, key },
      paper,
      out,
      passphrase: () => passphraseOf({ keys: { passphraseFile: undefined } }, options, cli),
      now: cli.clock.now(),
    });
  });
}
